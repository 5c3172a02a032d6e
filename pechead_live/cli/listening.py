"""The options of commands that listen for browsers and programs, and what comes of them."""

import argparse
import socket
from pathlib import Path
from typing import Any

from pechead_live.errors import InputError, OutputError

LOCAL = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine reaches."""

PORT = 8765


def add_server_arguments(parser: argparse.ArgumentParser) -> Any:
    """Where to listen and who may come; returns the group."""
    group = parser.add_argument_group("server")
    group.add_argument(
        "--host",
        default=LOCAL[0],
        help="address to listen on; any but this machine's own needs a token (default: "
        "%(default)s)",
    )
    group.add_argument(
        "--port", type=int, default=PORT, help="0 takes a free one (default: %(default)s)"
    )
    group.add_argument(
        "--token", help="what a visitor must present (default: a new one where one is needed)"
    )
    group.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name that browsers reach this server by, such as avatar.example.org; may be "
        "repeated",
    )
    group.add_argument("--certificate", type=Path, metavar="PEM", help="serve over TLS")
    group.add_argument("--key", type=Path, metavar="PEM", help="of --certificate")
    group.add_argument(
        "--ice-server",
        action="append",
        default=[],
        dest="ice_servers",
        metavar="URL",
        help="such as stun:host:3478 or turn:USER:PASSWORD@host:3478; may be repeated",
    )
    return group


def ice_server(text: str) -> dict[str, Any]:
    """``turn:USER:PASSWORD@HOST:PORT`` as a browser's `RTCIceServer`."""
    scheme, colon, rest = text.partition(":")
    if scheme not in ("stun", "stuns", "turn", "turns") or not colon or not rest:
        raise InputError(f"{text!r} is no ICE server: give such as stun:host:3478")
    login, at, place = rest.rpartition("@")
    if not at:
        return {"urls": f"{scheme}:{place}"}
    username, _, credential = login.partition(":")
    return {"urls": f"{scheme}:{place}", "username": username, "credential": credential}


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OutputError`."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise OutputError(
            f"cannot listen on {host}, port {port} ({error}): choose another with --port"
        ) from error


def link_of(arguments: argparse.Namespace, port: int, token: str | None) -> str:
    """What a visitor opens, with the secret if there is one."""
    host = arguments.name[0] if arguments.name else arguments.host
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    host = f"[{host}]" if ":" in host else host
    scheme = "http" if arguments.certificate is None else "https"
    return f"{scheme}://{host}:{port}/" + ("" if token is None else f"?token={token}")
