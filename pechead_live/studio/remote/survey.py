"""What a server has to offer, looked at before anything is opened on this machine."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pechead_live.errors import InputError
from pechead_live.studio.remote.client import StudioClient
from pechead_live.studio.remote.link import Link

VERSION = 1
"""Of the API that is spoken here."""


class Survey(NamedTuple):
    """One server's offer."""

    options: dict[str, Any]
    """`options` of the API."""
    avatars: list[dict[str, Any]]
    """AVATARs of the API."""


async def survey(link: Link) -> Survey:
    """Raises `InputError` if it is of another version, and what `StudioClient.ask` raises."""
    async with StudioClient(link) as client:
        about = await client.ask("GET", "")
        if about.get("version") != VERSION:
            raise InputError(
                f"{link.place} speaks version {about.get('version')} of the studio's API and this "
                f"program version {VERSION}: install the same release on both"
            )
        options = await client.ask("GET", "/options")
        avatars = await client.ask("GET", "/avatars")
    return Survey(options, avatars["avatars"])


def avatar_id(found: Survey, wanted: str | None) -> str:
    """Id of the avatar that ``wanted`` names, by id or name; the first for None."""
    if not found.avatars:
        raise InputError("the server has no avatar: add a portrait on its page first")
    if wanted is None:
        return found.avatars[0]["id"]
    fitting = [one for one in found.avatars if one["id"] == wanted]
    fitting = fitting or [
        one for one in found.avatars if one["name"].casefold() == wanted.casefold()
    ]
    if len(fitting) > 1:
        ids = ", ".join(one["id"] for one in fitting)
        raise InputError(f"the server has {len(fitting)} avatars {wanted!r}: give the id, {ids}")
    if not fitting:
        names = ", ".join(one["name"] for one in found.avatars)
        raise InputError(f"the server has no avatar {wanted!r}: use one of {names}")
    return fitting[0]["id"]


def check_choices(found: Survey, controls: Mapping[str, Any]) -> None:
    """`InputError` if the server does not have the model or the size of ``controls``."""
    names = {
        "model": [one["name"] for one in found.options["models"]],
        "size": list(found.options["sizes"]),
    }
    for name, there in names.items():
        if controls[name] not in there:
            raise InputError(
                f"the server has no {name} {controls[name]!r}: use one of {', '.join(there)}"
            )
