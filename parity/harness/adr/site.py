"""Pages written from the ADRs and the table of measurements: each ADR's last block, and the index. No engine runs.

Writing them again without a difference is checked by a test: what is generated is never edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from parity.harness.adr.front import SwitchFront
from parity.harness.adr.measure import Row, load
from parity.harness.adr.record import ADR_DIR, BLOCK_BEGIN, BLOCK_END, INDEX, Adr, load_all, without_block
from parity.harness.engines import SWITCHES
from parity.harness.oracle.figures import money

_INTRODUCTION = """# Architecture decision records

Written by `.venv/bin/omega-parity adr index` from the ADRs and `evidence/market-runs.csv`; not edited by hand.

Each deliberate difference between V1 and V2 is a switch with an ADR. *Trades* and *money* are measured on the embedded
market: {configurations} runs with {trades:,} trades, this switch alone at `v2`. *Trades* counts those that change, are
gone or are new. *Money* is the sum of the changes of the final balances (each run starts with 10,000).
`.venv/bin/omega-parity adr measure` measures again; `.venv/bin/omega-parity explain CASE` shows the effect on a case
of yours.
"""
_TABLE = "| switch | V1 does | V2 does | trades | money | where | advice | ADR |\n|---|---|---|---:|---:|---|---|---|"
_BALANCES = " Balances are the final\nones in the account currency; each run starts with 10,000."
_BELOW_ZERO = (
    "Balances below zero are meant. Neither engine ends a run when its account is empty, and each trade risks the\n"
    "same sum of money, whatever is left."
)
_OTHERS = "## Decisions that are not about a switch\n\n| ADR | decision | status | date |\n|---|---|---|---|"
_BLOCK_TABLE = (
    "| configuration | trades at v1 | changed | gone | new | balance at v1 | at v2 | change |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)


def _change(row: Row) -> Decimal:
    """Money that the switch makes or costs; nothing where the run is refused."""
    return Decimal(row.balance_v2) - Decimal(row.balance_v1) if row.balance_v2 else Decimal(0)


def _line(row: Row) -> str:
    after = f"refused ({row.refused})" if row.refused else money(float(row.balance_v2))
    change = "" if row.refused else money(float(_change(row)), signed=True)
    counts = [f"{count:,}" for count in (row.trades, row.changed, row.gone, row.new)]
    return f"| {' | '.join([row.configuration, *counts, money(float(row.balance_v1)), after, change])} |"


def _words(rows: Sequence[Row]) -> str:
    """What trades and balances do not show."""
    parts = []
    points, metrics = sum(row.equity_points for row in rows), max((row.metrics for row in rows), default=0)
    if points:
        parts.append(f"{points:,} points of the equity curves differ")
    if metrics:
        parts.append(f"{metrics} metrics have a name that only one version has")
    return f"{', '.join(parts)[:1].upper()}{', '.join(parts)[1:]}." if parts else ""


def block(rows: Sequence[Row]) -> str:
    """The generated end of an ADR's page: its switch alone at ``v2`` on every market run."""
    shown, quiet = [row for row in rows if row.any], [row.configuration for row in rows if not row.any]
    lines = [BLOCK_BEGIN, "", "## Measured on the market runs", "",
             f"The embedded market, this switch alone at `v2`: it changes {len(shown) or 'none'} of {len(rows)} runs."
             + (_BALANCES if shown else ""), ""]  # fmt: skip
    if shown:
        lines += [_BLOCK_TABLE, *map(_line, shown), ""]
    if words := _words(shown):
        lines += [words, ""]
    if shown and quiet:
        lines += [f"No change: {', '.join(quiet)}.", ""]
    if any(float(balance or 0) < 0 for row in shown for balance in (row.balance_v1, row.balance_v2)):
        lines += [_BELOW_ZERO, ""]
    return "\n".join([*lines, BLOCK_END]) + "\n"


def _summary(adr: Adr, rows: Sequence[Row]) -> str:
    assert isinstance(adr.front, SwitchFront)
    shown = [row for row in rows if row.any]
    refused = sum(bool(row.refused) for row in rows)
    trades = sum(row.changed + row.gone + row.new for row in rows if not row.refused)
    where = f"{len(shown)} of {len(rows)} runs" + (f", {refused} refused" if refused else "")
    if shown and not trades and not refused:
        where += "; equity" if any(row.equity_points for row in rows) else "; names of metrics"
    cells = [f"`{adr.switch}`", adr.front.v1, adr.front.v2, f"{trades:,}",
             money(float(sum(map(_change, rows))), signed=True), where, adr.front.migration, _link(adr)]  # fmt: skip
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _link(adr: Adr) -> str:
    return f"[{adr.number:04}]({adr.path.name})"


def index(adrs: Sequence[Adr], rows: Sequence[Row]) -> str:
    """The index page: every switch with its measured effect and advice, then the other decisions."""
    base = [row for row in rows if row.switch == SWITCHES[0]]
    lines = [_INTRODUCTION.format(configurations=len(base), trades=sum(row.trades for row in base)),
             "## Switches", "", _TABLE]  # fmt: skip
    for name in SWITCHES:
        lines += [
            _summary(adr, [row for row in rows if row.switch == name])
            for adr in adrs
            if adr.switch == name and adr.accepted
        ]
    lines += ["", _OTHERS]
    for adr in adrs:
        if adr.switch is None or not adr.accepted:
            lines.append(f"| {_link(adr)} | {adr.title} | {adr.front.status} | {adr.front.date} |")
    return "\n".join(lines) + "\n"


def written(folder: Path = ADR_DIR) -> dict[Path, str]:
    """Every generated page of a folder and its text. AdrError and EvidenceError where the sources are at fault."""
    adrs, rows = load_all(folder), load(folder)
    out = {folder / INDEX: index(adrs, rows)}
    for adr in adrs:
        text = without_block(adr.path.read_text(encoding="utf-8"))
        if adr.switch and adr.accepted:
            text += "\n" + block([row for row in rows if row.switch == adr.switch])
        out[adr.path] = text
    return out


def stale(folder: Path = ADR_DIR) -> list[Path]:
    """Generated pages that are missing or would come out otherwise."""
    return [
        path for path, text in written(folder).items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def write(folder: Path = ADR_DIR) -> list[Path]:
    """Writes what is stale; the files written."""
    pages, changed = written(folder), stale(folder)
    for path in changed:
        path.write_text(pages[path], encoding="utf-8")
    return changed
