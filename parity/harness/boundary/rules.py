"""Judges V1's boundary rules of ``parity/budgets.toml`` by measured figures. Pure.

Rule 1 limits the overhead of a single-record call, rule 2 the overhead of a bulk call and the records that it carries.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUDGETS_FILE = Path(__file__).resolve().parents[2] / "budgets.toml"


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """One measured figure of a function against its limit; ``figure`` names it with its unit.

    ``wall`` (the same figure in wall time) and ``detail`` (call site, spread) are shown and never judged. The limit is
    an upper bound, or a lower bound with ``at_least``.
    """

    rule: str
    function: str
    figure: str
    value: float
    limit: float
    wall: float | None = None
    at_least: bool = False
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure keeps to its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "ok" if self.holds else "BROKEN"
        wall = "" if self.wall is None else f"  wall {self.wall:10.3f}"
        figure = f"{self.figure:22} {self.value:10.3f} {sign} {self.limit:8g}"
        detail = f"  {self.detail}" if self.detail else ""
        return f"{self.rule:7} {self.function:34} {figure}{wall}  {verdict}{detail}"


def load_budgets(path: Path = BUDGETS_FILE) -> dict[str, Any]:
    """The limits by table of the file, units in their names.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no TOML, or a table has no reason.
    """
    budgets = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, budget in budgets.items():
        if not budget.get("reason"):
            raise ValueError(f"{path.name}: [{name}] has no reason: say why the limit is what it is")
    return budgets


def called_at(function: str, sites: Mapping[str, str]) -> str:
    """The most frequent call site of a function in a real run; of a pair of functions (``a+b``) that of the first."""
    site = sites.get(function.partition("+")[0])
    return f"called at {site}" if site else "not called in this run"


def _fitted(fit: Mapping[str, Any]) -> str:
    """Overhead of a call with n records in words, with 95 % bounds."""
    a, b = (f"{fit[k]:.3g} [{fit[f'{k[0]}_bounds'][0]:.3g}, {fit[f'{k[0]}_bounds'][1]:.3g}]" for k in ("a_us", "b_us"))
    return f"cost of n: {a} us + {b} us * n"


def _single_rows(measured: Mapping[str, Any], limit: float) -> list[RuleRow]:
    """Rule 1: the 99th percentile of the overhead of every single-record function."""
    return [
        RuleRow(
            rule="rule 1",
            function=name,
            figure="p99 overhead, us",
            value=figures["cpu"]["p99_us"],
            limit=limit,
            wall=figures["wall"]["p99_us"],
            detail=f"p50 {figures['cpu']['p50_us']:.2f}, max {figures['cpu']['max_us']:.1f}; "
            f"{called_at(name, measured['sites'])}",
        )
        for name, figures in measured["single"].items()
    ]


def _bulk_rows(measured: Mapping[str, Any], limit: float) -> list[RuleRow]:
    """Rule 2: the overhead of every bulk function, spread over its records."""
    return [
        RuleRow(
            rule="rule 2",
            function=name,
            figure="us per record",
            value=figures["cpu_us_per_record"],
            limit=limit,
            wall=figures["wall_us_per_record"],
            detail=_fitted(figures["fit"]),
        )
        for name, figures in measured["bulk"].items()
    ]


def _batch_rows(run: Mapping[str, Any], least: int) -> list[RuleRow]:
    """Rule 2: the records of every bulk call of a real run; a shorter series is carried whole."""
    return [
        RuleRow(
            rule="rule 2",
            function=batch["function"],
            figure="records in a call",
            value=batch["records"],
            limit=min(least, run["series"]),
            at_least=True,
            detail=f"called at {batch['site']}",
        )
        for batch in run["batches"]
    ]


def judge_rules(measured: Mapping[str, Any], budgets: Mapping[str, Any]) -> list[RuleRow]:
    """A row for each function and rule, and for each bulk call of the run; times in us of CPU time.

    Raises:
        ValueError: no single-record function, no bulk function or no bulk call of the run was measured.
    """
    parts = {
        "single-record function": _single_rows(measured, budgets["single_record"]["p99_us"]),
        "bulk function": _bulk_rows(measured, budgets["bulk"]["us_per_record"]),
        "bulk call of the run": _batch_rows(measured["run"], budgets["bulk"]["least_records"]),
    }
    empty = [name for name, rows in parts.items() if not rows]
    if empty:
        raise ValueError(f"nothing to judge: no {' and no '.join(empty)} was measured")
    return [row for rows in parts.values() for row in rows]
