"""What the tests of V1's gate events share: V1's worker asked for them, and the cases it is asked about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from parity.harness.engines.v1 import V1Engine
from parity.harness.generate.cases import MEAN_REVERSION, SCRIPTED
from parity.harness.model.bars import MINUTE_NS, Bars
from parity.harness.model.case import Case
from parity.harness.model.files import prepare

PINNED = sorted((Path(__file__).resolve().parents[3] / "parity" / "cases").glob("*.json"))
TUESDAY = datetime(2025, 1, 7, tzinfo=UTC)


class Asked:
    """V1's worker, asked with or without gates."""

    def __init__(self, folder: Path) -> None:
        self.engine, self.folder = V1Engine(), folder

    def outcome(self, case: Case, *, gates: bool = True, events: bool = True) -> dict[str, Any]:
        request = self.engine.request(prepare(case, self.folder), {}, events=events)
        outcome: dict[str, Any] = self.engine.ask({**request, "gates": gates})["outcome"]
        return outcome

    def gates(self, case: Case) -> list[dict[str, Any]]:
        return of_kind(self.outcome(case)["events"], "gate")


def of_kind(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


def ns(day: int, clock: str) -> int:
    """Time of a day counted from the first one of the cases made here."""
    hours, minutes = clock.split(":")
    time = TUESDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))
    return int(time.timestamp()) * 1_000_000_000


def pinned(name: str, **config: Any) -> Case:
    return Case.load(PINNED[0].parent / f"{name}.json").with_config(**config)


def with_parameters(case: Case, **parameters: Any) -> Case:
    strategy = dict(case.config["strategy"])
    strategy["parameters"] = {**strategy["parameters"], **parameters}
    return case.with_config(strategy=strategy)


def quiet(begin: str, minutes: int, *, news: tuple[str, ...] = (), orders: Any = None, **config: Any) -> Case:
    """M1 bars of EURUSD that never move; the orders given, or mean reversion, which never trades there."""
    first = ns(0, begin)
    rows = [[first + i * MINUTE_NS, *[1.1] * 4, *[1.1001] * 4, 1.0] for i in range(minutes)]
    strategy = {**MEAN_REVERSION, "parameters": {"enabled_scenarios": [1]}}
    if orders is not None:
        strategy = {**SCRIPTED, "parameters": {"orders": orders}}
    base = {
        "symbol": "EURUSD", "start_date": "2025-01-07", "end_date": "2025-01-10",
        "timeframes": {"primary": "M1", "additional": []},
        "warmup_bars": 0, "account_currency": "USD", "rates_static": {"EURUSD": 1.1}, "strategy": strategy,
    }  # fmt: skip
    calendar = tuple((when, currency, "HIGH") for when, currency in (text.split("=") for text in news))
    return Case(id="gates", config={**base, **config}, bars={"M1": Bars.of(rows)}, news=calendar)


def blocks(gates: list[dict[str, Any]]) -> list[tuple[str, int, int, int | None]]:
    """(gate, first bar, last bar, end) of each run of bars with one gate and one end."""
    out: list[tuple[str, int, int, int | None]] = []
    for event in gates:
        gate, bar, end = event["gate"], event["bar"], event["until_ns"]
        if out and (out[-1][0], out[-1][2] + 1, out[-1][3]) == (gate, bar, end):
            out[-1] = (gate, out[-1][1], bar, end)
        else:
            out.append((gate, bar, bar, end))
    return out
