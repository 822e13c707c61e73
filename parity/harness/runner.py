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
from parity.harness.signature import Signature, signature
from parity.harness.verdict import CaseReport, judge


@dataclass
class Clocks:
    """Where the time went, in seconds."""

    a: float = 0.0
    b: float = 0.0
    harness: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A judged case with both answers, traces included. ``signature`` is None when there is no difference."""

    case: Case
    a: Answer
    b: Answer
    report: CaseReport
    signature: Signature | None


def _same(b: Answer, plain: Answer) -> bool:
    if b.outcome is None or plain.outcome is None:
        return b.failure == plain.failure
    return {k: v for k, v in b.outcome.items() if k != "events"} == plain.outcome


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

    def examine(self, case: Case, *, a: Answer | None = None) -> Examined:
        """A case at parity, traces and all; ``a`` is the reference's answer where it is known already.

        V2 runs twice, once without its trace, for which it has a shorter way: both must say the same.
        """
        prepared = self.prepare(case)
        if a is None:
            a = self.reference(prepared, events=True)
        b = self.candidate(prepared, {}, events=True)
        if b.failure is None and not _same(b, self.candidate(prepared, {})):
            b = Answer(outcome=None, failure="not deterministic: it answers otherwise without its trace")
        differences = self.differences(a, b)
        if not differences and a.outcome is not None and b.outcome is not None:
            traces = [x.outcome.get("events", []) if x.outcome else [] for x in (a, b)]
            if traces[0] != traces[1]:
                differences = [Difference(path="events", a=len(traces[0]), b=len(traces[1]), group="events")]
        report = judge(case.id, a, b, differences, parity=True)
        return Examined(case=case, a=a, b=b, report=report, signature=signature(a, b, differences))

    def close(self) -> None:
        self.a.close()
        self.b.close()
