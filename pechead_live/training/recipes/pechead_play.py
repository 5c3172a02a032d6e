"""A batch through PECHead: motion alone, single pictures, or clips with context."""

from typing import NamedTuple

from torch import Tensor

from pechead_live.model.frame_flow import FrameFlow
from pechead_live.model.landmark_flow import landmark_flow
from pechead_live.model.pechead import Driving, Output, PECHead, Source, State
from pechead_live.model.warp import downsample, resize_flow
from pechead_live.training.batches.batch import Batch
from pechead_live.training.recipes.clips import source_place


class Played(NamedTuple):
    """A clip that was drawn."""

    outputs: list[Output]
    """T of them."""

    sources: list[Source]
    """Of each frame; the same one T times if the source stands still."""

    state: State | None
    """After the last frame; None for single pictures."""


class Moved(NamedTuple):
    """The motion of one frame, without a picture."""

    source_keypoints: Tensor
    """(B, K, 2) k^s."""

    keypoints: Tensor
    """(B, K, 2) k^d."""

    flows: list[Tensor]
    """(B, h, h, 2) of the global and the local estimator, or of the only one."""


def play(
    network: PECHead,
    batch: Batch,
    state: State | None = None,
    frame_flow: FrameFlow | None = None,
) -> Played:
    """The frames in order, from ``state`` or from zeros.

    ``frame_flow`` measures how a moving source moves; None takes the flow of its landmarks.
    """
    sources = _sources(network, batch)
    state = network.initial_state(sources[0]) if state is None else state
    outputs: list[Output] = []
    for t, source in enumerate(sources):
        driving = driving_of(batch, t)
        if t == 0 or batch.source.shape[1] == 1:
            output, state = network.step(source, driving, state)
        else:
            flow = _flow_between(batch, t, frame_flow, source.feature.shape[-1])
            output, state = network.step_moving(source, sources[t - 1], flow, driving, state)
        outputs.append(output)
    return Played(outputs, sources, state)


def play_pairs(network: PECHead, batch: Batch) -> Played:
    """Each frame for itself, CAP bypassed."""
    sources = _sources(network, batch)
    outputs = [network.pair(source, driving_of(batch, t)) for t, source in enumerate(sources)]
    return Played(outputs, sources, None)


def move(network: PECHead, batch: Batch, t: int) -> Moved:
    """E and both Φ of frame ``t``; encoder, alignment and decoder are not run."""
    place = source_place(batch, t)
    thumbnail = downsample(batch.source[:, place])
    condition = batch.source_condition[:, place]
    count = network.dimensions.landmarks
    nothing = thumbnail.new_zeros(len(thumbnail), 0, 1, 1)
    source_keypoints = network.keypoints(thumbnail, condition)
    marks = batch.source_landmarks[:, place, :count]
    source = Source(nothing, nothing, thumbnail, condition, source_keypoints, marks)
    driving = driving_of(batch, t)
    side = thumbnail.shape[-1]
    prior = resize_flow(driving.prior_flow, side, side)
    driving = driving._replace(landmarks=driving.landmarks[:, :count], prior_flow=prior)
    keypoints = network.keypoints(thumbnail, driving.condition)
    branches = (network.mmfa.global_branch, network.mmfa.local_branch)
    flows = [
        branch.motion(thumbnail, branch.pairs(source, driving, keypoints)).flow
        for branch in branches
        if branch is not None
    ]
    return Moved(source_keypoints, keypoints, flows)


def driving_of(batch: Batch, t: int) -> Driving:
    """What frame ``t`` asks for."""
    return Driving(
        batch.driving_condition[:, t], batch.driving_landmarks[:, t], batch.guide_flow[:, t]
    )


def _sources(network: PECHead, batch: Batch) -> list[Source]:
    """Of each driving frame; a still one is encoded once."""
    frames = batch.driving.shape[1]
    encoded = [
        network.source(
            batch.source[:, s], batch.source_condition[:, s], batch.source_landmarks[:, s]
        )
        for s in range(batch.source.shape[1])
    ]
    return [encoded[source_place(batch, t)] for t in range(frames)]


def _flow_between(batch: Batch, t: int, frame_flow: FrameFlow | None, side: int) -> Tensor:
    """(B, h, h, 2) from source frame ``t`` to the one before it."""
    if frame_flow is not None:
        return frame_flow(batch.source[:, t], batch.source[:, t - 1])
    marks = batch.source_landmarks
    return landmark_flow(marks[:, t], marks[:, t - 1], side)
