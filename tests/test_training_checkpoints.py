"""Checkpoints of a run: what is refused, what survives a crash and a full disk."""

import contextlib
import json
import multiprocessing
import os
import pickle
import resource
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from training_samples import ALONE, TinyDimensions, TinyRecipe, tiny_config, tiny_run, tiny_source

from pechead_live.errors import InputError, OutputError
from pechead_live.model.checkpoint import dimensions_text, load_checkpoint
from pechead_live.training.loop import train
from pechead_live.training.run.folder import average_path, state_path
from pechead_live.training.run.metrics_log import read_metrics
from pechead_live.training.run.state_file import RunState, read_state, write_state
from pechead_live.training.start import weights_of

FORK = multiprocessing.get_context("fork")  # torch is loaded already


def endless(run: Path, steps: "Connection") -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = tiny_config(run, steps=10**6, checkpoint_seconds=0.0)
    for report in train(config, TinyRecipe(), tiny_source(), None, ALONE, stop=stop):
        steps.send(report.step)


@contextmanager
def endless_run(run: Path) -> "Generator[tuple[BaseProcess, Connection]]":
    steps, told = FORK.Pipe(duplex=False)
    process = FORK.Process(target=endless, args=(run, told))
    process.start()
    told.close()
    try:
        yield process, steps
    finally:
        process.kill()
        process.join()


def full_disk(run: Path, largest: int, said: "Connection") -> None:
    """Trains where no file may grow beyond ``largest`` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        tiny_run(tiny_config(run, steps=4))
    except OutputError as error:
        said.send(str(error))


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path):
    with endless_run(tmp_path / "killed") as (process, steps):
        while steps.recv() < 5:
            pass
        time.sleep(0.05)  # somewhere in a step, or in the middle of a checkpoint
        process.kill()
    done = read_state(state_path(tmp_path / "killed"), preset="toy").counts.step
    assert done >= 4
    settings = {"steps": done + 3, "milestones": ()}
    rest = tiny_run(tiny_config(tmp_path / "killed", **settings))
    whole = tiny_run(tiny_config(tmp_path / "whole", **settings))
    assert [r.step for r in rest] == [done + 1, done + 2, done + 3]
    assert [r.loss for r in rest] == pytest.approx([r.loss for r in whole[done:]], rel=1e-6)


def test_sigterm_ends_a_run_with_a_checkpoint_of_its_last_step(tmp_path: Path):
    last = 0
    with endless_run(tmp_path) as (process, steps):
        while last < 3:
            last = steps.recv()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGTERM)
        with contextlib.suppress(EOFError):
            while True:
                last = steps.recv()
        process.join()
        assert process.exitcode == 0
    assert read_state(state_path(tmp_path), preset="toy").counts.step == last


def test_a_full_disk_is_one_sentence_and_the_run_goes_on_afterwards(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=2))
    before = state_path(tmp_path).read_bytes()
    told, saying = FORK.Pipe(duplex=False)
    process = FORK.Process(target=full_disk, args=(tmp_path, len(before) // 2, saying))
    process.start()
    saying.close()
    sentence = told.recv()
    process.join()
    assert process.exitcode == 0
    assert "cannot be written (File too large): make room" in sentence
    assert "\n" not in sentence
    assert state_path(tmp_path).read_bytes() == before
    assert not list((tmp_path / "checkpoints").glob(".*"))
    assert [report.step for report in tiny_run(tiny_config(tmp_path, steps=4))] == [3, 4]
    logged = [line["step"] for line in read_metrics(tmp_path / "metrics.jsonl") if "loss" in line]
    assert logged == [1, 2, 3, 4]


def test_a_line_of_metrics_that_was_cut_off_is_written_again(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=2))
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text() + '{"step": 3, "loss": 0.', encoding="utf-8")
    tiny_run(tiny_config(tmp_path, steps=3))
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()][-1] == 3


def refused(tmp_path: Path, content: bytes, said: str) -> None:
    state_path(tmp_path).parent.mkdir(parents=True)
    state_path(tmp_path).write_bytes(content)
    with pytest.raises(InputError, match=said) as raised:
        tiny_run(tiny_config(tmp_path))
    assert "\n" not in str(raised.value)
    assert state_path(tmp_path).read_bytes() == content


def good_state(tmp_path: Path) -> bytes:
    tiny_run(tiny_config(tmp_path, steps=1))
    return state_path(tmp_path).read_bytes()


def test_a_truncated_state_is_refused_and_kept(tmp_path: Path):
    content = good_state(tmp_path / "good")
    refused(tmp_path / "half", content[: len(content) // 2], "cut off")
    refused(tmp_path / "empty", b"", "empty")


def test_a_pickle_is_refused_without_being_read(tmp_path: Path):
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    refused(tmp_path / "plain", pickle.dumps({"weights": Bomb()}), "pickle")
    torch.save({"weights": 1}, tmp_path / "zip.pt")
    refused(tmp_path / "zip", (tmp_path / "zip.pt").read_bytes(), "pickle")
    assert not (tmp_path / "exploded").exists()


def test_weights_alone_are_no_state_of_a_run(tmp_path: Path):
    good_state(tmp_path / "good")
    refused(tmp_path / "weights", average_path(tmp_path / "good").read_bytes(), "not the state")


def test_a_folder_of_another_preset_or_stage_is_refused(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=1))
    with pytest.raises(InputError, match="is of preset 'toy', not 'base'"):
        tiny_run(tiny_config(tmp_path, preset="base"))
    with pytest.raises(InputError, match="stage 3, not 1a"):
        tiny_run(tiny_config(tmp_path, stage="1a"))


def test_a_network_of_other_dimensions_is_refused(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=1))
    with pytest.raises(InputError, match="has width 4, the one to train 6"):
        tiny_run(tiny_config(tmp_path), TinyRecipe(width=6))
    for file in (state_path(tmp_path), average_path(tmp_path)):
        with pytest.raises(InputError, match="has width 4, the one to train 6"):
            tiny_run(tiny_config(tmp_path / "next", start=file), TinyRecipe(width=6))


def test_a_state_that_does_not_say_its_dimensions_is_continued(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=1))
    write_state(state_path(tmp_path), replace(state_of_run(tmp_path), dimensions=""))
    assert [report.step for report in tiny_run(tiny_config(tmp_path, steps=2))] == [2]
    write_state(state_path(tmp_path), replace(state_of_run(tmp_path), dimensions=""))
    with pytest.raises(InputError, match=r"first\.weight has shape"):
        tiny_run(tiny_config(tmp_path), TinyRecipe(width=6))


def state_of_run(run: Path) -> RunState:
    return read_state(state_path(run), preset="toy")


@pytest.mark.parametrize("file", [state_path, average_path])
def test_a_new_run_starts_from_the_averaged_weights_of_another(tmp_path: Path, file):
    tiny_run(tiny_config(tmp_path / "first", steps=4), TinyRecipe(judged=True))
    weights, discriminator = weights_of(
        file(tmp_path / "first"), "lite", "toy", dimensions_text(TinyDimensions())
    )
    expected = load_checkpoint(average_path(tmp_path / "first"), "lite", "toy").tensors
    torch.testing.assert_close(weights, expected, rtol=2e-3, atol=1e-4)  # the file is float16
    assert bool(discriminator) == (file is state_path)
    config = tiny_config(
        tmp_path / "next", steps=1, stage="2", start=file(tmp_path / "first"), learning_rate=1e-12
    )
    recipe = TinyRecipe(judged=True)
    tiny_run(config, recipe)
    torch.testing.assert_close(
        recipe.network.state_dict()["last.weight"], weights["last.weight"], rtol=0, atol=1e-6
    )


def test_starting_weights_of_another_preset_or_none_are_refused(tmp_path: Path):
    good_state(tmp_path / "first")
    for file, preset, said in (
        (state_path(tmp_path / "first"), "base", "preset 'toy', not 'base'"),
        (average_path(tmp_path / "first"), "base", "preset 'toy', not 'base'"),
        (tmp_path / "absent.safetensors", "toy", "absent.safetensors cannot be read"),
    ):
        with pytest.raises(InputError, match=said):
            tiny_run(tiny_config(tmp_path / "next", preset=preset, start=file))
