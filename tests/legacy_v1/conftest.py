"""V1 runs from its own source folder; nothing of the project is imported by it."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "legacy_v1" / "src"), str(HERE)]
