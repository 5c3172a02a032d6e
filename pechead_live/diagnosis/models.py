"""Model files of others: where each was found. Nothing is downloaded here."""

from pechead_live.assets import ASSETS, CACHE, find_asset
from pechead_live.diagnosis.finding import Finding
from pechead_live.errors import MissingAssetError

NEEDED = ("face_landmarker",)
"""Without these `run` cannot track; the others are for preparing avatars."""


def check_models() -> list[Finding]:
    """One finding per model file."""
    findings: list[Finding] = []
    for name, asset in ASSETS.items():
        try:
            path = find_asset(name, download=False)
        except MissingAssetError:
            findings.append(
                Finding(
                    group="model",
                    name=asset.file,
                    verdict="missing" if name in NEEDED else "optional",
                    detail=f"neither in {CACHE} nor in an installed package",
                    advice=f"fetch {asset.url} and put it at {CACHE / asset.file}; with a network "
                    "the first use does so itself",
                )
            )
        else:
            megabytes = path.stat().st_size / 1e6
            findings.append(
                Finding(
                    group="model",
                    name=asset.file,
                    verdict="good",
                    detail=f"{path} ({megabytes:.1f} MB)",
                )
            )
    return findings
