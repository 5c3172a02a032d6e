"""The server's token: made, presented by a client, compared."""

import hmac
import re
import secrets
from typing import NamedTuple

from aiohttp import web

from pechead_live.errors import InputError

COOKIE = "pechead_studio"
"""Holds the token after the printed link was opened."""

_SHAPE = re.compile(r"[A-Za-z0-9_~.-]{16,128}")
"""Safe in a link, a header and a cookie; 16 characters are 96 bits if they are random."""


class Presented(NamedTuple):
    """A token that came with a request."""

    token: str
    place: str
    """"header", "link" or "cookie"."""


def new_token() -> str:
    """256 random bits as 43 characters that are safe in a link."""
    return secrets.token_urlsafe(32)


def check_token(token: str) -> None:
    """`InputError` unless ``token`` can serve as one."""
    if not _SHAPE.fullmatch(token):
        raise InputError(
            f"the token has {len(token)} characters: give 16 to 128 letters, digits, '-', '_', '.' "
            "or '~', or leave it out and one is made"
        )


def presented(request: web.Request) -> Presented | None:
    """The token of ``request``: in its Authorization, else in its link, else in its cookie."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and given.strip():
        return Presented(given.strip(), "header")
    if request.path == "/" and request.method == "GET" and "token" in request.query:
        return Presented(request.query["token"], "link")
    cookie = request.cookies.get(COOKIE)
    return None if cookie is None else Presented(cookie, "cookie")


def same(given: str, token: str) -> bool:
    """True if both are one, in a time that does not tell how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "backslashreplace"), token.encode())


def welcome(request: web.Request, token: str) -> web.Response:
    """To whoever opened the link: the cookie, and on to the page without the token in its address.

    A browser that follows the link from another site's page does not send a strict cookie after
    our redirect, as it counts that as the other site's doing; so there a page of ours loads the
    next.
    """
    if request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        answer = web.Response(status=303, headers={"Location": "/"})
    else:
        text = '<!doctype html><meta http-equiv="refresh" content="0; url=/"><a href="/">Studio</a>'
        answer = web.Response(text=text, content_type="text/html")
    answer.set_cookie(
        COOKIE, token, httponly=True, samesite="Strict", secure=request.secure, path="/"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def forgotten() -> str:
    """The Set-Cookie header by which a browser forgets a token that is no longer right."""
    return f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"
