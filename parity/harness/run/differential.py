"""Runs a case through two engines and judges it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from parity.harness.engines import Engine, configured, limits
from parity.harness.engines.clocks import Clocks
from parity.harness.model.case import Case
from parity.harness.model.files import Prepared, prepare
from parity.harness.model.limits import EVERYTHING, Limits
from parity.harness.model.plain import Answer
from parity.harness.oracle.compare import Difference, Tolerances, compare
from parity.harness.oracle.fingerprint import Fingerprint, fingerprint
from parity.harness.oracle.verdict import CaseReport, judge


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A judged case with both answers, traces included. ``fingerprint`` is None when there is no difference."""

    case: Case
    a: Answer
    b: Answer
    report: CaseReport
    fingerprint: Fingerprint | None


#: The reference is run twice on every so many cases.
SAMPLED = 16


def _consistent(first: Answer, second: Answer) -> Answer:
    """The first answer, unless the second contradicts it; traces count where both have one."""
    if first.outcome is None or second.outcome is None:
        same = first.failure == second.failure
    else:
        left, right = dict(first.outcome), dict(second.outcome)
        traces = left.pop("events", None), right.pop("events", None)
        same = left == right and (None in traces or traces[0] == traces[1])
    if same or first.failure is not None:
        return first
    return replace(first, outcome=None, failure="not deterministic: it answers the same case in two ways")


@dataclass
class Pair:
    """Two engines and what they share: reference ``a`` (V1) and candidate ``b`` (V2)."""

    a: Engine
    b: Engine
    folder: Path
    tolerances: Tolerances
    limits: Limits = EVERYTHING
    _examined: int = 0
    _prefetched: dict[int, tuple[Case, Prepared]] = field(default_factory=dict)
    clocks: Clocks = field(default_factory=Clocks)

    @classmethod
    def of(cls, engines: Path | None, folder: Path, tolerances: Tolerances, *, timeout: float = 60.0) -> Pair:
        """V1 and V2, or the pair of an ``engines.toml``; EnginesError when it names none."""
        a, b = configured(engines, timeout=timeout)
        allowed = EVERYTHING
        for own in limits(engines):
            allowed = allowed.narrowed(own)
        return cls(a, b, folder, tolerances, limits=allowed)

    def prefetch(self, case: Case) -> None:
        """Writes the files of a case that is examined later; a thread may do that beside the engines."""
        self._prefetched[id(case)] = case, prepare(case, self.folder)

    def prepare(self, case: Case) -> Prepared:
        """Writes the case's files, unless that was done ahead."""
        began = time.perf_counter()
        # The case is kept beside its files, so that no other case can have its id meanwhile.
        known = self._prefetched.pop(id(case), None)
        prepared = prepare(case, self.folder) if known is None else known[1]
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

        The candidate runs twice, once without its trace, for which it may have a shorter way; the reference on every
        sixteenth case, and whenever there is a difference: an engine that contradicts itself proves nothing.
        """
        prepared = self.prepare(case)
        known, self._examined = a is not None, self._examined + 1
        if a is None:
            a = self.reference(prepared, events=True)
        b = _consistent(self.candidate(prepared, {}, events=True), self.candidate(prepared, {}))
        differences = self._with_traces(a, b)
        if not known and a.failure is None and (differences or self._examined % SAMPLED == 0):
            a = _consistent(a, self.reference(prepared, events=True))
            differences = self._with_traces(a, b)
        report = replace(judge(case.id, a, b, differences, parity=True), untraced=self._untraced(a, b))
        return Examined(case=case, a=a, b=b, report=report, fingerprint=fingerprint(a, b, differences))

    def _untraced(self, a: Answer, b: Answer) -> tuple[str, ...]:
        """Engines that ran a case and gave no trace of it."""
        sides = ((self.a.name, a.outcome), (self.b.name, b.outcome))
        return tuple(
            name
            for name, outcome in sides
            if outcome is not None and "events" not in outcome and "error" not in outcome
        )

    def _with_traces(self, a: Answer, b: Answer) -> list[Difference]:
        """The differences; where there are none, the traces decide, if both engines have one."""
        differences = self.differences(a, b)
        if differences or a.outcome is None or b.outcome is None:
            return differences
        left, right = a.outcome.get("events"), b.outcome.get("events")
        if left is None or right is None or left == right:
            return []
        return [
            Difference(
                path="events",
                a=len(left),
                b=len(right),
                group="events",
                note="events; the traces differ, the results do not",
            )
        ]

    def close(self) -> None:
        self.a.close()
        self.b.close()
