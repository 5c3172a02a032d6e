"""`RemoteRenderer`: a renderer whose work and memory are in an actor of Ray's.

An actor that is lost, or answers too late, is replaced by a new one in a thread; until that has
drawn its first picture every `render` fails at once, and the live loop shows its last good picture.
"""

import itertools
import logging
import threading
from functools import partial
from typing import Any, Literal, NamedTuple

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import encode_avatar
from pechead_live.clock import monotonic
from pechead_live.coefficients import Coefficients
from pechead_live.errors import DeviceError
from pechead_live.frame import Picture, Pixels
from pechead_live.studio.cluster.actor import FactoryOf
from pechead_live.studio.cluster.config import ClusterConfig
from pechead_live.studio.cluster.placing import Order, build, first_line, place, reason_of, stop
from pechead_live.studio.cluster.wire import packed
from pechead_live.studio.prepared import Factory

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 8.0
"""Between two attempts to start an actor: twice as long each time."""


class RemoteState(NamedTuple):
    """Names the memory, which stays in the actor; a lost one begins anew under the same name."""

    generation: int


class RemoteRenderer:
    """Draws for one session. `render` is for one thread, the rest for any."""

    def __init__(self, order: Order, config: ClusterConfig) -> None:
        """Waits until an actor has drawn its first picture; raises as `placing.build`."""
        self._order, self._config = order, config
        self._generations = itertools.count()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._phase: Literal["drawing", "restarting", "closed"] = "drawing"
        self._actor = place(order, config)
        try:
            self._provider = build(self._actor, order, config)
        except BaseException:
            stop(self._actor)
            raise

    @property
    def provider(self) -> str | None:
        """What really runs the network, None if there is none."""
        return self._provider

    @property
    def restarting(self) -> bool:
        """Whether the actor is lost and another one is on its way."""
        return self._phase == "restarting"

    def initial_state(self) -> RemoteState:
        """The name of a memory that is empty."""
        return RemoteState(next(self._generations))

    def render(self, coefficients: Coefficients, state: RemoteState) -> tuple[Picture, RemoteState]:
        """As the renderer within; takes `ClusterConfig.call_s` at most.

        The pixels may be read only. Raises `DeviceError` while there is no actor, and what the
        renderer within raises.
        """
        if self._phase != "drawing":
            raise DeviceError(f"the renderer on Ray is {self._phase}: there is no new picture")
        actor = self._actor
        try:
            asked = actor.render.remote(packed(coefficients), state.generation)
            pixels: Pixels = ray.get(asked, timeout=self._config.call_s)
        except RayTaskError as error:
            raise reason_of(error) from error
        except RayError as error:
            late = isinstance(error, GetTimeoutError)
            why = f"no picture in {self._config.call_s:g} s" if late else first_line(error)
            self._lose(actor, why)
            raise DeviceError(
                f"the renderer on Ray is lost ({why}): another one is started"
            ) from error
        return Picture(pixels=pixels, captured_at=coefficients.captured_at), state

    def close(self) -> None:
        """Ends the actor; calling it twice does no harm."""
        with self._lock:
            if self._phase == "closed":
                return
            self._phase = "closed"
            self._closing.set()
        stop(self._actor)

    def _lose(self, actor: Any, why: str) -> None:
        with self._lock:
            if self._phase != "drawing" or self._actor is not actor:
                return
            self._phase = "restarting"
        logger.error("a renderer on Ray is lost, another one is started: %s", why)
        threading.Thread(target=self._start_again, name="restart", daemon=True).start()

    def _start_again(self) -> None:
        """Until an actor draws or nobody wants it any more."""
        began, pause = monotonic(), FIRST_PAUSE_S
        while True:
            stop(self._actor)
            with self._lock:
                if self._phase == "closed":
                    return
                self._actor = place(self._order, self._config)
            try:
                self._provider = build(self._actor, self._order, self._config)
            except Exception:
                if self._closing.is_set():
                    return
                logger.exception("a renderer on Ray could not be started, next in %.1f s", pause)
            else:
                with self._lock:
                    if self._phase == "restarting":
                        self._phase = "drawing"
                logger.info("a renderer on Ray draws again after %.1f s", monotonic() - began)
                return
            if self._closing.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE_S)


def remote_factory_of(config: ClusterConfig, factory_of: FactoryOf) -> FactoryOf:
    """Like ``factory_of``, a function of a module, but for renderers that Ray places."""
    return partial(_remote_factory, config, factory_of)


def _remote_factory(
    config: ClusterConfig,
    factory_of: FactoryOf,
    model: str,
    engine: str | None,
    background: Pixels | None,
) -> Factory:
    def made(avatar: Avatar, width: int, height: int) -> RemoteRenderer:
        content = encode_avatar(avatar)
        order = Order(factory_of, model, engine, background, content, width, height)
        return RemoteRenderer(order, config)

    return made
