"""``python -m parity.harness`` is ``omega-parity``."""

import sys

from parity.harness.cli.main import main

sys.exit(main())
