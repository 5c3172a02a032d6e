"""Learning the changes: Adam on three tensors, the network as it is."""

import math
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pechead_live.errors import InputError
from pechead_live.model.lite.network import Lite, LiteSource
from pechead_live.model.lite.personal import Changes, changes_of, personal_of
from pechead_live.training.losses.pixel import pixel_loss
from pechead_live.training.losses.regions import face_weight
from pechead_live.training.losses.trunk import Trunk
from pechead_live.training.losses.weights import LossConfig
from pechead_live.training.personal.config import PersonalConfig
from pechead_live.training.personal.drawing import counted, draw_windows, nothing_learned
from pechead_live.training.personal.held_out import HeldOut, figures_of, perceptual_name
from pechead_live.training.personal.progress_file import Counts
from pechead_live.training.personal.windows import Windows, batch_of
from pechead_live.training.recipes.clips import CARRIED, backwards
from pechead_live.training.recipes.picture_terms import flat, picture_terms


class Report(NamedTuple):
    """One step, for whoever watches."""

    step: int
    """Steps done."""

    loss: float
    """Of this step."""

    perceptual: float
    """Of the best look so far, on the held-out frames."""

    seconds_left: float
    """At most, of this sitting."""


class Lesson(NamedTuple):
    """All that is learned from and with; nothing in it changes."""

    network: Lite
    source: LiteSource
    person: Changes
    """1 where a change may be, 0 where the portrait shows no person."""
    windows: Windows
    held_out: HeldOut
    weights: LossConfig
    trunk: Trunk
    config: PersonalConfig


class Learning:
    """The changes as they are learned, and the best of them."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self.counts = Counts()
        zeros = nothing_learned(lesson.source, lesson.person.motion_features.shape[1])
        self._changes = Changes(*(tensor.requires_grad_(True) for tensor in zeros))
        self.best = Changes(*(tensor.detach().clone() for tensor in zeros))
        self._adam = torch.optim.Adam(list(self._changes), lr=lesson.config.learning_rate)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        config, counts = self._lesson.config, self.counts
        return counts.step >= config.steps or counts.waited >= config.patience

    def reports(self, stop: threading.Event) -> Generator[Report]:
        """Step after step, until it is finished, the minutes are over or ``stop`` is set."""
        config, began = self._lesson.config, time.monotonic()
        if not self.counts.before:
            self._look()
        first = self.counts.step
        while not self.finished and not stop.is_set():
            loss = self._learn()
            spent = time.monotonic() - began
            over = spent >= 60 * config.minutes
            if (
                self.counts.step % config.look_every == 0
                or self.counts.step == config.steps
                or over
            ):
                self._look()
            pace = spent / (self.counts.step - first)
            left = min(60 * config.minutes - spent, (config.steps - self.counts.step) * pace)
            figures = self.counts.after or self.counts.before
            yield Report(
                self.counts.step, loss, figures[perceptual_name(self._lesson.held_out)], left
            )
            if over:
                return

    def tensors(self) -> dict[str, Tensor]:
        """Everything that another sitting needs to go on."""
        found: dict[str, Tensor] = {}
        for name, tensor, best in zip(Changes._fields, self._changes, self.best, strict=True):
            found[f"change.{name}"], found[f"best.{name}"] = tensor, best
            for moment, value in self._adam.state.get(tensor, {}).items():
                found[f"adam.{name}.{moment}"] = value
        return found

    def load(self, counts: Counts, tensors: dict[str, Tensor]) -> None:
        """Goes on from what `tensors` gave; `InputError` if it is of another network."""
        with torch.no_grad():
            for name, tensor, best in zip(Changes._fields, self._changes, self.best, strict=True):
                for part, mine in (("change", tensor), ("best", best)):
                    found = tensors.get(f"{part}.{name}")
                    if found is None or found.shape != mine.shape:
                        raise InputError(
                            f"the state lacks {part}.{name} {tuple(mine.shape)}: remove it to "
                            "begin anew"
                        )
                    mine.copy_(found)
                prefix = f"adam.{name}."
                moments = {
                    key.removeprefix(prefix): value.clone()
                    for key, value in tensors.items()
                    if key.startswith(prefix)
                }
                if moments:
                    self._adam.state[tensor] = moments
        self.counts = counts

    def _learn(self) -> float:
        """One step. Everything random in it depends on the seed and the step alone."""
        lesson, config, step = self._lesson, self._lesson.config, self.counts.step
        random = np.random.default_rng((config.seed, step))
        torch.manual_seed(config.seed * 1_000_003 + step)
        chosen = random.integers(len(lesson.windows.truth), size=config.windows).tolist()
        batch = batch_of(lesson.windows, chosen, lesson.held_out.portrait)
        changes = self._allowed()
        state = None
        if random.random() < CARRIED:
            with torch.no_grad():
                state = draw_windows(lesson.network, lesson.source, changes, backwards(batch))[1]
        outputs, _ = draw_windows(lesson.network, lesson.source, changes, batch, state)
        drawn = torch.stack([output.picture for output in outputs], dim=1)
        kept = lesson.held_out
        aim = counted(drawn, batch, kept.seen, face_only=kept.face_only)
        terms = picture_terms(lesson.weights, lesson.trunk, drawn, aim)
        painted = flat(torch.stack([output.painted for output in outputs], dim=1))
        truth = flat(aim.driving)
        height, width = truth.shape[-2:]
        region = face_weight(flat(batch.truth_landmarks), height, width, lesson.weights.face)
        terms["painted"] = lesson.weights.painted * pixel_loss(painted, truth, region)
        loss = torch.stack(list(terms.values())).sum()
        self._adam.zero_grad()
        loss.backward()
        value = loss.item()
        if math.isfinite(value):  # else this step teaches nothing
            for group in self._adam.param_groups:
                group["lr"] = config.rate(step)
            self._adam.step()
        self.counts = replace(self.counts, step=step + 1)
        return value

    def _allowed(self) -> Changes:
        """Only where the person is: what lies behind may be another place tomorrow."""
        pairs = zip(self._changes, self._lesson.person, strict=True)
        return Changes(*(change * where for change, where in pairs))

    def _look(self) -> None:
        """Compares on the held-out frames, rounded as they are stored; keeps the best."""
        lesson, counts = self._lesson, self.counts
        stored = changes_of(personal_of(self._allowed(), "", ""))
        figures = figures_of(lesson.network, lesson.source, stored, lesson.held_out, lesson.trunk)
        if not counts.before:
            self.counts = replace(counts, before=figures)
            return
        name = perceptual_name(lesson.held_out)
        if figures[name] < (counts.after or counts.before)[name]:
            self.best = Changes(*(tensor.detach().clone() for tensor in self._allowed()))
            self.counts = replace(counts, after=figures, best_step=counts.step, waited=0)
        else:
            self.counts = replace(counts, waited=counts.waited + 1)
