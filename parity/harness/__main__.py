"""``python -m parity.harness`` is ``omega-parity``."""

import sys

from parity.harness.cli import main

sys.exit(main())
