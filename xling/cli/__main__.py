"""`python -m xling.cli`, the same as `xling`."""

import sys

from xling.cli import main

sys.exit(main())
