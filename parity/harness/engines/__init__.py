"""Engines under comparison. Nothing above this package asks which engine it holds.

An engine has a ``name`` and runs a prepared case under given switches; an engine without switches ignores them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from parity.harness.engines.configured import EnginesError, configured, limits
from parity.harness.engines.v1 import V1Engine
from parity.harness.engines.v2 import SWITCHES, V2Engine
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer

__all__ = ["SWITCHES", "Engine", "EnginesError", "V1Engine", "V2Engine", "configured", "limits"]


class Engine(Protocol):
    """One engine. ``run`` never raises for what the engine does: crashes and hangs are failures of the answer."""

    name: str

    def run(self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False) -> Answer:
        """The engine's answer to a case; ``switches`` maps names to ``"v1"`` or ``"v2"``."""
        ...

    def close(self) -> None:
        """Ends what the engine holds open."""
        ...
