"""The studio's server of this benchmark: `python -m benchmarks.webrtc.server FOLDER`."""

import sys
from pathlib import Path

from aiohttp import web
from threadpoolctl import threadpool_limits

from benchmarks.webrtc.numbered import numbered
from pechead_live.cli.models import LITE
from pechead_live.cli.serve import parts_of
from pechead_live.host_memory import keep_freed_memory, keep_what_is_loaded
from pechead_live.studio.config import StudioConfig
from pechead_live.studio.gallery import Gallery
from pechead_live.studio.gate import GateConfig
from pechead_live.studio.intake import Intake
from pechead_live.studio.server import Studio, studio_app
from pechead_live.tracker.mediapipe import open_mediapipe_tracker
from pechead_live.weights import shipped


def main() -> None:
    """Serves on 127.0.0.1; prints the port."""
    folder = Path(sys.argv[1])
    gallery = Gallery(folder / "avatars")
    studio = Studio(
        parts=numbered(parts_of(open_mediapipe_tracker, gallery.open)),
        gallery=gallery,
        intake=Intake(),
        gate=GateConfig(hosts=frozenset({"127.0.0.1"})),
        config=StudioConfig(
            recordings=folder / "recordings",
            adapts=False,
            models=("analytic", *(model for model in LITE if shipped(model) is not None)),
        ),
        program="benchmark",
    )
    keep_freed_memory()
    keep_what_is_loaded()
    with threadpool_limits(1, user_api="blas"):
        web.run_app(
            studio_app(studio),
            host="127.0.0.1",
            port=int(sys.argv[2]),
            access_log=None,
            print=lambda *_: print("ready", flush=True),
        )


if __name__ == "__main__":
    main()
