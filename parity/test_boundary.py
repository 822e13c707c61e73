"""V1's boundary rules (spec 9.5), measured on every run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from parity.harness import market_runs
from parity.harness.boundary import judge_rules, load_budgets
from parity.harness.engines import V1Engine
from parity.harness.runner import Pair
from parity.harness.session import Session

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.mark.performance
def test_v1_boundary_rules_hold_on_a_real_run(pair: Pair, session: Session) -> None:
    case = next(c for c in market_runs.cases(market_runs.source(REPOSITORY)) if c.id == "market::s1-s2-sessions")
    prepared = pair.prepare(case)
    v1 = pair.a
    assert isinstance(v1, V1Engine)
    measured = v1.ask(
        {
            "op": "boundary",
            "config": v1.config(prepared),
            "data_root": str(prepared.data_root),
            "news_file": str(prepared.news_csv),
            "plant": os.environ.get("OMEGA_PARITY_PLANT"),
        }
    )
    session.rules = judge_rules(measured, load_budgets())
    broken = [str(row) for row in session.rules if not row.holds]
    assert not broken, "\n".join(broken)
    assert {row.rule for row in session.rules} == {"rule 1", "rule 2"}
