"""A session's actor: ordered from Ray, built, stopped."""

import logging
from typing import Any, NamedTuple

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from pechead_live.errors import DeviceError, PecheadError
from pechead_live.frame import Pixels
from pechead_live.studio.cluster.actor import PROGRAM, FactoryOf, RendererActor
from pechead_live.studio.cluster.config import ClusterConfig

logger = logging.getLogger(__name__)


class Order(NamedTuple):
    """What an actor shall draw with."""

    factory_of: FactoryOf
    """A function of a module, for Ray to send by name."""
    model: str
    engine: str | None
    background: Pixels | None
    avatar: bytes
    """The content of an avatar file."""
    width: int
    height: int


def place(order: Order, config: ClusterConfig) -> Any:
    """The handle of a new actor, which waits for its place; returns at once."""
    kind: Any = ray.remote(RendererActor)
    placed = kind.options(
        num_cpus=config.cpus, num_gpus=config.gpus, max_restarts=0, max_task_retries=0
    )
    return placed.remote(order.factory_of)


def build(actor: Any, order: Order, config: ClusterConfig) -> str | None:
    """Waits until ``actor`` has drawn its first picture; what runs its model.

    Raises `PecheadError` of the actor's own, `DeviceError` if there is no place for it.
    """
    try:
        return ray.get(actor.build.remote(PROGRAM, *order[1:]), timeout=config.start_s)
    except GetTimeoutError as error:
        raise DeviceError(
            f"Ray had no renderer with {config.cpus:g} CPUs and {config.gpus:g} GPUs ready in "
            f"{config.start_s:g} s: add a node, end a session or ask for less with --ray-cpus "
            "and --ray-gpus"
        ) from error
    except RayTaskError as error:
        raise reason_of(error) from error
    except RayError as error:
        raise DeviceError(
            f"the renderer's process has ended while it started ({str(error).splitlines()[-1]}): "
            "see Ray's log of its node"
        ) from error


def stop(actor: Any) -> None:
    """Ends ``actor`` and frees its place; nothing if it has ended."""
    try:
        ray.kill(actor, no_restart=True)
    except Exception:
        logger.exception("a renderer's process could not be ended")


def reason_of(error: RayTaskError) -> Exception:
    """What an actor raised, without Ray's traceback if it is for people."""
    cause = error.cause
    if isinstance(cause, PecheadError):
        return type(cause)(str(cause))
    return DeviceError(f"a renderer on Ray failed ({first_line(cause)}): see the log")


def first_line(error: BaseException) -> str:
    """Ray's messages run over a page."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
