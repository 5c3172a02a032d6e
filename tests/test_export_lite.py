"""A lite network's ONNX files: their ports, and what they draw from frame to frame."""

from pathlib import Path

import onnx
import pytest
import torch
from export_samples import (
    Running,
    carried,
    host_picture,
    levels,
    near,
    opened,
    ports,
)
from lite_samples import clip_of, draw
from shared_exports import export_once
from torch import Tensor

from export.graphs.config import ExportConfig
from export.parts.networks import untrained
from pechead_live.model.lite.network import Lite
from pechead_live.model.warp import resize_flow, warp

FRAMES = 4
TOLERANCE = 1e-5
GRID, FINE, COARSE, SIDE = 16, 32, 8, 64

SOURCE = {
    "source_features_64": ("float32", (GRID, GRID, 8)),
    "source_features_128": ("float32", (FINE, FINE, 8)),
    "source_motion_features": ("float32", (1, 18, GRID, GRID)),
    "source_keypoints": ("float32", (1, 10, 2)),
}
GUIDE = {"guide_flow": ("float32", (64, 64, 2)), "guide_share": ("float32", (64, 64))}
PICTURE = ("float32", (SIDE, SIDE, 3))
CONDITION = {"condition": ("float32", (61,))}
HIDDEN = ("float32", (1, 8, COARSE, COARSE))
PAINTING = {
    "painted": PICTURE,
    "alpha": ("float32", (SIDE, SIDE)),
    "next_state_hidden": HIDDEN,
}
RESIDUAL = {"residual": ("float32", (GRID, GRID, 2))}
OCCLUSION = {"occlusion": ("float32", (1, 1, GRID, GRID))}
DRIVING = {**CONDITION, "guide_picture": PICTURE}

PORTS = {
    "encode": {"portrait": PICTURE, **CONDITION, **SOURCE},
    "motion": {
        **{name: SOURCE[name] for name in ("source_motion_features", "source_keypoints")},
        **CONDITION,
        **GUIDE,
        "flow": ("float32", (GRID, GRID, 2)),
        **RESIDUAL,
        **OCCLUSION,
    },
    "decode": {
        "features_64": SOURCE["source_features_64"],
        "features_128": SOURCE["source_features_128"],
        **OCCLUSION,
        **DRIVING,
        "guide_share": GUIDE["guide_share"],
        "state_hidden": HIDDEN,
        **PAINTING,
    },
    "step": {**SOURCE, **DRIVING, **GUIDE, "state_hidden": HIDDEN, **RESIDUAL, **PAINTING},
}


@pytest.fixture(scope="module")
def toy() -> Lite:
    """Not fused: what the files are compared with."""
    module = untrained("lite-toy").module
    assert isinstance(module, Lite)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lite")


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Running]:
    config = ExportConfig(pixels="float32")
    return opened(folder, export_once(tmp_path_factory, "lite-toy", folder, config, *PORTS))


def channels_last(features: Tensor, flow: Tensor) -> Tensor:
    """(h, w, C) warped by (h', w', 2), as `cv2.remap` does between the graphs."""
    side = features.shape[0]
    return warp(features.permute(2, 0, 1)[None], resize_flow(flow[None], side, side))[0].permute(
        1, 2, 0
    )


@pytest.mark.parametrize("part", PORTS)
def test_ports_have_the_names_types_and_shapes_that_engines_know(
    exported: dict[str, Running], part: str
):
    assert ports(exported[part].manifest) == PORTS[part]
    assert list(ports(exported[part].manifest)) == list(PORTS[part])


def test_the_state_that_is_carried_is_told_by_its_name(exported: dict[str, Running]):
    assert exported["step"].manifest.carried == {"next_state_hidden": "state_hidden"}
    assert exported["encode"].manifest.carried == {}


@pytest.mark.parametrize("part", PORTS)
def test_no_normalisation_is_left(exported: dict[str, Running], folder: Path, part: str):
    kinds = {node.op_type for node in onnx.load(folder / f"{part}.onnx").graph.node}
    assert "Conv" in kinds
    assert "BatchNormalization" not in kinds
    assert exported[part].manifest.form == "none"


def test_the_encoder_gives_what_torch_gives(exported: dict[str, Running], toy: Lite):
    clip = clip_of(toy)
    with torch.no_grad():
        source = toy.encode(clip.portrait, clip.rest)
    ours = exported["encode"](portrait=host_picture(clip.portrait), condition=clip.rest[0])
    assert ours["source_features_64"] == near(host_picture(source.features_64), TOLERANCE)
    assert ours["source_features_128"] == near(host_picture(source.features_128), TOLERANCE)
    assert ours["source_motion_features"] == near(source.motion_features, TOLERANCE)
    assert ours["source_keypoints"] == near(source.keypoints, TOLERANCE)


@pytest.mark.parametrize("cut", [True, False], ids=["cut at the warps", "whole"])
def test_frame_after_frame_it_paints_what_torch_paints(
    exported: dict[str, Running], toy: Lite, cut: bool
):
    clip = clip_of(toy, FRAMES)
    expected, last = draw(toy, clip)
    source = exported["encode"](portrait=host_picture(clip.portrait), condition=clip.rest[0])
    state = {"state_hidden": torch.zeros(HIDDEN[1])}
    for t, output in enumerate(expected):
        driving = {
            "condition": clip.conditions[t],
            "guide_picture": host_picture(clip.pictures[t : t + 1]),
            "guide_flow": clip.flows[t],
            "guide_share": clip.shares[t],
        }
        if cut:
            moved = exported["motion"](**source, **driving)
            drawn = {**moved} | exported["decode"](
                features_64=channels_last(source["source_features_64"], moved["flow"]),
                features_128=channels_last(source["source_features_128"], moved["flow"]),
                occlusion=moved["occlusion"],
                **driving,
                **state,
            )
            assert moved["flow"] == near(output.flow[0], TOLERANCE)
            assert moved["occlusion"] == near(output.occlusion, TOLERANCE)
        else:
            drawn = exported["step"](**source, **driving, **state)
        assert drawn["painted"] == near(host_picture(output.painted), TOLERANCE)
        assert drawn["alpha"] == near(output.alpha[0, 0], TOLERANCE)
        assert drawn["residual"] == near(output.residual[0], TOLERANCE)
        state = carried(drawn)
    assert state["state_hidden"] == near(last.hidden, TOLERANCE)
    assert last.hidden.abs().max() > 0.1


def test_bytes_in_and_out_are_the_same_picture_to_a_level(
    exported: dict[str, Running], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    manifests = export_once(tmp_path_factory, "lite-toy", tmp_path, ExportConfig(), "decode")
    decode = opened(tmp_path, manifests)["decode"]
    known = ports(decode.manifest)
    assert known["guide_picture"] == known["painted"] == ("uint8", (SIDE, SIDE, 3))
    assert known["alpha"] == PAINTING["alpha"]
    random = torch.Generator().manual_seed(2)
    given = {
        port.name: torch.rand(port.shape, generator=random)
        for port in exported["decode"].manifest.inputs
    }
    bytes_in = levels(given["guide_picture"])
    ours = decode(**given | {"guide_picture": bytes_in})
    floats = exported["decode"](**given | {"guide_picture": bytes_in / 255})
    apart = ours["painted"].int() - levels(floats["painted"]).int()
    assert apart.abs().max() <= 1
    assert apart.float().abs().mean() < 0.01
    assert ours["painted"].float().std() > 5
