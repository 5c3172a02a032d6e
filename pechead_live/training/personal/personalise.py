"""One portrait, one clip, one network: from the files to the change that an avatar keeps."""

import json
import threading
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.personal import Personal
from pechead_live.destination import make_folder
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.model.lite.personal import Changes, personal_of
from pechead_live.training.losses.trunk import Trunk, load_trunk
from pechead_live.training.losses.weights import LOSSES
from pechead_live.training.personal.config import PersonalConfig
from pechead_live.training.personal.held_out import Difference, HeldOut
from pechead_live.training.personal.learning import Learning, Lesson, Report
from pechead_live.training.personal.likeness import Likeness, in_portrait_colours, likeness_of
from pechead_live.training.personal.progress_file import (
    FILE,
    Counts,
    Task,
    read_progress,
    write_progress,
)
from pechead_live.training.personal.sitting import Sitting
from pechead_live.training.personal.windows import portrait_of, seen_mask, windows_of

SAVE_EVERY = 25
"""Steps between two states on the disk: half a minute."""

AROUND = 0.04
"""How far beyond the person a change may reach, of the picture's side: a feature sees about that
far."""


class Wanted(NamedTuple):
    """What one personalisation is about."""

    avatar: Avatar
    sitting: Sitting
    clip_sha256: str
    network: Lite
    """See `open_network`."""
    checkpoint_sha256: str
    """Of the file that it comes from."""
    model: str
    """Such as "lite-s"."""


class Personalisation:
    """One that can be stopped, and gone on with in its folder."""

    def __init__(
        self,
        wanted: Wanted,
        config: PersonalConfig,
        folder: Path,
        *,
        difference: Difference | None = None,
        trunk: Trunk | None = None,
    ) -> None:
        """Makes all that is needed and goes on from ``folder`` if something was begun there.

        ``difference``: ePD, if there is its network. ``trunk``: of the perceptual loss, the one
        that is found if None. Raises `InputError`, `MissingAssetError` or `OutputError`.
        """
        self._wanted, self._config = wanted, config
        lesson, self.likeness = _lesson(wanted, config, difference, trunk or load_trunk())
        self._learning = Learning(lesson)
        self._task = _task(wanted, config)
        make_folder(folder)
        self._file = folder / FILE
        if (earlier := read_progress(self._file, self._task)) is not None:
            self._learning.load(*earlier)

    likeness: Likeness
    """How the clip compares with the portrait."""

    @property
    def counts(self) -> Counts:
        """How far it is, and the figures."""
        return self._learning.counts

    @property
    def steps(self) -> int:
        """At most."""
        return self._config.steps

    @property
    def finished(self) -> bool:
        """Whether more time would change nothing."""
        return self._learning.finished

    def reports(self, stop: threading.Event) -> Generator[Report]:
        """Learns until the end, the end of the minutes, or until ``stop`` is set; the state is on
        the disk then, and every `SAVE_EVERY` steps."""
        for report in self._learning.reports(stop):
            if report.step % SAVE_EVERY == 0:
                self._save()
            yield report
        self._save()

    def personal(self) -> Personal | None:
        """The best so far; None if nothing was nearer on the held-out frames."""
        if not self.counts.best_step:
            return None
        wanted = self._wanted
        return personal_of(self._learning.best, wanted.model, wanted.checkpoint_sha256)

    def forget(self) -> None:
        """Removes the state, and its folder if nothing else is in it."""
        self._file.unlink(missing_ok=True)
        if not any(self._file.parent.iterdir()):
            self._file.parent.rmdir()

    def _save(self) -> None:
        write_progress(self._file, self._task, self.counts, self._learning.tensors())


def open_network(checkpoint: Path) -> Lite:
    """The lite network of a checkpoint, fused and in float32; nothing in it is trained.

    Raises `InputError` if it is another network or damaged.
    """
    found = load_checkpoint(checkpoint, "lite")
    network = Lite(dimensions_of(found, LiteDimensions))
    load_into(network, found.tensors)
    return network.fused().float().requires_grad_(False)


def _lesson(
    wanted: Wanted,
    config: PersonalConfig,
    difference: Difference | None,
    trunk: Trunk,
) -> tuple[Lesson, Likeness]:
    avatar, sitting, network = wanted.avatar, wanted.sitting, wanted.network
    size = network.dimensions.size
    learned, looked_at = windows_of(sitting, avatar, size, config.learned, config.held_out)
    seen = seen_mask(sitting, size)
    landmarks = torch.from_numpy(avatar.points[list(NETWORK_LANDMARKS)].astype(np.float32))
    likeness = likeness_of(learned, landmarks, seen)
    portrait = portrait_of(avatar, size)
    with torch.no_grad():
        source = network.encode(*portrait)
    held_out = HeldOut(
        in_portrait_colours(looked_at, likeness), portrait, seen, likeness.face_only, difference
    )
    lesson = Lesson(
        network=network,
        source=source,
        person=_person(avatar, network.dimensions),
        windows=in_portrait_colours(learned, likeness),
        held_out=held_out,
        weights=LOSSES["lite"],
        trunk=trunk,
        config=config,
    )
    return lesson, likeness


def _person(avatar: Avatar, dimensions: LiteDimensions) -> Changes:
    """1 where the portrait shows the person or nearly so, in each size of features."""
    height, width = avatar.matte.shape
    left = (width - height) // 2
    square = np.ascontiguousarray(avatar.matte[:, left : left + height])
    reach = 2 * round(AROUND * height) + 1
    grown = cv2.dilate(square, np.ones((reach, reach), np.uint8))

    def scaled(channels: int, side: int) -> Tensor:
        small = cv2.resize(grown, (side, side), interpolation=cv2.INTER_AREA)
        shown = torch.from_numpy((np.asarray(small) > 127).astype(np.float32))
        return shown[None, None].expand(1, channels, side, side)

    d = dimensions
    return Changes(
        scaled(d.features_64, d.grid),
        scaled(d.features_128, 2 * d.grid),
        scaled(d.motion_features, d.grid),
    )


def _task(wanted: Wanted, config: PersonalConfig) -> Task:
    settings = {name: value for name, value in asdict(config).items() if name != "minutes"}
    return Task(
        avatar=wanted.avatar.digest,
        clip=wanted.clip_sha256,
        model=wanted.model,
        weights=wanted.checkpoint_sha256,
        settings=json.dumps(settings, sort_keys=True),
    )
