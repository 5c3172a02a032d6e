"""The cluster of this process: a small one of its own, or one that runs already."""

import logging
import os
import secrets
import socket
from collections.abc import Generator
from contextlib import contextmanager
from math import ceil
from typing import Any

from pechead_live.errors import DeviceError, InputError, MissingDependencyError
from pechead_live.studio.cluster.config import AUTO, LOCAL, ClusterConfig

logger = logging.getLogger(__name__)

STORE_BYTES = 256 * 2**20
"""Shared memory of a cluster of our own; a picture of 1280 x 720 has 2.8 MB and lives 0.1 s."""


REACHED_S = 5.0
"""The head of a cluster answers after this long, or it is not there."""


@contextmanager
def joined(
    config: ClusterConfig, *, renderers: int, store_bytes: int = STORE_BYTES
) -> Generator[None]:
    """Ray is there for this process, and left or ended afterwards.

    ``renderers``: what a cluster of our own has places for, however many cores there are; the
    sessions are bounded, and one that changes its renderer has two for a moment. Raises
    `DeviceError` if there is no such cluster, `MissingDependencyError` without ray.
    """
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a late call must not start a cluster
    settings: dict[str, Any] = {}
    if config.address == LOCAL:
        _keep_to_ourselves()
        settings = {
            "num_cpus": max(1, ceil(renderers * config.cpus)),
            "object_store_memory": store_bytes,
            "include_dashboard": False,
        }
    else:
        _check_reached(config.address)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "--ray needs ray, which is not installed: run pip install 'pechead-live[ray]'"
        ) from error
    try:
        ray.init(
            address=config.address,
            namespace="pechead-live",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **settings,
        )
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, OSError) as error:
        raise DeviceError(_advice(config.address, error)) from error
    logger.info("renderers are placed by Ray, which has %s", ray.cluster_resources())
    try:
        yield
    finally:
        ray.shutdown()


def _check_reached(address: str) -> None:
    """Ray itself would try for many minutes. Raises `DeviceError`."""
    host, colon, port = address.rpartition(":")
    if not colon:
        if address != AUTO:
            raise InputError(f"{address!r} is no address of Ray: give local, auto or HOST:PORT")
        return
    try:
        socket.create_connection((host.rpartition("/")[2], int(port)), timeout=REACHED_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise DeviceError(_advice(address, error)) from error


def _keep_to_ourselves() -> None:
    """Ray tells nobody about us, and takes nobody without a token, as its ports are open to the
    network: since 2.59 a cluster of one's own asks for one, and this one is written nowhere."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _advice(address: str, error: BaseException) -> str:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if address == LOCAL:
        return f"Ray could not be started on this machine ({text}): leave out --ray"
    return (
        f"there is no Ray cluster at {address!r} ({text}): make this machine one of its nodes with "
        "'ray start --address=HEAD:6379', or give --ray local"
    )
