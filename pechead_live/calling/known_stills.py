"""Stills that came once, by their digest: a second call with the same avatar sends none."""

import logging
import os
from pathlib import Path

import platformdirs

from pechead_live.avatar.still import MOST_BYTES, digest_of
from pechead_live.errors import OutputError
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

FOLDER = Path(platformdirs.user_cache_dir("pechead-live")) / "stills"

MOST = 200
"""Files that are kept; those that were used longest ago go."""


class KnownStills:
    """A folder of them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def find(self, digest: str) -> bytes | None:
        """The still of this digest, if it is here and whole."""
        path = self._folder / f"{digest}.still"
        try:
            if not 0 < path.stat().st_size <= MOST_BYTES:
                return None
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return content if digest_of(content) == digest else None

    def keep(self, content: bytes) -> None:
        """Writes it; a folder that cannot be written to is no reason to end a call."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / f"{digest_of(content)}.still", content)
            by_age = sorted(self._folder.glob("*.still"), key=lambda path: path.stat().st_mtime)
            for path in by_age[:-MOST]:
                path.unlink(missing_ok=True)
        except (OSError, OutputError) as error:
            logger.info("a still is not kept: %s", error)
