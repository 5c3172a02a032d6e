"""MediaPipe's selfie segmenter: how likely each pixel belongs to a person."""

import numpy as np

from pechead_live.assets import find_asset
from pechead_live.coefficients import FloatArray
from pechead_live.detector.library import load_mediapipe
from pechead_live.detector.quiet import quiet_start
from pechead_live.frame import Pixels


def segment_person(pixels: Pixels) -> FloatArray:
    """(H, W) in [0, 1], 1 on people. Raises `MissingAssetError` when the model is not at hand."""
    path = find_asset("selfie_segmenter")
    mediapipe = load_mediapipe()
    vision = mediapipe.tasks.vision
    options = vision.ImageSegmenterOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(path)),
        output_confidence_masks=True,
    )
    image = mediapipe.Image(
        image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels)
    )
    with quiet_start():
        segmenter = vision.ImageSegmenter.create_from_options(options)
    try:
        mask = segmenter.segment(image).confidence_masks[-1].numpy_view()
        return np.array(mask, np.float32).reshape(pixels.shape[:2])
    finally:
        segmenter.close()
