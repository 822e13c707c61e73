"""Runs a case through two engines and judges it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import UNSET

from parity.harness.engines import Engine, configured, limits
from parity.harness.engines.clocks import Clocks
from parity.harness.model.case import Case
from parity.harness.model.files import Prepared, prepare
from parity.harness.model.limits import EVERYTHING, Limits
from parity.harness.model.outcome import Answer, Outcome
from parity.harness.oracle.compare import Difference, Tolerances, compare_answers
from parity.harness.oracle.equality import same_events
from parity.harness.oracle.fingerprint import Fingerprint, fingerprint
from parity.harness.oracle.spelled import spelled
from parity.harness.oracle.trace_diff import first_divergence, traces
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
    if first.failure is not None:
        return first
    problem = _contradiction(first, second)
    return first if problem is None else replace(first, outcome=None, failure=f"not deterministic: {problem}")


def _repeated(first: Answer, second: Answer) -> Answer:
    """The second answer, which says more, unless it contradicts the first."""
    checked = _consistent(first, second)
    return second if checked is first and first.failure is None else checked


def _contradiction(first: Answer, second: Answer) -> str | None:
    """In what an engine answers the same case in two ways; None where it does not. Messages are never compared."""
    a, b = first.outcome, second.outcome
    if a is None or b is None:
        return f"it answers a case and then fails with it ({second.failure})"
    found = compare_answers(first, second, Tolerances({}), limit=1, names=("its first answer", "its second answer"))
    if found:
        return f"one answer and the next differ in {found[0]}"
    both = traces(a, b)
    divergence = None if both is None else first_divergence(*both)
    return None if divergence is None else f"one trace and the next differ: {divergence.words()}"


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

    @property
    def names(self) -> tuple[str, str]:
        """What the engines are called: reference, candidate."""
        return self.a.name, self.b.name

    @classmethod
    def of(
        cls,
        engines: Path | None,
        folder: Path,
        tolerances: Tolerances,
        *,
        timeout: float = 60.0,
        v2_in_process: bool = False,
    ) -> Pair:
        """V1 and V2, or the pair of an ``engines.toml``; EnginesError when it names none."""
        a, b = configured(engines, timeout=timeout, v2_in_process=v2_in_process)
        return cls(a, b, folder, tolerances, limits=limits(engines))

    def prefetch(self, case: Case) -> None:
        """Writes the files of a case that is examined later; a thread may do that while the engines run."""
        self._prefetched[id(case)] = case, prepare(case, self.folder)

    def prepare(self, case: Case) -> Prepared:
        """Writes the case's files, unless they were prefetched."""
        began = time.perf_counter()
        # The case is kept with its files, so that no other case can take its id meanwhile.
        known = self._prefetched.pop(id(case), None)
        prepared = prepare(case, self.folder) if known is None else known[1]
        self.clocks.harness += time.perf_counter() - began
        return prepared

    def reference(self, prepared: Prepared, *, events: bool = False, gates: bool = False) -> Answer:
        """The reference's answer to a prepared case."""
        answer = self.a.run(prepared, {}, events=events, gates=gates)
        self.clocks.a += answer.seconds
        return answer

    def candidate(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        """The candidate's answer to a prepared case, with ``switches`` (name to ``"v1"`` or ``"v2"``)."""
        answer = self.b.run(prepared, switches, events=events, gates=gates)
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
        found = compare_answers(a, b, tolerances, names=self.names)
        self.clocks.harness += time.perf_counter() - began
        return found

    def run(self, case: Case, switches: Mapping[str, str] | None = None) -> CaseReport:
        """Both engines on one case; without switches V2 runs with everything at ``v1``."""
        prepared = self.prepare(case)
        a = self.reference(prepared)
        b = self.candidate(prepared, switches or {})
        differences = self.differences(a, b, parity=not switches)
        if not switches:
            differences = spelled(case, a, b, differences, self.names)
        return self._judged(case, a, b, differences, parity=not switches)

    def _judged(self, case: Case, a: Answer, b: Answer, differences: list[Difference], *, parity: bool) -> CaseReport:
        return judge(case.id, a, b, differences, parity=parity, names=self.names)

    def examine(self, case: Case, *, a: Answer | None = None) -> Examined:
        """A case at parity, traces and all; ``a`` is the reference's answer where it is known already.

        The candidate runs twice, once without its trace, for which it may have a fast path; the reference on every
        sixteenth case: an engine that contradicts itself proves nothing. Where there is a difference, both run once
        more and are asked for their gates, which cost time and explain.
        """
        prepared = self.prepare(case)
        known, self._examined = a is not None, self._examined + 1
        if a is None:
            a = self.reference(prepared, events=True)
        b = _consistent(self.candidate(prepared, {}, events=True), self.candidate(prepared, {}))
        differences = self._with_traces(case, a, b)
        if differences:
            a, b = self._with_gates(prepared, a, b, {})
            differences = self._with_traces(case, a, b)
        elif not known and a.failure is None and self._examined % SAMPLED == 0:
            a = _consistent(a, self.reference(prepared, events=True))
            differences = self._with_traces(case, a, b)
        return self._examined_case(case, a, b, differences, parity=True)

    def examine_at(self, case: Case, switches: Mapping[str, str]) -> Examined:
        """A case with these switches at ``v2``, traces and all: the engines need not agree."""
        prepared = self.prepare(case)
        a, b = self.reference(prepared, events=True), self.candidate(prepared, switches, events=True)
        if self.differences(a, b, parity=False):
            a, b = self._with_gates(prepared, a, b, switches)
        return self._examined_case(case, a, b, self.differences(a, b, parity=False), parity=False)

    def _with_gates(
        self, prepared: Prepared, a: Answer, b: Answer, switches: Mapping[str, str]
    ) -> tuple[Answer, Answer]:
        """Both answers once more, with what explains their difference."""
        return (
            _repeated(a, self.reference(prepared, events=True, gates=True)),
            _repeated(b, self.candidate(prepared, switches, events=True, gates=True)),
        )

    def _examined_case(
        self, case: Case, a: Answer, b: Answer, differences: list[Difference], *, parity: bool
    ) -> Examined:
        report = self._judged(case, a, b, differences, parity=parity)
        both_ran = isinstance(a.outcome, Outcome) and isinstance(b.outcome, Outcome)
        if both_ran and traces(a.outcome, b.outcome) is None:
            untraced = tuple(
                name
                for name, x in zip(self.names, (a.outcome, b.outcome), strict=True)
                if isinstance(x, Outcome) and x.events is UNSET
            )
            report = replace(report, unknown=report.unknown | {"events"}, untraced=untraced)
        kind = fingerprint(a, b, differences, names=self.names)
        return Examined(case=case, a=a, b=b, report=report, fingerprint=kind)

    def _with_traces(self, case: Case, a: Answer, b: Answer) -> list[Difference]:
        """The differences, spellings accounted for; where there are none, the traces decide, if both have one."""
        differences = spelled(case, a, b, self.differences(a, b), self.names)
        both = traces(a.outcome, b.outcome)
        if differences or both is None or same_events(*both):
            return differences
        return [
            Difference(
                group="events", field="", a=len(both[0]), b=len(both[1]), path="events",
                note="events; the traces differ, the results do not",
            )
        ]  # fmt: skip

    def close(self) -> None:
        """Ends both engines' processes; the next run starts new ones."""
        self.a.close()
        self.b.close()
