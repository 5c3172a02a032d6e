"""A session of the studio from end to end: a driver's frames in, the avatar's pictures out."""

import asyncio
import math
from pathlib import Path

import av
import numpy as np
import pytest
from studio_visitor import ClipTrack, Visitor, asked, microphone, studio_at, visited

from benchmarks.moving_portrait import write_moving_portrait
from pechead_live.avatar.file import open_avatar, save_avatar
from pechead_live.samples import sample


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """A face that talks and turns, 480 x 480."""
    path = write_moving_portrait(tmp_path_factory.mktemp("driver") / "clip.mp4", 60)
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean of the absolute difference, levels."""
    return float(np.abs(a.astype(np.float32) - b).mean())


def test_a_visitor_becomes_the_avatar_and_every_control_acts(
    driver: list[np.ndarray], tmp_path: Path
) -> None:
    other = open_avatar(sample("astronaut.avatar"))
    tinted = other.person.copy()
    tinted[..., 0] = tinted[..., 0] // 4
    from dataclasses import replace

    from pechead_live.avatar.file import content_digest

    other = replace(
        other,
        person=tinted,
        name="tinted",
        digest=content_digest(tinted, other.matte, other.measured),
    )
    (tmp_path / "avatars").mkdir()
    save_avatar(open_avatar(sample("astronaut.avatar")), tmp_path / "avatars" / "a.avatar")
    save_avatar(other, tmp_path / "avatars" / "b.avatar")

    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            avatars = (await asked(client, "GET", "/avatars"))["avatars"]
            first, second = (a for n in ("tinted",) for a in _ordered(avatars, n))
            visitor = Visitor([ClipTrack(driver), microphone()])
            opened = await asked(
                client,
                "POST",
                "/sessions",
                {"offer": await visitor.offer(), "controls": {"avatar": first["id"]}},
            )
            await visitor.accept(opened["answer"])
            place = f"/sessions/{opened['id']}"
            await visitor.wait_for(lambda: len(visitor.pictures) > 20, "pictures")
            assert visitor.pictures[-1].shape == (512, 512, 3)
            status = await asked(client, "GET", f"{place}/status")
            assert status["state"] == "live" and status["face"]
            assert status["fps"] > 5 and status["latency_ms"]["p50"] > 0
            assert status["drawn_by"] == "analytic" and status["viewers"] == 1
            moving = [await visitor.next_picture() for _ in range(6)]
            assert max(difference(moving[0], one) for one in moving[1:]) > 0.5

            frozen = await asked(client, "PATCH", f"{place}/controls", {"presence": "freeze"})
            assert frozen["presence"] == "freeze"
            change = math.inf
            for _ in range(5):  # pictures from before it may still be on their way
                await asyncio.sleep(0.5)
                still = [await visitor.next_picture() for _ in range(6)]
                change = max(difference(still[0], one) for one in still[1:])
                if change < 2.5:
                    break
            assert change < 2.5

            await asked(client, "PATCH", f"{place}/controls", {"presence": "idle"})
            await asyncio.sleep(1.5)
            straight = await visitor.next_picture()
            await asked(client, "PATCH", f"{place}/controls", {"pose": {"yaw": 25}})
            await asyncio.sleep(0.6)
            assert difference(straight, await visitor.next_picture()) > 3

            await asked(client, "PATCH", f"{place}/controls", {"mirror": True, "label": False})
            await asyncio.sleep(0.4)
            assert difference(straight, await visitor.next_picture()) > 5

            red = float((await visitor.next_picture())[..., 0].mean())
            await asked(client, "PATCH", f"{place}/controls", {"avatar": second["id"]})
            await visitor.wait_for(
                lambda: abs(float(visitor.pictures[-1][..., 0].mean()) - red) > 15, "another avatar"
            )
            await asked(client, "PATCH", f"{place}/controls", {"size": "256"})
            await visitor.wait_for(lambda: visitor.pictures[-1].shape[0] == 256, "another size")
            await visitor.wait_for(lambda: len(visitor.heard) > 10, "sound")
            status = await asked(client, "GET", f"{place}/status")
            assert abs(status["sound_delay_ms"] - status["latency_ms"]["p50"]) <= 40

            sinks = await asked(client, "PUT", f"{place}/sinks/recording", {})
            await asyncio.sleep(1.0)
            await asked(client, "DELETE", f"{place}/sinks/recording")
            film = tmp_path / "recordings" / sinks["sinks"]["recording"]["name"]
            with av.open(str(film)) as recorded:
                assert sum(1 for _ in recorded.decode(video=0)) >= 5
            with av.open(str(film)) as recorded:
                heard = np.concatenate([f.to_ndarray()[0] for f in recorded.decode(audio=0)])
                assert np.abs(heard).max() > 0.01
                seconds = recorded.streams.video[0].duration * recorded.streams.video[0].time_base
                assert len(heard) / 48_000 == pytest.approx(float(seconds), abs=0.1)

            viewer = Visitor([])
            joined = await asked(
                client, "POST", f"{place}/viewers", {"offer": await viewer.offer()}
            )
            await viewer.accept(joined["answer"])
            await viewer.wait_for(lambda: len(viewer.pictures) > 3, "a viewer's pictures")
            await viewer.close()

            await asked(client, "DELETE", place)
            await visitor.close()
            assert (await asked(client, "GET", "/sessions"))["sessions"] == []

    asyncio.run(visit())


def _ordered(avatars: list[dict[str, str]], last: str) -> list[dict[str, str]]:
    return sorted(avatars, key=lambda avatar: avatar["name"] == last)


def test_a_camera_of_the_server_goes_with_the_browser_s_microphone(tmp_path: Path) -> None:
    clip = write_moving_portrait(tmp_path / "clip.mp4", 20)

    async def visit() -> None:
        async with visited(studio_at(tmp_path, cameras={"clip": str(clip)})) as client:
            visitor = Visitor([microphone()])
            body = {"offer": await visitor.offer(), "camera": "clip", "controls": {"size": "256"}}
            opened = await asked(client, "POST", "/sessions", body)
            await visitor.accept(opened["answer"])
            await visitor.wait_for(lambda: len(visitor.pictures) > 3, "pictures")

            def loud() -> bool:
                return any(np.abs(frame.to_ndarray()).max() > 1000 for frame in visitor.heard)

            await visitor.wait_for(loud, "the microphone")
            await visitor.close()

    asyncio.run(visit())


def test_a_page_that_was_loaded_again_goes_on_with_its_session(
    driver: list[np.ndarray], tmp_path: Path
) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path, orphan_s=5.0)) as client:
            visitor = Visitor([ClipTrack(driver)])
            opened = await asked(client, "POST", "/sessions", {"offer": await visitor.offer()})
            await visitor.accept(opened["answer"])
            await visitor.wait_for(lambda: len(visitor.pictures) > 3, "pictures")
            await visitor.close()
            again = Visitor([ClipTrack(driver)])
            place = f"/sessions/{opened['id']}"
            answer = await asked(client, "POST", f"{place}/offer", {"offer": await again.offer()})
            await again.accept(answer["answer"])
            await again.wait_for(lambda: len(again.pictures) > 3, "pictures again")
            await again.close()
            await again.wait_for(lambda: True, "nothing")
            for _ in range(100):
                if not (await asked(client, "GET", "/sessions"))["sessions"]:
                    break
                await asyncio.sleep(0.2)
            assert (await asked(client, "GET", "/sessions"))["sessions"] == []

    asyncio.run(visit())


def test_without_a_face_the_avatar_rests_and_nothing_of_the_camera_is_shown(
    tmp_path: Path,
) -> None:
    private = np.zeros((240, 320, 3), np.uint8)
    private[..., 1] = 255

    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            visitor = Visitor([ClipTrack([private])])
            opened = await asked(client, "POST", "/sessions", {"offer": await visitor.offer()})
            await visitor.accept(opened["answer"])
            await visitor.wait_for(lambda: len(visitor.pictures) > 25, "pictures")
            for picture in visitor.pictures:
                green = picture[..., 1].astype(int) - picture[..., 0]
                assert (green > 100).mean() < 0.01
            status = await asked(client, "GET", f"/sessions/{opened['id']}/status")
            assert status["state"] == "no_face" and not status["face"]
            assert "face_lost" in [warning["code"] for warning in status["warnings"]]
            await visitor.close()

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("offer", "status", "code"),
    [
        (None, 400, "bad_offer"),
        ({"type": "offer", "sdp": "v=0"}, 400, "bad_offer"),
        ({"type": "answer", "sdp": "v=0"}, 400, "bad_offer"),
        ({"type": "offer", "sdp": "x" * 200_000}, 400, "bad_offer"),
    ],
)
def test_a_broken_offer_is_refused_and_no_session_stays(
    offer: object, status: int, code: str, tmp_path: Path
) -> None:
    async def visit() -> None:
        async with (
            visited(studio_at(tmp_path)) as client,
            client.post("/api/v1/sessions", json={"offer": offer}) as answer,
        ):
            assert answer.status == status
            assert (await answer.json())["error"]["code"] == code
            assert (await asked(client, "GET", "/sessions"))["sessions"] == []

    asyncio.run(visit())


def test_an_offer_of_av1_alone_is_told_what_to_offer(tmp_path: Path) -> None:
    async def visit() -> None:
        visitor = Visitor([])
        sdp = (await visitor.offer())["sdp"].replace("VP8/90000", "AV1/90000")
        sdp = sdp.replace("H264/90000", "AV1X/90000")
        async with (
            visited(studio_at(tmp_path)) as client,
            client.post(
                "/api/v1/sessions", json={"offer": {"type": "offer", "sdp": sdp}}
            ) as answer,
        ):
            told = (await answer.json())["error"]
            assert (answer.status, told["code"]) == (422, "no_common_codec")
            assert "VP8" in told["message"]
        await visitor.close()

    asyncio.run(visit())
