"""The link that a server prints, taken apart."""

from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from pechead_live.errors import InputError
from pechead_live.studio.access_token import check_token

SHAPE = (
    "http://HOST:PORT/ or https://HOST:PORT/?token=TOKEN, as 'pechead-live serve' and "
    "'pechead-live call host' print it"
)


class Link(NamedTuple):
    """Where a server is and what it wants to see."""

    place: str
    """Such as "https://host:8765", without a slash at its end; fit to be shown."""
    token: str | None
    """Its secret; None if it has none."""

    @property
    def encrypted(self) -> bool:
        """Whether nobody on the way can read the token."""
        return self.place.startswith("https:")


def link_from(text: str) -> Link:
    """Raises `InputError`, which does not repeat the token."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"the server's link cannot be read ({error}): give {SHAPE}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise InputError(f"the server's link names no http or https address: give {SHAPE}")
    if parts.path not in ("", "/") or parts.username is not None:
        raise InputError(f"the server's link holds more than host, port and token: give {SHAPE}")
    tokens = parse_qs(parts.query).get("token", [])
    for token in tokens:
        check_token(token)
    host = f"[{host}]" if ":" in host else host
    place = f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")
    return Link(place, tokens[0] if tokens else None)
