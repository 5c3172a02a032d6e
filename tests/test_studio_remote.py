"""A camera and sinks here, a studio's server there: `pechead-live run --remote`."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from studio_server import TOKEN, StudioServer
from studio_visitor import ClipTrack, Visitor
from test_studio_tls import certificate

from benchmarks.moving_portrait import write_moving_portrait
from pechead_live.camera.file import FileCamera
from pechead_live.cli import main
from pechead_live.errors import OutputError
from pechead_live.frame import Frame, Picture
from pechead_live.live.measurements import Measurements
from pechead_live.sink.video import VideoWriter
from pechead_live.studio.remote.client import StudioClient
from pechead_live.studio.remote.config import RemoteConfig
from pechead_live.studio.remote.drive import drive_remote
from pechead_live.studio.remote.link import link_from
from pechead_live.studio.remote.survey import avatar_id, survey
from pechead_live.studio.remote.uplink import fitting
from pechead_live.studio.tls import ssl_context

PRIVATE = (255, 0, 213)
"""The colour of a camera's frames that no avatar has."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StudioServer]:
    with StudioServer(tmp_path / "server") as started:
        yield started


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that talks and turns."""
    return write_moving_portrait(tmp_path_factory.mktemp("driver") / "clip.mp4", 30)


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of one colour."""
    path = tmp_path_factory.mktemp("private") / "clip.mp4"
    with VideoWriter(path, width=64, height=64, fps=20) as film:
        for number in range(40):
            film.write(np.full((64, 64, 3), PRIVATE, np.uint8), number / 20)
    return path


def asked(server: StudioServer, method: str, path: str, body: object = None) -> Any:
    async def ask() -> Any:
        async with StudioClient(link_from(server.link)) as client:
            return await client.ask(method, path, body)

    return asyncio.run(ask())


def sessions(server: StudioServer) -> list[str]:
    return asked(server, "GET", "/sessions")["sessions"]


def until(true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def shows_the_camera(pixels: np.ndarray) -> bool:
    return bool((np.abs(pixels.astype(int) - PRIVATE).max(axis=-1) < 60).mean() > 0.01)


class Collected:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.pictures: list[Picture] = []
        self.closed = False

    def write(self, picture: Picture) -> None:
        self.pictures.append(picture)

    def close(self) -> None:
        self.closed = True


class Drive:
    """`drive_remote` in a thread, with a camera of the private colour."""

    def __init__(self, server: StudioServer, clip: Path) -> None:
        self.sink, self.stop, self.calibrate = Collected(), threading.Event(), threading.Event()
        link = link_from(server.link)
        controls = {"avatar": avatar_id(asyncio.run(survey(link)), None), "size": "256"}
        self.measurements = Measurements()
        self.errors: list[Exception] = []

        def work() -> None:
            try:
                self.measurements = drive_remote(
                    link,
                    controls,
                    [],
                    open_camera=lambda: FileCamera(clip, paced=True, loop=True),
                    sinks={"collected": self.sink},
                    size=(256, 256),
                    stop=self.stop,
                    calibrate=self.calibrate,
                    config=RemoteConfig(pause_longest_s=0.5, silence_s=2.0),
                )
            except Exception as error:  # noqa: BLE001 - `end` looks at it
                self.errors.append(error)

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def more(self, number: int = 5) -> None:
        """Waits for so many live pictures that were not there before; the avatar breathes."""
        seen = len(self.sink.pictures)

        def came() -> bool:
            new = [one.pixels for one in self.sink.pictures[seen:]]
            pairs = zip(new, new[1:], strict=False)
            return sum(not np.array_equal(one, other) for one, other in pairs) >= number

        until(came, "pictures")

    def end(self) -> None:
        self.stop.set()
        self._thread.join(15)
        assert not self._thread.is_alive() and self.errors == [] and self.sink.closed


def test_a_clip_here_becomes_the_avatar_of_a_server_in_a_film_here_until_ctrl_c(
    server: StudioServer, driver: Path, tmp_path: Path
) -> None:
    film, report = tmp_path / "film.mp4", tmp_path / "report.json"
    code = (
        "import sys, aioice.ice; from pechead_live.cli import main\n"
        "aioice.ice.get_host_addresses = lambda **_: ['127.0.0.1']\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    words = ["run", "--remote", server.link, "--camera", str(driver), "--loop", "--size", "256"]
    words += ["--sink", f"file:{film}", "--sink", "null", "--motion", "absolute", "--no-label"]
    words += ["--gain", "mouth=0.5", "--set", "browInnerUp=0.25", "--report", str(report)]
    run = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until(lambda: bool(sessions(server)), "a session")
        place = f"/sessions/{sessions(server)[0]}"
        until(lambda: asked(server, "GET", f"{place}/status")["state"] == "live", "a face")
        controls = asked(server, "GET", place)["controls"]
        time.sleep(4.0)  # RTCP's reports come every second and a half at most
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=20)
    finally:
        run.kill()
    assert run.returncode == 0, said
    assert "capture to sink" in said and TOKEN not in said
    assert (controls["size"], controls["motion"], controls["label"]) == ("256", "absolute", False)
    assert controls["gains"]["mouth"] == 0.5 and controls["gains"]["eyes"] == 1
    assert controls["expressions"] == {"browInnerUp": 0.25}
    assert sessions(server) == [], "the session was not ended"
    with av.open(str(film)) as opened:
        pictures = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    assert pictures[0].shape == (256, 256, 3) and len(pictures) > 10
    moved = [float(np.abs(one.astype(int) - pictures[0]).mean()) for one in pictures[1:]]
    assert max(moved) > 1.0
    measured = json.loads(report.read_text())
    assert "RTCP" in measured["latency_is"] and 0 < measured["latency"]["p50_ms"] < 5000
    assert set(measured["sinks"]) == {"film.mp4", "null"}


def test_a_run_ends_with_the_camera_s_stream_or_in_time(
    server: StudioServer, private: Path, tmp_path: Path
) -> None:
    line = ["run", "--remote", server.link, "--size", "256", "--camera", str(private)]
    report = tmp_path / "report.json"
    assert main([*line, "--sink", "null", "--report", str(report)]) == 0
    assert json.loads(report.read_text())["events"]["frames"] == 40
    assert main([*line, "--loop", "--seconds", "0.5", "--sink", "null"]) == 0
    assert sessions(server) == []


def test_the_last_sink_that_fails_ends_the_run(server: StudioServer, private: Path) -> None:
    class Full:
        def write(self, picture: Picture) -> None:
            raise OutputError("no space is left: make some")

        def close(self) -> None:
            """Nothing to free."""

    with pytest.raises(OutputError, match="no space is left"):
        drive_remote(
            link_from(server.link),
            {"size": "256"},
            [],
            open_camera=lambda: FileCamera(private, paced=True, loop=True),
            sinks={"full": Full()},
            size=(256, 256),
            stop=threading.Event(),
            calibrate=threading.Event(),
            config=RemoteConfig(),
        )
    assert sessions(server) == []


def test_while_the_server_is_away_the_last_picture_stays_and_then_it_goes_on(
    server: StudioServer, private: Path
) -> None:
    drive = Drive(server, private)
    drive.more()
    server.stop()
    time.sleep(1.0)
    gone = len(drive.sink.pictures)
    time.sleep(1.0)
    kept = drive.sink.pictures[gone - 1 :]
    assert len(kept) >= 4, "a sink that is fed no more looks broken"
    assert all(np.array_equal(one.pixels, kept[0].pixels) for one in kept)
    server.start()
    drive.more()
    drive.calibrate.set()
    until(lambda: not drive.calibrate.is_set(), "the request to calibrate")
    drive.end()
    assert sessions(server) == []
    assert drive.measurements.counted("connections lost") == 1
    assert drive.measurements.counted("repeated pictures") >= 4
    assert not any(shows_the_camera(one.pixels) for one in drive.sink.pictures)
    times = [one.captured_at for one in drive.sink.pictures]
    assert max(abs(time.monotonic() - at) for at in times) < 60


def test_a_broken_connection_is_made_again_in_the_same_session(
    server: StudioServer, private: Path
) -> None:
    drive = Drive(server, private)
    drive.more()
    before = sessions(server)

    async def take_over() -> None:
        other = Visitor([ClipTrack([np.zeros((64, 64, 3), np.uint8)])])
        async with StudioClient(link_from(server.link)) as client:
            told = await client.ask(
                "POST", f"/sessions/{before[0]}/offer", {"offer": await other.offer()}
            )
        await other.accept(told["answer"])
        await other.wait_for(lambda: other.peer.connectionState == "closed", "its end")
        await other.close()

    asyncio.run(take_over())
    drive.more()
    assert sessions(server) == before and len(before) == 1
    drive.end()
    assert sessions(server) == []


NOBODY = "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--source", "me.avatar"], "--source"),
        (["--consent", "mine"], "--consent"),
        (["--checkpoint", "weights"], "--checkpoint"),
        (["--int8"], "--int8"),
        (["--background", "wall.jpg"], "--background"),
        (["--tracker-checkpoint", "weights"], "--tracker-checkpoint"),
        (["--yaw", "10"], "--yaw"),
        (["--camera", "replay:a.npz"], "replay:a.npz"),
        (["--set", "jawOpne=1"], "jawOpen"),
        (["--size", "large"], "--size 'large'"),
        ([], "127.0.0.1:9 does not answer"),
        (["--remote", "ftp://127.0.0.1/"], "http or https"),
        (["--remote", f"http://127.0.0.1:9/view?token={TOKEN}"], "more than host"),
        (["--remote", "http://[::1:9/"], "cannot be read"),
        (["--remote", "http://127.0.0.1:9/?token=short"], "5 characters"),
    ],
)
def test_what_a_server_cannot_do_is_refused_by_name(
    more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--sink", "null", "--remote", NOBODY, *more]) == 2
    complaint = capsys.readouterr().err
    assert words in complaint and complaint.count("\n") == 1
    assert TOKEN not in complaint


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "--source"),
        (["--avatar", "Ada"], "--remote"),
    ],
)
def test_without_a_server_a_portrait_is_asked_for(
    more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--sink", "null", *more]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--avatar", "nobody"], "no avatar 'nobody': use one of"),
        (["--size", "300"], "no size '300': use one of 256"),
        (["--model", "paper"], "no model 'paper': use one of analytic"),
        (["--engine", "abacus"], "refused"),
        (["--camera", "nothing.mp4"], "nothing.mp4"),
    ],
)
def test_what_the_server_does_not_have_is_said_before_anything_runs(
    server: StudioServer,
    private: Path,
    more: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ["run", "--sink", "null", "--remote", server.link, "--camera", str(private)]
    assert main([*line, *more]) == 2
    assert words in capsys.readouterr().err
    assert sessions(server) == []


def test_a_wrong_token_and_another_server_are_told_apart(
    server: StudioServer, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = server.link.replace(TOKEN, "another-token-of-tests")
    assert main(["run", "--sink", "null", "--remote", wrong]) == 2
    assert "the token is missing or wrong" in capsys.readouterr().err


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tls = ssl_context(*certificate(tmp_path, "own"))
    with StudioServer(tmp_path / "server", tls=tls) as server:
        assert main(["run", "--sink", "null", "--remote", server.link]) == 2
    complaint = capsys.readouterr().err
    assert "certificate" in complaint and TOKEN not in complaint


def test_the_link_of_a_server_is_taken_apart() -> None:
    link = link_from(f" https://Avatar.example.org:8765/?token={TOKEN}\n")
    assert link == ("https://avatar.example.org:8765", TOKEN) and link.encrypted
    assert link_from("http://[::1]:80") == ("http://[::1]:80", None)


@pytest.mark.parametrize(
    ("size", "sent"), [((480, 641), (480, 640)), ((2160, 3840), (720, 1280)), ((3, 5), (2, 4))]
)
def test_a_frame_is_sent_with_even_sides_and_no_more_pixels_than_a_tracker_needs(
    size: tuple[int, int], sent: tuple[int, int]
) -> None:
    made = fitting(Frame(pixels=np.full((*size, 3), 70, np.uint8), captured_at=4.0))
    assert made.pixels.shape == (*sent, 3) and made.captured_at == 4.0
    assert made.pixels.mean() == 70
