"""`Method`: what is compared, a name and how to make its renderer; and how it draws."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import Coefficients
from pechead_live.evaluation.subject import Subject
from pechead_live.footage.square import SIDE
from pechead_live.frame import Frame, Picture, Pixels
from pechead_live.protocols import Renderer
from pechead_live.renderer.analytic import AnalyticRenderer

State = TypeVar("State")


@runtime_checkable
class PictureDriven(Protocol[State]):
    """A renderer that watches the driver's pictures instead of coefficients (FOMM and its kin)."""

    def initial_state(self) -> State:
        """The state before the first picture."""
        ...

    def render_frame(self, frame: Frame, state: State) -> tuple[Picture, State]:
        """Draws the avatar as ``frame``, (256, 256, 3) of the driver, shows it."""
        ...


AnyRenderer = Renderer[Any] | PictureDriven[Any]

Factory = Callable[[Avatar, int, int], AnyRenderer]
"""Avatar, width and height in pixels to what draws it; it goes to other processes by its name, so
it is a function of a module, or a `functools.partial` of one."""


class Method(NamedTuple):
    """One row of a table."""

    name: str
    """What the row is called."""

    factory: Factory | None
    """None: the portrait itself, unmoved."""

    checkpoint: str = ""
    """SHA-256 of the weights' file, hexadecimal; empty without weights."""


def analytic(avatar: Avatar, width: int, height: int) -> AnalyticRenderer:
    """The renderer without weights."""
    return AnalyticRenderer(avatar, width, height)


COPY_SOURCE = Method("copy-source", None)
ANALYTIC = Method("analytic", analytic)
BUILT_IN = {method.name: method for method in (COPY_SOURCE, ANALYTIC)}
"""Methods that need nothing."""


def renderer_of(method: Method, subject: Subject) -> AnyRenderer:
    """What draws ``subject`` at 256 x 256."""
    if method.factory is None:
        return _Unmoved(subject.pixels)
    return method.factory(subject.avatar, SIDE, SIDE)


def draw_film(
    renderer: AnyRenderer, asked: Sequence[Coefficients], frames: Sequence[Frame]
) -> list[Pixels]:
    """(256, 256, 3) a frame; as `drawn_pictures`."""
    return list(drawn_pictures(renderer, asked, frames))


def drawn_pictures(
    renderer: AnyRenderer, asked: Iterable[Coefficients], frames: Iterable[Frame]
) -> Iterator[Pixels]:
    """(256, 256, 3) a frame, one after the other, drawn in order with the renderer's memory: what
    is ``asked``, or, if it is `PictureDriven`, what the driver's ``frames`` show."""
    state = renderer.initial_state()
    if isinstance(renderer, PictureDriven):
        for frame in frames:
            picture, state = renderer.render_frame(frame, state)
            yield picture.pixels
    else:
        for coefficients in asked:
            picture, state = renderer.render(coefficients, state)
            yield picture.pixels


def draw_stills(renderer: Renderer[Any], asked: Sequence[Coefficients]) -> list[Pixels]:
    """(256, 256, 3) each, every one from the empty memory."""
    return [renderer.render(one, renderer.initial_state())[0].pixels for one in asked]


class _Unmoved:
    """The portrait, whatever is asked."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def initial_state(self) -> tuple[()]:
        return ()

    def render(self, coefficients: Coefficients, state: tuple[()]) -> tuple[Picture, tuple[()]]:
        return Picture(pixels=self._pixels, captured_at=coefficients.captured_at), state
