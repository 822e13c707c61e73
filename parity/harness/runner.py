"""Runs a case through two engines and judges it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parity.harness.case import Case, Prepared, prepare
from parity.harness.compare import Difference, Tolerances, compare
from parity.harness.engines import Engine
from parity.harness.outcome import Answer
from parity.harness.verdict import CaseReport, judge


@dataclass
class Clocks:
    """Where the time went, in seconds."""

    a: float = 0.0
    b: float = 0.0
    harness: float = 0.0


@dataclass
class Pair:
    """Two engines and what they share: reference ``a`` (V1) and candidate ``b`` (V2)."""

    a: Engine
    b: Engine
    folder: Path
    tolerances: Tolerances
    clocks: Clocks = field(default_factory=Clocks)

    def prepare(self, case: Case) -> Prepared:
        """Writes the case's files."""
        began = time.perf_counter()
        prepared = prepare(case, self.folder)
        self.clocks.harness += time.perf_counter() - began
        return prepared

    def reference(self, prepared: Prepared, *, events: bool = False) -> Answer:
        answer = self.a.run(prepared, {}, events=events)
        self.clocks.a += answer.seconds
        return answer

    def candidate(self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False) -> Answer:
        answer = self.b.run(prepared, switches, events=events)
        self.clocks.b += answer.seconds
        return answer

    def differences(self, a: Answer, b: Answer, *, parity: bool = True) -> list[Difference]:
        """Nothing when one of the engines failed: that is not a difference but a verdict of its own.

        Only comparisons at parity count as use of a tolerance.
        """
        if a.outcome is None or b.outcome is None:
            return []
        began = time.perf_counter()
        tolerances = self.tolerances if parity else Tolerances(self.tolerances.limits)
        found = compare(a.outcome, b.outcome, tolerances)
        self.clocks.harness += time.perf_counter() - began
        return found

    def run(self, case: Case, switches: Mapping[str, str] | None = None) -> CaseReport:
        """Both engines on one case; without switches V2 runs with everything at ``v1``."""
        prepared = self.prepare(case)
        a = self.reference(prepared)
        b = self.candidate(prepared, switches or {})
        return judge(case.id, a, b, self.differences(a, b, parity=not switches), parity=not switches)

    def close(self) -> None:
        self.a.close()
        self.b.close()
