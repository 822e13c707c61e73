"""Generated cases: with all switches at v1 there is no difference at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from parity.harness.case import Case
from parity.harness.generators import cases
from parity.harness.locate import first_parting
from parity.harness.render import render
from parity.harness.runner import Pair
from parity.harness.session import Session
from parity.harness.verdict import CaseReport, Verdict

FAILED = Path(__file__).resolve().parent.parent / "var" / "failed-cases"


def describe(pair: Pair, case: Case, report: CaseReport) -> str:
    """What a person needs: the differences, the bar where the engines part, and the command that replays it."""
    path = case.save(FAILED)
    lines = [str(report)]
    prepared = pair.prepare(case)
    a, b = pair.reference(prepared, events=True), pair.candidate(prepared, {}, events=True)
    if a.outcome is not None and b.outcome is not None:
        lines.append(render(a.outcome, b.outcome, report.differences))
        parting = first_parting(a.outcome.get("events", ()), b.outcome.get("events", ()))
        lines.append(str(parting) if parting else "the traces are equal")
    lines.append(f"replay with: python -m parity.harness replay {path}")
    return "\n".join(lines)


def test_generated_cases_are_equal_with_all_switches_at_v1(
    pair: Pair, session: Session, pytestconfig: pytest.Config
) -> None:
    wanted = pytestconfig.getoption("--cases")
    shrinking = [False]

    @settings(
        max_examples=wanted,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def run(case: Case) -> None:
        report = pair.run(case)
        if not shrinking[0]:
            session.add("generated", report)
        if report.verdict is not Verdict.MATCH:
            shrinking[0] = True
            pytest.fail(describe(pair, case, report))

    run()
    assert session.tallies["generated"].cases >= wanted // 2
