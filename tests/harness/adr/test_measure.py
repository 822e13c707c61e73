"""What counts as a changed, a gone and a new trade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parity.harness.adr import measure
from parity.harness.adr.witnesses import BUILDERS
from parity.harness.model.decode import decode_outcome
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, refusal
from tests.harness import answers


def trade(order: int, trigger: int, result: float = 1.0, entered: int = 0) -> dict[str, Any]:
    """A trade in which only these can differ."""
    return answers.trade(order, trigger_time_ns=trigger, result=result, entry_time_ns=entered, exit_time_ns=99)


def outcome(*trades: dict[str, Any], balance: float = 1.0, equity: Any = (), metrics: Any = ()) -> Any:
    return decode_outcome({
        "trades": list(trades), "open_positions": [], "equity": [list(point) for point in equity],
        "balance": balance, "fees_total": 0.0, "metrics": dict.fromkeys(metrics, 0),
    })  # fmt: skip


class Scripted:
    """An engine that has an answer for each switch."""

    name = "scripted"

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def run(self, prepared: Prepared, switches: Any, *, events: bool = False, gates: bool = False) -> Answer:
        return Answer(outcome=self.answers[next(iter(switches), "base")])

    def close(self) -> None: ...


def row(tmp_path: Path, base: Any, other: Any) -> measure.Row:
    engine: Any = Scripted(base=base, exit_gap=other)
    return measure.measure(engine, [BUILDERS["exit_gap"]()], tmp_path, switches=["exit_gap"])[0]


def test_trades_are_matched_by_their_fill_whatever_their_number(tmp_path: Path) -> None:
    a = outcome(trade(0, 10), trade(1, 20), trade(2, 30), balance=103.005)
    b = outcome(trade(0, 20), trade(1, 30, 2.0), trade(2, 40), trade(3, 40), balance=105.0)
    found = row(tmp_path, a, b)
    assert (found.trades, found.changed, found.gone, found.new) == (3, 1, 1, 2)
    assert (found.balance_v1, found.balance_v2, found.refused) == ("103.00", "105.00", "")


def test_other_entry_times_are_changed_trades_and_no_other_ones(tmp_path: Path) -> None:
    found = row(tmp_path, outcome(trade(0, 10, entered=1)), outcome(trade(0, 10, entered=10)))
    assert (found.changed, found.gone, found.new) == (1, 0, 0)


def test_points_and_names_are_counted(tmp_path: Path) -> None:
    a = outcome(equity=[(1, 1.0), (2, 1.0), (3, 1.0)], metrics=["a", "b"])
    b = outcome(equity=[(1, 1.0), (2, 1.5), (4, 1.0)], metrics=["b", "c", "d"])
    found = row(tmp_path, a, b)
    assert (found.equity_points, found.metrics) == (3, 3)
    assert found.any
    assert not row(tmp_path, a, a).any


def test_a_refused_run_has_its_code_and_no_balance(tmp_path: Path) -> None:
    found = row(tmp_path, outcome(trade(0, 10)), refusal("config", 1006))
    assert (found.refused, found.balance_v2, found.gone) == ("1006", "", 1)


def test_an_engine_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(measure.EvidenceError, match="exit_gap at v2: scripted None"):
        row(tmp_path, outcome(), None)
    with pytest.raises(measure.EvidenceError, match="is refused with every switch at v1"):
        row(tmp_path, refusal("config", 1006), outcome())
