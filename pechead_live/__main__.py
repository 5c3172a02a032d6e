"""``python -m pechead_live``."""

import sys

from pechead_live.cli import main

sys.exit(main())
