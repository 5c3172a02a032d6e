"""The README's pictures, made from the bundled samples: ``python -m benchmarks.pictures``."""

from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from pechead_live.avatar.file import open_avatar
from pechead_live.cli.animate import poses
from pechead_live.cli.demo import mesh_picture
from pechead_live.cli.edit import grid, labelled_grid
from pechead_live.facemodel.model import load_face_model
from pechead_live.frame import Pixels
from pechead_live.motion import MotionConfig, Overrides
from pechead_live.recording import Recording, read_recording
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample
from pechead_live.sink.label import draw_label

FOLDER = Path(__file__).parent.parent / "docs"
SIDE = 240
EVERY = 3
"""Of the recording's frames one in so many is shown: 10 pictures a second."""


def main() -> None:
    """Writes docs/demo.webp (mesh beside avatar) and docs/grid.jpg."""
    avatar = open_avatar(sample("astronaut.avatar"))
    with threadpool_limits(1, user_api="blas"):
        renderer = AnalyticRenderer(avatar, SIDE, SIDE)
        frames: list[Pixels] = []
        for name, span in (("expressions.npz", slice(40, 180)), ("talking.npz", slice(20, 110))):
            whole = read_recording(sample(name))
            part = Recording(coefficients=whole.coefficients[span], fps=whole.fps)
            moved = poses(part, avatar, MotionConfig(), Overrides())
            model = load_face_model()
            for i, (driver, shown) in enumerate(zip(part.coefficients, moved, strict=True)):
                picture, _ = renderer.render(shown, renderer.initial_state())
                if i % EVERY == 0:
                    mesh = mesh_picture(driver, model, SIDE)
                    frames.append(np.hstack([mesh, draw_label(picture.pixels)]))
        sheet = grid(AnalyticRenderer(avatar, 400, 400), avatar.rest)
    first, *others = [Image.fromarray(frame) for frame in frames]
    first.save(
        FOLDER / "demo.webp",
        save_all=True,
        append_images=others,
        duration=round(1000 * EVERY / 30),
        loop=0,
        quality=40,
        method=6,
    )
    Image.fromarray(labelled_grid(sheet)).save(FOLDER / "grid.jpg", quality=85)


if __name__ == "__main__":
    main()
