"""PECHead as a whole: settings, caching, memory."""

import copy
import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pechead_samples import (
    PLAIN,
    TOY,
    conditions,
    drive,
    landmarks,
    network,
    pictures,
    play,
    portrait,
    source_of,
)
from torch import nn

from pechead_live.errors import InputError
from pechead_live.model.cap import two_step_warp
from pechead_live.model.dimensions import PRESETS, SETTINGS, Dimensions, preset
from pechead_live.model.pechead import Driving, PECHead, Source
from pechead_live.model.residual import freeze_batch_norm
from pechead_live.model.warp import identity_grid, warp

STILL = identity_grid(64, 64, torch.zeros(1))[None]

EVERY_TOY = {
    f"{setting}-{name}": dataclasses.replace(dimensions, setting=setting)
    for setting in SETTINGS
    for name, dimensions in {"toy": TOY, "plain": PLAIN}.items()
} | {
    "without dcn": dataclasses.replace(TOY, dcn=False),
    "twice the size": dataclasses.replace(TOY, upscale=2),
}


@pytest.fixture(scope="module")
def toy() -> PECHead:
    return network()


def at_rest(source: Source) -> Driving:
    """Asks for what the portrait shows."""
    return Driving(
        source.condition, source.landmarks, STILL.expand(len(source.feature), -1, -1, -1)
    )


@pytest.mark.parametrize("dimensions", EVERY_TOY.values(), ids=EVERY_TOY.keys())
def test_every_setting_draws_a_clip_and_every_weight_of_it_learns(dimensions: Dimensions):
    made = network(dimensions).train()
    source = made.source(portrait(batch=2), conditions(2, 1), landmarks(2, 1))
    state = made.initial_state(source)
    loss = torch.zeros(())
    for driving in drive(2, batch=2):
        output, state = made.step(source, driving, state)
        side = dimensions.size * dimensions.upscale
        assert output.picture.shape == (2, 3, side, side)
        assert output.motion.local_flow.shape == (2, 16, 16, 2)
        assert output.motion.global_occlusion.shape == (2, 1, 16, 16)
        loss = loss + output.picture.square().mean()
    last_hidden = state.hidden.square().mean()
    (loss + last_hidden).backward()
    lost = [name for name, each in made.named_parameters() if each.grad is None]
    assert lost == []


@pytest.mark.parametrize("setting", ["kp", "lmk", "full"])
def test_a_setting_without_keypoints_has_no_estimator(setting: str):
    made = network(dataclasses.replace(TOY, setting=setting))
    (output, *_), _ = play(made, source_of(made), drive(1))
    count = 0 if setting == "lmk" else 10
    assert output.keypoints.shape == (1, count, 2)
    assert (made.estimator is None) == (setting == "lmk")


@pytest.mark.parametrize("dimensions", [TOY, PLAIN], ids=["toy", "plain"])
def test_what_the_portrait_shows_already_is_exactly_no_motion(dimensions: Dimensions):
    made = network(dimensions)
    for name, module in made.named_modules():
        if name.endswith("correction"):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
    source = source_of(made, batch=2)
    (output,), _ = play(made, source, [at_rest(source)])
    still = identity_grid(16, 16, torch.zeros(1)).expand(2, -1, -1, -1)
    assert torch.equal(output.motion.global_flow, still)
    assert torch.equal(output.motion.local_flow, still)
    assert torch.equal(output.keypoints, source.keypoints)


def test_a_cached_source_draws_what_an_uncached_one_draws(toy: PECHead):
    clip = drive(3)
    cached, _ = play(toy, source_of(toy), clip)
    state = toy.initial_state(source_of(toy))
    for output, driving in zip(cached, clip, strict=True):
        (fresh,), state = play(toy, source_of(toy), [driving], state)
        assert output.picture == pytest.approx(fresh.picture, abs=1e-6)


@settings(max_examples=8, deadline=None)
@given(cut=st.integers(0, 5), seed=st.integers(0, 1000))
def test_a_clip_cut_anywhere_gives_the_same_pictures(toy: PECHead, cut: int, seed: int):
    source, clip = source_of(toy), drive(5, seed)
    whole, _ = play(toy, source, clip)
    first, state = play(toy, source, clip[:cut])
    kept = type(state)(*(each.clone() for each in state))
    play(toy, source_of(toy, seed=9), drive(2, seed=8))
    # the rest is drawn by a network that has never seen the beginning
    rest, _ = play(network(), source, clip[cut:], kept)
    assert torch.equal(pictures(whole), pictures(first + rest))


def test_the_memory_is_used(toy: PECHead):
    source, clip = source_of(toy), drive(3)
    whole, _ = play(toy, source, clip)
    forgotten, _ = play(toy, source, clip[2:])
    assert (whole[2].picture - forgotten[0].picture).abs().max() > 1e-3


@settings(max_examples=5, deadline=None)
@given(change=st.integers(1, 3))
def test_the_future_does_not_change_the_past(toy: PECHead, change: int):
    source, clip = source_of(toy), drive(4)
    other = [*clip[:change], *drive(4, seed=77)[change:]]
    one, another = (pictures(play(toy, source, each)[0]) for each in (clip, other))
    assert torch.equal(one[:change], another[:change])
    assert not torch.equal(one[change:], another[change:])


def test_the_state_starts_as_zeros_and_going_back_to_it_starts_afresh(toy: PECHead):
    source, clip = source_of(toy, batch=2), drive(2, batch=2)
    zeros = toy.initial_state(source)
    assert [tuple(each.shape) for each in zeros] == [(2, 32, 16, 16), (2, 8, 16, 16), (2, 70, 2)]
    assert not any(each.any() for each in zeros)
    before, state = play(toy, source, clip)
    assert all(each.any() for each in state)
    after, _ = play(toy, source, clip, toy.initial_state(source))
    assert torch.equal(pictures(before), pictures(after))


def test_portraits_of_a_batch_do_not_see_each_other(toy: PECHead):
    together, _ = play(toy, source_of(toy, batch=2), drive(2, batch=2))
    source = Source(*(each[:1] for each in source_of(toy, batch=2)))
    alone, _ = play(toy, source, [Driving(*(each[:1] for each in d)) for d in drive(2, batch=2)])
    assert pictures(together)[:, :1] == pytest.approx(pictures(alone), abs=1e-5)


def test_a_source_that_does_not_move_is_a_still_portrait(toy: PECHead):
    source, state = source_of(toy), toy.initial_state(source_of(toy))
    driving = drive(1)[0]
    with torch.no_grad():
        still, _ = toy.step(source, driving, state)
        moving, _ = toy.step_moving(source, source, STILL, driving, state)
        shaken, _ = toy.step_moving(source, source, STILL + 0.3, driving, state)
    assert moving.picture == pytest.approx(still.picture, abs=1e-5)
    assert (shaken.picture - still.picture).abs().max() > 1e-3


def test_the_first_warp_is_that_of_the_source_the_second_that_of_the_face():
    feature = torch.randn(1, 2, 16, 16)
    still = identity_grid(16, 16, feature)[None]
    step = 2 / 15
    frame, local = (still + torch.tensor(each) * step for each in ((2.0, 0.0), (0.0, 3.0)))
    both = two_step_warp(feature, frame, local)
    assert both[..., :-3, :-2] == pytest.approx(feature[..., 3:, 2:], abs=1e-4)
    assert both == pytest.approx(warp(warp(feature, frame), local), abs=1e-6)


def test_untrained_context_changes_nothing_so_clips_go_on_from_single_pictures():
    torch.manual_seed(0)
    made = PECHead(TOY).eval()
    source, driving = source_of(made), drive(1)[0]
    with torch.no_grad():
        single = made.pair(source, driving)
    (first, second), _ = play(made, source, [driving, driving])
    assert torch.equal(first.picture, single.picture)
    assert torch.equal(second.picture, single.picture)


def test_an_aligned_state_follows_the_face_from_frame_to_frame():
    made = network()
    source, clip = source_of(made), drive(2)
    (_, aligned), _ = play(made, source, clip)
    made.cap.align_state = False
    (_, as_it_was), _ = play(made, source, clip)
    assert (aligned.picture - as_it_was.picture).abs().max() > 1e-4


def test_frozen_batch_normalisation_trains_as_it_draws_and_keeps_its_statistics():
    made = network()
    before = {name: each.clone() for name, each in made.named_buffers()}
    source, clip = source_of(made), drive(1)
    drawn, _ = play(made, source, clip)
    made.train()
    freeze_batch_norm(made)
    trained, _ = play(made, source_of(made), clip)
    assert torch.equal(pictures(drawn), pictures(trained))
    assert all(torch.equal(each, before[name]) for name, each in made.named_buffers())


def test_under_autocast_coordinates_and_state_stay_float32(toy: PECHead):
    source, clip = source_of(toy), drive(3)
    exact, _ = play(toy, source, clip)
    with torch.autocast("cpu", torch.bfloat16):
        half_source = source_of(toy)
        rough, state = play(toy, half_source, clip)
    assert half_source.feature.dtype == torch.bfloat16
    for each in (*state, rough[0].keypoints, rough[0].motion.local_flow, half_source.thumbnail):
        assert each.dtype == torch.float32
    assert torch.equal(rough[0].keypoints, exact[0].keypoints)
    assert pictures(rough).float() == pytest.approx(pictures(exact), abs=0.05)


def test_the_landmarks_beyond_the_network_s_own_number_are_not_looked_at():
    made = network(PLAIN)
    source, clip = source_of(made), drive(1)
    assert source.landmarks.shape == (1, 68, 2)
    changed = clip[0].landmarks.clone()
    changed[:, 68:] = 0.9
    one, _ = play(made, source, clip)
    other, _ = play(made, source, [clip[0]._replace(landmarks=changed)])
    assert torch.equal(pictures(one), pictures(other))


def test_a_copy_of_a_network_draws_the_same(toy: PECHead):
    source, clip = source_of(toy), drive(2)
    one, other = (pictures(play(each, source, clip)[0]) for each in (toy, copy.deepcopy(toy)))
    assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"setting": "everything"}, "everything"),
        ({"size": 60}, "60"),
        ({"upscale": 3}, "3"),
        ({"fuse_kernel": 5}, "5"),
        ({"landmarks": 71}, "71"),
        ({"width": 0}, "width"),
        ({"align_groups": 5}, "5 groups"),
        ({"landmark_variance": 0.0}, "variance"),
    ],
)
def test_dimensions_that_fit_no_network_are_refused(change: dict[str, object], said: str):
    with pytest.raises(InputError, match=said):
        dataclasses.replace(TOY, **change)


def test_presets_are_found_by_name_and_no_other():
    assert preset("toy") is PRESETS["toy"]
    with pytest.raises(InputError, match="huge"):
        preset("huge")
