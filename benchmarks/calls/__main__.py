"""``python -m benchmarks.calls``: all that is measured of calls, one after the other.

``stream``: what coefficients cost and what arrives of them; ``codecs``: against H.264, VP9 and AV1;
``call``: two programs on a bad line, bits as IP packets (needs root). Together some 40 minutes.
"""

import argparse
import subprocess
import sys

PARTS = ("stream", "codecs", "call")


def main() -> int:
    """The exit status of the first part that fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--no-record", action="store_true", help="print only")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}: choose of {', '.join(PARTS)}")
    options = ["--no-record"] if arguments.no_record else []
    for part in arguments.parts or PARTS:
        command = [sys.executable, "-m", f"benchmarks.calls.{part}", *options]
        status = subprocess.run(command, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
