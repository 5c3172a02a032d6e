"""The gallery: what it lists, keeps and deletes, and its paths of the API."""

import io
import logging
import shutil
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from still_samples import astronaut, difference
from studio_samples import Client, asked, refusal

import pechead_live.studio.gallery as gallery_module
from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import content_digest, save_avatar
from pechead_live.errors import InputError
from pechead_live.samples import sample
from pechead_live.studio.avatar_routes import add_avatar_routes
from pechead_live.studio.gallery import Gallery
from pechead_live.studio.intake import Intake
from pechead_live.studio.refusal import ApiRefusal

ASTRONAUT = astronaut().digest[:32]


def variant(index: int) -> Avatar:
    """Another avatar: the astronaut with one pixel of another colour, made later."""
    avatar = astronaut()
    person = avatar.person.copy()
    person[0, 0] = index
    return replace(
        avatar,
        person=person,
        digest=content_digest(person, avatar.matte, avatar.measured),
        name=f"variant {index}",
        created=f"2030-01-01T00:00:{index:02d}+00:00",
    )


def asked_of(gallery: Gallery, work: Callable[[Client], Awaitable[None]]) -> None:
    """`asked` with the routes of avatars."""
    intake = Intake()
    try:
        asked(work, add_routes=lambda app: add_avatar_routes(app, gallery, intake))
    finally:
        intake.close()


def test_an_empty_gallery_offers_the_bundled_portrait(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "not yet")
    assert [one.id for one in gallery.entries()] == [ASTRONAUT]
    assert gallery.open(ASTRONAUT).name == astronaut().name
    assert not (tmp_path / "not yet").exists()


def test_what_was_added_is_listed_newest_first_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "avatars"
    added = [Gallery(folder).add(variant(index)) for index in (1, 3, 2)]
    gallery = Gallery(folder)
    assert [one.name for one in gallery.entries()] == ["variant 3", "variant 2", "variant 1"]
    assert all(one.id == variant(i).digest[:32] for one, i in zip(added, (1, 3, 2), strict=True))
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{a.id}.avatar" for a in added)
    assert gallery.open(added[0].id).person[0, 0, 0] == 1
    assert gallery.open(ASTRONAUT)  # a session may still show it


def test_given_avatars_come_first_and_are_never_deleted(tmp_path: Path) -> None:
    given = tmp_path / "mine.avatar"
    save_avatar(variant(7), given)
    gallery = Gallery(tmp_path / "avatars", [given])
    gallery.add(variant(8))
    assert [one.name for one in gallery.entries()] == ["variant 7", "variant 8"]
    with pytest.raises(ApiRefusal) as caught:
        gallery.delete(variant(7).digest[:32])
    assert (caught.value.status, caught.value.code) == (405, "bad_method")
    assert given.is_file()
    with pytest.raises(InputError, match=r"no\.avatar"):
        Gallery(tmp_path, [tmp_path / "no.avatar"])


def test_the_same_portrait_again_takes_the_new_name_and_is_listed_once(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    gallery.add(variant(1))
    shutil.copy(tmp_path / f"{variant(1).digest[:32]}.avatar", tmp_path / "a copy.avatar")
    gallery.add(replace(variant(1), name="Ada", created="2031-01-01T00:00:00+00:00"))
    assert [one.name for one in gallery.entries()] == ["Ada"]
    gallery.delete(variant(1).digest[:32])
    assert list(tmp_path.iterdir()) == []


def test_broken_files_are_left_out_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gallery = Gallery(tmp_path)
    good = gallery.add(variant(1))
    (tmp_path / "broken.avatar").write_bytes(b"PK\3\4 nothing")
    (tmp_path / "empty.avatar").write_bytes(b"")
    (tmp_path / "folder.avatar").mkdir()
    (tmp_path / ".half.avatar").write_bytes(b"x")
    (tmp_path / "link.avatar").symlink_to(tmp_path / "nowhere")
    (tmp_path / "letter.txt").write_text("x")
    with caplog.at_level(logging.WARNING):
        assert gallery.entries() == gallery.entries() == [good]
    named = [record.getMessage() for record in caplog.records]
    assert [text.partition(str(tmp_path))[2].partition(" ")[0] for text in named] == [
        "/broken.avatar",
        "/empty.avatar",
    ]


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    entry = gallery.add(variant(1))
    assert gallery.open(entry.id).name == "variant 1"
    time.sleep(0.01)
    save_avatar(replace(variant(1), name="other"), tmp_path / f"{entry.id}.avatar")
    assert gallery.open(entry.id).name == "other"


@pytest.mark.parametrize(
    "avatar_id",
    [
        "",
        "x",
        "../" + "a" * 29,
        "0" * 32,
        "\0" * 32,
        "٣" * 32,
        ASTRONAUT.upper(),
        ASTRONAUT + "0",
        ASTRONAUT + "\n",
    ],
)
def test_no_other_id_reaches_the_disk(tmp_path: Path, avatar_id: str) -> None:
    gallery = Gallery(tmp_path)
    for method in (gallery.open, gallery.still, gallery.delete):
        with pytest.raises(ApiRefusal) as caught:
            method(avatar_id)
        assert (caught.value.status, caught.value.code) == (404, "unknown_avatar")


def test_a_full_gallery_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_module, "MOST_AVATARS", 2)
    gallery = Gallery(tmp_path)
    gallery.add(variant(1))
    gallery.add(variant(2))
    gallery.add(variant(2))
    with pytest.raises(ApiRefusal) as caught:
        gallery.add(variant(3))
    assert caught.value.code == "gallery_full"
    assert len(gallery.entries()) == 2


def test_few_avatars_are_kept_in_memory(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    ids = [gallery.add(variant(index)).id for index in range(gallery_module.OPENED + 3)]
    last = [gallery.open(one) for one in ids][-1]
    assert gallery.open(ids[-1]) is last
    assert len(gallery._opened) == gallery_module.OPENED


def test_threads_may_add_open_and_delete_at_the_same_time(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    failures: list[BaseException] = []

    def work(index: int) -> None:
        try:
            for _ in range(3):
                one = gallery.add(variant(index))
                assert gallery.open(one.id).name == f"variant {index}"
                assert one in gallery.entries()
                gallery.delete(one.id)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(tmp_path.iterdir()) == []


def test_the_still_shows_the_portrait(tmp_path: Path) -> None:
    content = Gallery(tmp_path).still(ASTRONAUT)
    assert len(content) < 40_000
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (256, 256), "RGB")
        pixels = np.asarray(image)
    avatar = astronaut()
    height, width = avatar.matte.shape
    left = (width - height) // 2
    inside = avatar.matte[:, left : left + height] == 255
    person = Image.fromarray(avatar.person[:, left : left + height]).resize((256, 256))
    shown = np.asarray(Image.fromarray(inside).resize((256, 256)))
    assert shown.mean() > 0.2
    assert difference(pixels[shown], np.asarray(person)[shown]) < 6


def test_the_api_lists_shows_and_deletes(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    own = gallery.add(variant(1))

    async def work(client: Client) -> None:
        async with client.get("/api/v1/avatars") as answer:
            still = f"/api/v1/avatars/{own.id}/still"
            expected = {"id": own.id, "name": own.name, "consent": own.consent, "still": still}
            assert await answer.json() == {"avatars": [expected]}
            assert answer.headers["Cache-Control"] == "no-store"
        async with client.get(still) as answer:
            assert (answer.status, answer.content_type) == (200, "image/jpeg")
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert await answer.read() == gallery.still(own.id)
            tag = answer.headers["ETag"]
        async with client.get(still, headers={"If-None-Match": f'W/"x", {tag}'}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with client.head(still) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        async with client.delete(f"/api/v1/avatars/{own.id}") as answer:
            assert (answer.status, await answer.read()) == (204, b"")
        async with client.delete(f"/api/v1/avatars/{own.id}") as answer:
            assert await refusal(answer) == (404, "unknown_avatar")
        async with client.get(still, headers={"If-None-Match": tag}) as answer:
            assert await refusal(answer) == (404, "unknown_avatar")
        async with client.delete(f"/api/v1/avatars/{ASTRONAUT}") as answer:
            assert await refusal(answer) == (405, "bad_method")
        async with client.get("/api/v1/avatars/..%2f..%2fetc%2fpasswd/still") as answer:
            assert await refusal(answer) == (404, "unknown_avatar")

    asked_of(gallery, work)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"consent": "mine"}, "name"),
        ({"name": "", "consent": "mine"}, "name"),
        ({"name": "x" * 61, "consent": "mine"}, "name"),
        ({"name": "a\0b", "consent": "mine"}, "name"),
        ({"name": "a\nb", "consent": "mine"}, "name"),
        ({"name": "a\u202eb", "consent": "mine"}, "name"),
        ({"name": "Ada"}, "consent"),
        ({"name": "Ada", "consent": "   "}, "consent"),
        ({"name": "Ada", "consent": "x" * 201}, "consent"),
        ({"name": "Ada", "consent": "a\x7fb"}, "consent"),
    ],
)
def test_name_and_consent_are_short_and_printable(
    tmp_path: Path, query: dict[str, str], word: str
) -> None:
    async def work(client: Client) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        async with client.post("/api/v1/avatars", params=query, data=b"x", headers=headers) as told:
            assert await refusal(told) == (400, "bad_field")
            assert (await told.json())["error"]["message"].startswith(word)

    asked_of(Gallery(tmp_path), work)


def test_a_picture_sent_as_json_is_refused(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        query = {"name": "Ada", "consent": "mine"}
        async with client.post("/api/v1/avatars", params=query, json={}) as answer:
            assert await refusal(answer) == (415, "bad_type")

    asked_of(Gallery(tmp_path), work)


def test_a_picture_that_is_sent_becomes_an_avatar(tmp_path: Path, face_landmarker: Path) -> None:
    gallery = Gallery(tmp_path)
    picture = sample("astronaut.jpg").read_bytes()
    jpeg = {"Content-Type": "application/octet-stream"}

    async def work(client: Client) -> None:
        query = {"name": "Eileen 👩🏽‍🚀 größe", "consent": "public domain"}
        async with client.post("/api/v1/avatars", params=query, data=picture, headers=jpeg) as made:
            assert made.status == 201
            told = await made.json()
        assert told["name"] == query["name"] and told["consent"] == query["consent"]
        assert told["id"] == ASTRONAUT
        async with client.get(told["still"]) as answer:
            assert answer.status == 200
        query = {"name": "Nobody", "consent": "mine"}
        sky = io.BytesIO()
        Image.new("RGB", (300, 300), "skyblue").save(sky, "PNG")
        async with client.post(
            "/api/v1/avatars", params=query, data=sky.getvalue(), headers=jpeg
        ) as answer:
            assert await refusal(answer) == (400, "no_face")

    asked_of(gallery, work)
    assert [one.name for one in gallery.entries()] == ["Eileen 👩🏽‍🚀 größe"]


def test_the_bundled_avatar_is_not_the_user_s(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    with pytest.raises(ApiRefusal, match="only read"):
        gallery.delete(ASTRONAUT)
