"""V1's boundary rules (spec 9.5), judged from measurements. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUDGETS_FILE = Path(__file__).resolve().parents[2] / "budgets.toml"


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """One measured figure against its limit. ``wall`` is shown and never judged."""

    rule: str
    function: str
    figure: str
    value: float
    limit: float
    wall: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "ok" if self.holds else "BROKEN"
        wall = "" if self.wall is None else f"  wall {self.wall:10.3f}"
        figure = f"{self.figure:22} {self.value:10.3f} {sign} {self.limit:8g}"
        note = f"  {self.note}" if self.note else ""
        return f"{self.rule:7} {self.function:34} {figure}{wall}  {verdict}{note}"


def load_budgets(path: Path = BUDGETS_FILE) -> dict[str, Any]:
    """The limits; ValueError for one without a reason."""
    budgets = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, budget in budgets.items():
        if not budget.get("reason"):
            raise ValueError(f"{path.name}: {name} has no reason")
    return budgets


def called_at(function: str, sites: Mapping[str, str]) -> str:
    """Where a real run calls a function from most often; a pair of functions has the place of its first one."""
    site = sites.get(function.partition("+")[0])
    return f"called at {site}" if site else "not called in this run"


def _fitted(fit: Mapping[str, Any]) -> str:
    """Cost of a call of n records, with 95 % bounds."""
    a, b = (f"{fit[k]:.3g} [{fit[f'{k[0]}_bounds'][0]:.3g}, {fit[f'{k[0]}_bounds'][1]:.3g}]" for k in ("a_us", "b_us"))
    return f"cost of n: {a} us + {b} us * n"


def judge_rules(measured: Mapping[str, Any], budgets: Mapping[str, Any]) -> list[RuleRow]:
    """A row for each function and rule; ValueError when there was nothing to judge."""
    rows = []
    for name, figures in measured["single"].items():
        limit = budgets["single_record"]["p99_us"]
        cpu, wall = figures["cpu"], figures["wall"]["p99_us"]
        note = f"p50 {cpu['p50_us']:.2f}, max {cpu['max_us']:.1f}; {called_at(name, measured['sites'])}"
        rows.append(
            RuleRow(
                rule="rule 1",
                function=name,
                figure="p99 overhead, us",
                value=cpu["p99_us"],
                limit=limit,
                wall=wall,
                note=note,
            )
        )
    for name, figures in measured["bulk"].items():
        limit = budgets["bulk"]["us_per_record"]
        value, wall = figures["cpu_us_per_record"], figures["wall_us_per_record"]
        note = _fitted(figures["fit"]) if "fit" in figures else ""
        rows.append(
            RuleRow(
                rule="rule 2", function=name, figure="us per record", value=value, limit=limit, wall=wall, note=note
            )
        )
    series = measured["run"]["series"]
    for call in measured["run"]["bulk_calls"]:
        limit = min(budgets["bulk"]["least_records"], series)
        rows.append(
            RuleRow(
                rule="rule 2",
                function=call["function"],
                figure="records in a call",
                value=call["rows"],
                limit=limit,
                at_least=True,
                note=f"called at {call['site']}",
            )
        )
    if not measured["single"] or not measured["bulk"] or not measured["run"]["bulk_calls"]:
        raise ValueError("nothing was measured")
    return rows
