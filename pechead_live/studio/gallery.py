"""The gallery: avatars to choose from. Those in the user's folder, and those given at the start."""

import logging
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import platformdirs

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar, save_avatar
from pechead_live.destination import make_folder
from pechead_live.errors import InputError
from pechead_live.samples import sample
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.still import still_jpeg

logger = logging.getLogger(__name__)

GALLERY = Path(platformdirs.user_data_dir("pechead-live")) / "avatars"
"""Where avatars that are made in the studio are kept; a file put here by hand is found as well."""

SUFFIX = ".avatar"

MOST_AVATARS = 500
"""In the folder, about 100 MB; a full gallery takes no more."""

OPENED, STILLS = 4, 64
"""Avatars (some MB each) and stills (some KB) that are kept in memory."""

_ID = re.compile(r"[0-9a-f]{32}")


class Entry(NamedTuple):
    """One avatar to choose."""

    id: str
    """First 32 hexadecimal digits of the avatar's digest."""

    name: str
    consent: str
    created: str
    """ISO 8601, UTC."""


class _Found(NamedTuple):
    entry: Entry
    path: Path
    own: bool
    """True in the user's folder: it may be deleted."""


_Stamp = tuple[str, int, int]
"""Path, time of the last change in ns, bytes: another stamp is another content."""


class Gallery:
    """Avatars by id; every method may be called from any thread, and may read files."""

    def __init__(self, folder: Path = GALLERY, given: Sequence[Path] = ()) -> None:
        """``folder`` need not exist yet. ``given``: avatar files that are offered too, before the
        others, and never changed; raises `InputError` if one cannot be read."""
        self._folder = folder
        self._lock = threading.RLock()
        self._read: dict[_Stamp, Entry | None] = {}
        self._opened: OrderedDict[_Stamp, Avatar] = OrderedDict()
        self._stills: OrderedDict[str, bytes] = OrderedDict()
        self._given = [_Found(_entry(open_avatar(path)), path, own=False) for path in given]
        bundled = sample("astronaut.avatar")
        self._bundled = _Found(_entry(open_avatar(bundled)), bundled, own=False)

    def entries(self) -> list[Entry]:
        """The given ones, then the folder's, newest first; the bundled one if there is no other."""
        with self._lock:
            found = {one.entry.id: one.entry for one in reversed(self._found())}
            return list(reversed(found.values())) or [self._bundled.entry]

    def open(self, avatar_id: str) -> Avatar:
        """The avatar of that id. `ApiRefusal` (unknown_avatar) if there is none."""
        with self._lock:
            return self._open(self._find(avatar_id).path)

    def still(self, avatar_id: str) -> bytes:
        """Its portrait as `still_jpeg`. Raises as `open`."""
        with self._lock:
            path = self._find(avatar_id).path
            if avatar_id not in self._stills:
                self._stills[avatar_id] = still_jpeg(self._open(path))
                if len(self._stills) > STILLS:
                    self._stills.popitem(last=False)
            return self._stills[avatar_id]

    def add(self, avatar: Avatar) -> Entry:
        """Saves ``avatar`` under its id, in place of one of the same portrait.

        What a network had learned of that portrait stays. Raises `ApiRefusal` (gallery_full) and
        `OutputError`.
        """
        entry = _entry(avatar)
        with self._lock:
            own = [one for one in self._found() if one.own]
            same = [one for one in own if one.entry.id == entry.id]
            if not same and len(own) >= MOST_AVATARS:
                raise ApiRefusal(
                    409,
                    "gallery_full",
                    f"the gallery holds {MOST_AVATARS} avatars: delete one first",
                )
            if same and avatar.personal is None:
                avatar = replace(avatar, personal=self._open(same[0].path).personal)
            make_folder(self._folder)
            save_avatar(avatar, self._folder / f"{entry.id}{SUFFIX}")
            return entry

    def delete(self, avatar_id: str) -> None:
        """Deletes its file. `ApiRefusal` for one that is only read, or unknown."""
        with self._lock:
            self._find(avatar_id)
            same = [one for one in self._found() if one.own and one.entry.id == avatar_id]
            if not same:
                raise ApiRefusal(
                    405,
                    "bad_method",
                    "this avatar came with the program or its command line and is only read",
                    {"Allow": ""},
                )
            for one in same:
                one.path.unlink(missing_ok=True)
            self._stills.pop(avatar_id, None)

    def _find(self, avatar_id: str) -> _Found:
        if _ID.fullmatch(avatar_id):
            for one in (*self._found(), self._bundled):
                if one.entry.id == avatar_id:
                    return one
        raise ApiRefusal(
            404, "unknown_avatar", "there is no such avatar: GET /api/v1/avatars lists them"
        )

    def _open(self, path: Path) -> Avatar:
        stamp = _stamp(path)
        avatar = self._opened.pop(stamp, None) or open_avatar(path)
        self._opened[stamp] = avatar  # now the one used last
        if len(self._opened) > OPENED:
            self._opened.popitem(last=False)
        return avatar

    def _found(self) -> list[_Found]:
        """The given ones, then those of the folder, newest first; a changed file is read again."""
        read: dict[_Stamp, Entry | None] = {}
        found: list[_Found] = []
        for path in _files(self._folder):
            try:
                stamp = _stamp(path)
                entry = self._read[stamp] if stamp in self._read else _entry(open_avatar(path))
            except (InputError, OSError) as error:
                logger.warning("left out of the gallery: %s", error)
                entry, stamp = None, _stamp_or_none(path)
            if stamp is not None:
                read[stamp] = entry
            if entry is not None:
                found.append(_Found(entry, path, own=True))
        self._read = read
        return [*self._given, *sorted(found, key=lambda one: one.entry.created, reverse=True)]


def _entry(avatar: Avatar) -> Entry:
    return Entry(avatar.digest[:32], avatar.name, avatar.consent, avatar.created)


def _files(folder: Path) -> list[Path]:
    """The folder's avatar files; none if it cannot be read. Hidden ones are half written."""
    try:
        with os.scandir(folder) as listing:
            names = sorted(
                one.name
                for one in listing
                if one.name.endswith(SUFFIX) and not one.name.startswith(".") and one.is_file()
            )
    except FileNotFoundError:
        return []
    except OSError as error:
        logger.warning("the gallery %s cannot be read: %s", folder, error)
        return []
    return [folder / name for name in names]


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size


def _stamp_or_none(path: Path) -> _Stamp | None:
    try:
        return _stamp(path)
    except OSError:
        return None
