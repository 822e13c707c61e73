"""V1's boundary rules, measured in a separate V1 worker, whatever pair is compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from parity.harness.boundary import instructions, v1_worker
from parity.harness.boundary.callgrind import ValgrindMissingError
from parity.harness.boundary.rules import RuleRow, judge_rules, load_budgets
from parity.harness.generate import market_runs
from parity.harness.model.files import prepare
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair
from parity.harness.run.scratch import scratch

REPOSITORY = Path(__file__).resolve().parent.parent


class Ask(Protocol):
    """Asks V1's worker for a measurement on a real run."""

    def __call__(self, op: str) -> dict[str, Any]: ...


@pytest.fixture(scope="module")
def ask(pair: Pair) -> Iterator[Ask]:
    """A V1 worker with the market run that is measured; with another reference V1's rules are not measured."""
    if pair.names[0] != "V1":
        pytest.skip(f"V1's boundary rules: not measured: the reference is {pair.names[0]}")
    case = market_runs.case("s1-s2-sessions", market_runs.source(REPOSITORY))
    with scratch() as folder, v1_worker.opened() as worker:
        prepared = prepare(case, folder)
        yield lambda op: v1_worker.ask(worker, prepared, op)


@pytest.fixture
def measured(ask: Ask) -> dict[str, Any]:
    """The figures of V1's rules: what stops the measuring is no broken rule, so it happens before the test."""
    return ask("boundary")


@pytest.fixture
def counted(ask: Ask) -> dict[str, float]:  # noqa: ARG001 - skips where V1 is not the reference
    """Instructions per call of every function with a budget; without valgrind the test is reported as not run."""
    functions = [name for name in load_budgets()["instructions"] if name != "reason"]
    try:
        return instructions.instructions_per_call(functions)
    except ValgrindMissingError as error:
        pytest.skip(f"V1's single-record calls: {error}")


def _hold(rows: list[RuleRow]) -> None:
    broken = [str(row) for row in rows if not row.holds]
    assert not broken, "\n".join(broken)


@pytest.mark.performance
def test_v1_boundary_rules_hold_on_a_real_run(measured: dict[str, Any], session: Session) -> None:
    rows = judge_rules(measured, load_budgets())
    session.rules += rows
    _hold(rows)
    assert {row.rule for row in rows} == {"rule 1", "rule 2"}


@pytest.mark.performance
def test_v1_single_record_calls_take_no_more_instructions_than_their_budgets(
    counted: dict[str, float], ask: Ask, session: Session
) -> None:
    rows = instructions.judge(counted, load_budgets(), ask("sites"))
    session.rules += rows
    _hold(rows)
