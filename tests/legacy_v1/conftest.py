"""V1 runs from its own source folder; nothing of the project is imported by it."""

from __future__ import annotations

import sys
from pathlib import Path

LEGACY_SRC = Path(__file__).resolve().parents[2] / "legacy_v1" / "src"
sys.path.insert(0, str(LEGACY_SRC))
