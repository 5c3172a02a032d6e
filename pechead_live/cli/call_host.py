"""The server of a call: who may come, and by which link."""

import argparse
import asyncio
import secrets
import socket
import ssl
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pechead_live.cli.call_options import LINES
from pechead_live.cli.interrupt import stop_on_signals
from pechead_live.cli.listening import LOCAL, ice_server, link_of, listen
from pechead_live.errors import InputError

if TYPE_CHECKING:
    from pechead_live.calling.host import HostConfig
    from pechead_live.studio.gate import GateConfig


class House(NamedTuple):
    """What a host's server is made of."""

    gate: "GateConfig"
    config: "HostConfig"
    listening: socket.socket
    tls: ssl.SSLContext | None


def house_of(arguments: argparse.Namespace) -> House:
    """Listens, and prints the link."""
    house, link = _opened(arguments)
    print(f"the call is at {link}", flush=True)
    _warn(house)
    return house


def host_in_browser(arguments: argparse.Namespace) -> int:
    """Serves two pages, the user's own and the guest's, until Ctrl-C."""
    from pechead_live.calling.host import keep_relaying

    key, stop = secrets.token_urlsafe(16), threading.Event()
    house, link = _opened(arguments)
    own = link
    if house.tls is None:  # a browser gives its camera to this machine's own address only
        own = f"http://localhost:{house.listening.getsockname()[1]}/?token={house.gate.token}"
    own = f"{own}#host={key}"
    print(f"your own page is at {own}", flush=True)
    print(f"the call is at {link}", flush=True)
    _warn(house)
    print("Ctrl-C ends it", flush=True)
    if arguments.seconds is None:
        webbrowser.open(own)
    else:
        timer = threading.Timer(arguments.seconds, stop.set)
        timer.daemon = True
        timer.start()
    with stop_on_signals(stop):
        asyncio.run(keep_relaying(key, *house, stop))
    return 0


def own_address() -> str:
    """By which other machines of the network reach this one, as far as can be told."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # for documentation (RFC 5737): nothing is sent
            return str(probe.getsockname()[0])
        except OSError:  # no way to other networks
            import ifaddr

            addresses = (ip.ip for card in ifaddr.get_adapters() for ip in card.ips if ip.is_IPv4)
            return next((str(a) for a in addresses if a not in LOCAL), LOCAL[0])


def _opened(arguments: argparse.Namespace) -> tuple[House, str]:
    from pechead_live.calling.host import HostConfig
    from pechead_live.studio.access_token import check_token, new_token
    from pechead_live.studio.gate import GateConfig
    from pechead_live.studio.tls import ssl_context

    if arguments.key is not None and arguments.certificate is None:
        raise InputError(f"a key {arguments.key} without its certificate: give --certificate")
    token: str = arguments.token or new_token()
    check_token(token)
    if arguments.host == "0.0.0.0" and not arguments.name:
        arguments.name = [own_address()]
    hosts = {*LOCAL, arguments.host.lower(), socket.gethostname().lower()}
    hosts |= {name.lower() for name in arguments.name}
    certificate: Path | None = arguments.certificate
    config = HostConfig(
        ice_servers=tuple(ice_server(text) for text in arguments.ice_servers),
        landmarker=arguments.landmarker,
        quality_px=arguments.quality or LINES[arguments.line].quality_px,
    )
    house = House(
        GateConfig(hosts=frozenset(hosts), token=token),
        config,
        listen(arguments.host, arguments.port),
        None if certificate is None else ssl_context(certificate, arguments.key),
    )
    return house, link_of(arguments, house.listening.getsockname()[1], token)


def _warn(house: House) -> None:
    print("whoever has this link can come: send it to one person", flush=True)
    if house.tls is None:
        print(
            "without TLS the link's secret can be read on the way, and a browser elsewhere gives "
            "no camera: give --certificate, or put a proxy with TLS before it and name it with "
            "--name",
            flush=True,
        )
