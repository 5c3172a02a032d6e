"""Many processes: two on CPUs learn what one learns from the same global batch."""

import multiprocessing
import socket
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch
from torch import nn
from training_samples import TinyRecipe, tiny_config, tiny_run

from pechead_live.errors import InputError
from pechead_live.training.distributed import Processes, anywhere, mean_over_processes, processes
from pechead_live.training.run.folder import state_path
from pechead_live.training.run.state_file import read_state
from pechead_live.training.synchronised_norm import SynchronisedBatchNorm2d, synchronise_norms

FORK = multiprocessing.get_context("fork")  # torch is loaded already


def join(rank: int, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What torchrun tells each of two processes."""
    told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": port}
    for name, value in told.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")


def trained(rank: int, port: int, run: Path) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        join(rank, port, monkeypatch)
        with processes("cpu") as here:
            config = tiny_config(run, steps=3, average_decay=0.5)
            tiny_run(config, TinyRecipe(judged=True), here=here)


def told_each_other(rank: int, port: int, said: Connection) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        join(rank, port, monkeypatch)
        with processes("cpu") as here:
            flags = anywhere([rank == 0, False], here)
            mean = float(mean_over_processes(torch.tensor(float(rank)), here))
            said.send((here.rank, here.world, here.writes, flags, mean))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_two_processes_learn_what_one_does_at_the_same_global_batch(tmp_path: Path):
    tiny_run(tiny_config(tmp_path / "one", steps=3, average_decay=0.5), TinyRecipe(judged=True))
    port = free_port()
    pair = [FORK.Process(target=trained, args=(r, port, tmp_path / "two")) for r in range(2)]
    for process in pair:
        process.start()
    for process in pair:
        process.join(60)
    assert [process.exitcode for process in pair] == [0, 0]
    one = read_state(state_path(tmp_path / "one"), preset="toy").tensors
    two = read_state(state_path(tmp_path / "two"), preset="toy").tensors
    assert one.keys() == two.keys()
    start = TinyRecipe(judged=True).network.state_dict()["first.weight"]
    assert float((one["network.first.weight"] - start).abs().max()) > 1e-3
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=0, atol=1e-5, msg=name)


def test_processes_hear_of_each_other_and_one_of_them_writes():
    port = free_port()
    lines = [FORK.Pipe(duplex=False) for _ in range(2)]
    pair = [
        FORK.Process(target=told_each_other, args=(rank, port, saying))
        for rank, (_, saying) in enumerate(lines)
    ]
    for process in pair:
        process.start()
    heard = [listening.recv() for listening, _ in lines]
    for process in pair:
        process.join()
    assert heard == [(0, 2, True, [True, False], 0.5), (1, 2, False, [True, False], 0.5)]


def test_a_batch_that_cannot_be_split_is_refused(tmp_path: Path):
    three = Processes(0, 3, torch.device("cpu"))
    with pytest.raises(InputError, match="a batch of 4 cannot be split over 3 processes"):
        tiny_run(tiny_config(tmp_path), here=three)


def test_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="device is 'abacus'"), processes("abacus"):
        pass


def test_every_norm_is_replaced_and_keeps_its_weights_and_names():
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Sequential(nn.BatchNorm2d(2, momentum=0.3)))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    pictures = torch.rand(2, 3, 4, 4)
    still = network.eval()(pictures)
    synchronise_norms(network)
    assert [type(m) for m in network.modules()].count(SynchronisedBatchNorm2d) == 1
    assert network.state_dict().keys() == before.keys()
    torch.testing.assert_close(network.state_dict(), before)
    torch.testing.assert_close(network(pictures), still)
