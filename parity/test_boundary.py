"""V1's boundary rules (spec 9.5), measured on every run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from parity.harness.boundary import v1_worker
from parity.harness.boundary.instructions import instructions_per_call, judge
from parity.harness.boundary.rules import judge_rules, load_budgets
from parity.harness.engines import V1Engine
from parity.harness.generate import market_runs
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair

REPOSITORY = Path(__file__).resolve().parent.parent


def ask(pair: Pair, op: str) -> dict[str, Any]:
    """Has V1's worker measure on a real run."""
    if not isinstance(pair.a, V1Engine):
        pytest.skip(f"V1's boundary rules: not measured: the reference is {pair.a.name}")
    case = next(c for c in market_runs.cases(market_runs.source(REPOSITORY)) if c.id == "market::s1-s2-sessions")
    prepared = pair.prepare(case)
    return v1_worker.ask(pair.a, prepared, op, plant=os.environ.get("OMEGA_PARITY_PLANT"))


@pytest.mark.performance
def test_v1_boundary_rules_hold_on_a_real_run(pair: Pair, session: Session) -> None:
    measured = ask(pair, "boundary")
    rows = judge_rules(measured, load_budgets())
    session.rules += rows
    broken = [str(row) for row in rows if not row.holds]
    assert not broken, "\n".join(broken)
    assert {row.rule for row in rows} == {"rule 1", "rule 2"}


@pytest.mark.performance
def test_v1_single_record_calls_take_no_more_instructions_than_their_budgets(pair: Pair, session: Session) -> None:
    sites = ask(pair, "sites")
    budgets = load_budgets()
    functions = [name for name in budgets["instructions"] if name != "reason"]
    planted = "check_exit" if os.environ.get("OMEGA_PARITY_PLANT") == "slow-call" else None
    try:
        counted = instructions_per_call(functions, planted=planted)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    rows = judge(counted, budgets, sites)
    session.rules += rows
    broken = [str(row) for row in rows if not row.holds]
    assert not broken, "\n".join(broken)
