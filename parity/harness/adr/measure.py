"""What each switch alone does to the market runs, measured on V2 and kept as a table (``ADRs/evidence``).

The base is V2 with every switch at ``v1``, which ``parity/test_markets.py`` holds equal to V1. The market is always the
embedded one, so that the same table comes out everywhere. Left out: how the table is shown (``site``).
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from parity.harness.adr.record import ADR_DIR
from parity.harness.engines import SWITCHES, Engine
from parity.harness.generate import embedded_market, market_runs
from parity.harness.model.case import Case
from parity.harness.model.files import prepare
from parity.harness.model.outcome import Outcome, Refusal, Trade
from parity.harness.oracle.figures import COARSEST, exact, rounded

TABLE = Path("evidence") / "market-runs.csv"
#: The market runs, in order.
NAMES = (*(name for name, *_ in market_runs.RUNS), "scripted")
#: What identifies a trade in both runs: the bar and the kind of its fill. Its entry time is a switch's own matter, and
#: its number depends on the orders before it.
_SAME = ("trigger_time_ns", "direction", "order_type", "scenario")


class EvidenceError(ValueError):
    """The table of measurements cannot be used, or an engine did not answer; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One switch at ``v2`` on one configuration, against all switches at ``v1``.

    ``trades`` is the number at ``v1``; ``changed`` of them are in both runs with another value, ``gone`` are missing,
    ``new`` were not there. Balances are the final ones in the account currency, in cents. ``equity_points`` counts
    points that differ, ``metrics`` names that only one of the runs has. A run that is refused has its code and no
    balance.
    """

    switch: str
    configuration: str
    trades: int
    changed: int
    gone: int
    new: int
    balance_v1: str
    balance_v2: str
    equity_points: int
    metrics: int
    refused: str

    @property
    def any(self) -> bool:
        """Whether the switch changes anything here."""
        return bool(self.changed or self.gone or self.new or self.equity_points or self.metrics or self.refused)


COLUMNS = tuple(f.name for f in fields(Row))
_COUNTS = tuple(f.name for f in fields(Row) if f.type == "int")


def cases(folder: Path, names: Sequence[str] = NAMES) -> list[Case]:
    """The market runs of these names on the embedded market, which is written below ``folder``."""
    where = market_runs.Source(root=embedded_market.write(folder), real=False)
    return [case for case in market_runs.cases(where) if _name(case) in names]


def _name(case: Case) -> str:
    return case.id.removeprefix("market::")


def measure(engine: Engine, runs: Iterable[Case], folder: Path, *, switches: Sequence[str] = SWITCHES) -> list[Row]:
    """A row for each switch and configuration, switch by switch. EvidenceError when the engine fails."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for case in runs:
        prepared = prepare(case, folder)
        outcomes: dict[str, Outcome | Refusal] = {}
        for name in ("", *switches):
            answer = engine.run(prepared, {name: "v2"} if name else {})
            if answer.outcome is None:
                raise EvidenceError(f"{case.id} with {name or 'no switch'} at v2: {engine.name} {answer.failure}")
            outcomes[name] = answer.outcome
        base = outcomes.pop("")
        if isinstance(base, Refusal):
            raise EvidenceError(f"{case.id} is refused with every switch at v1")
        for name, outcome in outcomes.items():
            rows[name].append(_row(name, _name(case), base, outcome))
    return [row for name in switches for row in rows[name]]


def _row(switch: str, configuration: str, a: Outcome, b: Outcome | Refusal) -> Row:
    common: dict[str, Any] = {"switch": switch, "configuration": configuration, "trades": len(a.trades),
                              "balance_v1": _cents(a)}  # fmt: skip
    if isinstance(b, Refusal):
        return Row(**common, changed=0, gone=len(a.trades), new=0, balance_v2="", equity_points=0, metrics=0,
                   refused=str(b.code))  # fmt: skip
    changed, gone, new = _trades(a.trades, b.trades)
    at_v1, at_v2 = dict(a.equity or ()), dict(b.equity or ())
    points = sum(at_v1.get(time) != at_v2.get(time) for time in at_v1.keys() | at_v2.keys())
    metrics = len((a.metrics or {}).keys() ^ (b.metrics or {}).keys())
    return Row(**common, changed=changed, gone=gone, new=new, balance_v2=_cents(b), equity_points=points,
               metrics=metrics, refused="")  # fmt: skip


def _cents(outcome: Outcome) -> str:
    if outcome.balance is UNSET:
        raise EvidenceError("an engine that does not know its balance measures no money")
    return str(rounded(exact(outcome.balance), COARSEST))


def _trades(a: Sequence[Trade], b: Sequence[Trade]) -> tuple[int, int, int]:
    """Trades of both runs that differ, trades of the first alone, trades of the second alone."""
    left, right = _by_fill(a), _by_fill(b)
    changed = sum(
        one != other for key in left.keys() & right.keys() for one, other in zip(left[key], right[key], strict=False)
    )
    sizes = Counter({key: len(found) for key, found in left.items()})
    others = Counter({key: len(found) for key, found in right.items()})
    return changed, (sizes - others).total(), (others - sizes).total()


def _by_fill(trades: Sequence[Trade]) -> dict[tuple[Any, ...], list[Trade]]:
    """Trades by their fill, all with one number."""
    out: dict[tuple[Any, ...], list[Trade]] = defaultdict(list)
    for trade in trades:
        out[tuple(getattr(trade, name) for name in _SAME)].append(replace(trade, order_id=0))
    return out


def text_of(rows: Sequence[Row]) -> str:
    """The table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows)
    return out.getvalue()


def load(folder: Path = ADR_DIR) -> list[Row]:
    """The recorded table: every switch on every configuration, in order. EvidenceError when it is not that."""
    path = folder / TABLE
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise EvidenceError(f"{path.name}: its columns must be {', '.join(COLUMNS)}")
            rows = [_parsed(raw) for raw in reader]
    except (OSError, csv.Error, TypeError, ValueError) as error:
        if isinstance(error, EvidenceError):
            raise
        raise EvidenceError(f"{path.name}: {error}; `omega-parity adr measure` writes it") from error
    if [(row.switch, row.configuration) for row in rows] != [(s, c) for s in SWITCHES for c in NAMES]:
        raise EvidenceError(f"{path.name}: has not every switch on every configuration, once and in order")
    return rows


def _parsed(raw: Mapping[str, str]) -> Row:
    values: dict[str, Any] = {name: int(text) if name in _COUNTS else text for name, text in raw.items()}
    return Row(**values)


def changes(recorded: Sequence[Row], measured: Sequence[Row]) -> list[str]:
    """What a new measurement has otherwise, a line for each switch and configuration; empty when nothing."""
    known = {(row.switch, row.configuration): row for row in recorded}
    out = []
    for row in measured:
        before = known.get((row.switch, row.configuration))
        if before is None:
            out.append(f"{row.switch} on {row.configuration}: is not recorded")
            continue
        values = [(name, getattr(before, name), getattr(row, name)) for name in COLUMNS]
        parts = [f"{name} {a} -> {b}" for name, a, b in values if a != b]
        if parts:
            out.append(f"{row.switch} on {row.configuration}: {', '.join(parts)}")
    return out
