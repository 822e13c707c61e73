"""Engines under comparison. Nothing above this package asks which engine it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from parity.harness.engines.configured import EnginesError, configured, limits
from parity.harness.engines.v1 import V1Engine
from parity.harness.engines.v2 import SWITCHES, V2Engine, V2InProcess
from parity.harness.model.capabilities import Capabilities
from parity.harness.model.case import Case
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer

__all__ = ["SWITCHES", "Engine", "EnginesError", "V1Engine", "V2Engine", "V2InProcess", "configured", "limits"]


class Engine(Protocol):
    """One engine. ``run`` never raises for what the engine does: crashes and hangs are failures of the answer."""

    name: str

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: as declared for it and, after its first answer, as announced by it."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a report has to say about it besides its verdicts, a sentence each."""
        ...

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        """The engine's answer to a case; ``switches`` maps names to ``"v1"`` or ``"v2"``.

        ``gates`` asks for what explains a difference: the gates in the trace and, in ``extra["config"]``, the config
        as the engine understood it. An engine that has neither ignores it.
        """
        ...

    def indicators(self, case: Case, ts: int) -> Mapping[str, float | None]:
        """What its rules compared at the close of the bar that opens at ``ts`` (ns); empty where it does not know."""
        ...

    def close(self) -> None:
        """Ends what the engine holds open; the next ``run`` starts afresh."""
        ...
