"""Instruction counts are judged against the budgets; every function needs its budget and every budget its function."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.boundary import callgrind, instructions
from parity.harness.boundary.callgrind import CountError, ValgrindMissingError
from parity.harness.boundary.instructions import instructions_per_call, judge
from parity.harness.boundary.rules import load_budgets


def test_a_count_above_its_budget_breaks_the_rule_and_one_below_holds() -> None:
    budgets = {"instructions": {"f": 1000, "g": 1000, "reason": "a test"}}
    judged = judge({"f": 1000.5, "g": 999.5}, budgets, {"f": "loop.py:7"})
    assert [(row.function, row.holds, row.detail) for row in judged] == [
        ("f", False, "called at loop.py:7"),
        ("g", True, "not called in this run"),
    ]
    line = " ".join(str(judged[0]).split())
    assert line == "rule 1 f instructions per call 1000.500 <= 1000 BROKEN called at loop.py:7"


@pytest.mark.parametrize("counted", [{}, {"f": 1.0}, {"f": 1.0, "g": 1.0, "h": 1.0}])
def test_budgets_and_counts_must_name_the_same_functions(counted: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="budgets of"):
        judge(counted, {"instructions": {"f": 1000, "g": 1000, "reason": "a test"}}, {})


def test_every_budget_is_about_twice_what_its_comment_says_was_counted() -> None:
    text = (Path(instructions.__file__).parents[2] / "budgets.toml").read_text(encoding="utf-8")
    for name, limit in load_budgets()["instructions"].items():
        if name != "reason":
            line = next(line for line in text.splitlines() if line.startswith(f'"{name}"'))
            counted = float(line.partition("[")[2].partition("]")[0].replace(",", ""))
            assert 1.9 <= limit / counted <= 2.15, line


def test_without_valgrind_nothing_is_counted_and_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callgrind.shutil, "which", lambda _: None)
    with pytest.raises(ValgrindMissingError, match="install it"):
        instructions_per_call(["check_exit"])


def test_a_function_that_does_not_exist_is_an_error_and_not_a_count() -> None:
    callgrind.require()
    with pytest.raises(CountError, match="no_such_function"):
        instructions_per_call(["no_such_function"])
