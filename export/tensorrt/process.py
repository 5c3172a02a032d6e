"""The program that builds one engine; run by `run_apart` with a `BuildJob`."""

import json
import os
import sys
from threading import Lock
from typing import Any

from engines.late_library import reason
from export.tensorrt.network import BuildJob, build
from pechead_live.errors import PecheadError


def main() -> int:
    """Builds, and says what happens as events on standard output."""
    job = BuildJob(**json.load(sys.stdin))
    # TensorRT's libraries write to standard output, too: theirs goes to standard error.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as events:
        os.dup2(2, 1)

        one_at_a_time = Lock()

        def tell(event: dict[str, Any]) -> None:
            with one_at_a_time:
                events.write(json.dumps(event) + "\n")
                events.flush()

        try:
            build(job, tell)
            tell({"result": {}})
        except PecheadError as error:
            tell({"error": str(error), "kind": type(error).__name__})
        except Exception as error:  # noqa: BLE001 - TensorRT's bindings raise kinds of their own
            tell({"error": f"{job.onnx} cannot be built: {reason(error)}", "kind": "InputError"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
