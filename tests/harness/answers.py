"""Plain answers for tests, whole and valid, and every way of bending one leaf of them."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

#: A key in an object, or a place in a list.
Step = str | int
Path = tuple[Step, ...]


def trade(order: int, **changes: Any) -> dict[str, Any]:
    """A closed position that differs by its order from others."""
    row = {
        "order_id": order, "direction": "long", "symbol": "EURUSD", "order_type": "market", "entry_time_ns": order,
        "trigger_time_ns": order, "exit_time_ns": order + 1, "entry_price": 1.1, "exit_price": 1.2, "initial_sl": 1.0,
        "sl": 1.0, "tp": 1.2, "size": 0.5, "result": 100.0, "r_multiple": 1.0, "entry_fee": 0.0, "exit_fee": 0.0,
        "reason": "take_profit", "scenario": None,
    }  # fmt: skip
    return {**row, **changes}


def still_open(order: int, **changes: Any) -> dict[str, Any]:
    """An order that still waits."""
    row = {
        "order_id": order, "status": "pending", "direction": "short", "symbol": "EURUSD", "order_type": "limit",
        "entry_time_ns": order, "trigger_time_ns": None, "entry_price": 1.3, "initial_sl": 1.4, "sl": 1.4, "tp": 1.2,
        "size": 0.0, "entry_fee": 0.0, "scenario": "short_2",
    }  # fmt: skip
    return {**row, **changes}


def event(kind: str, bar: int, order: int | None, /, **numbers: Any) -> dict[str, Any]:
    """One event of a trace."""
    return {"event": kind, "bar": bar, "timestamp_ns": bar * 60, "order": order, **numbers}


def trace() -> list[dict[str, Any]]:
    """One event of each kind."""
    return [
        event("gate", 0, None, gate="cooldown_exit", direction=None, until_ns=120),
        event("signal", 1, 0, direction="long", order_type="limit", price=1.1, sl=1.0, tp=1.2, scenario="long_1"),
        event("order_placed", 1, 0, entry=1.1),
        event("order_rejected", 1, 1, rule="min_stop_distance", price=1.1, sl=1.1),
        event("triggered", 2, 0, level=1.1),
        event("filled", 2, 0, price=1.1, size=0.5),
        event("fee", 2, 0, kind="entry", amount=2.5),
        event("exit_checked", 3, 0, sl=1.0, tp=1.2, buffer=5e-05, low=1.1, high=1.3, sl_hit=False, tp_hit=True),
        event("closed", 3, 0, price=1.2, reason="take_profit", r=1.0, result=100.0),
        event("equity", 3, None, equity=10100.0, balance=10100.0),
    ]


def outcome(n: int = 3, *, events: bool = False) -> dict[str, Any]:
    """A finished run of ``n`` trades."""
    out: dict[str, Any] = {
        "trades": [trade(i) for i in range(n)], "open_positions": [still_open(n)],
        "equity": [[i, 10000.0] for i in range(n)], "balance": 10000.0, "fees_total": 1.0,
        "metrics": {"total_trades": n, "avg_r_multiple": 0.5, "sortino_trade": 0.0, "note": "n/a", "none": None},
    }  # fmt: skip
    return {**out, "events": trace()} if events else out


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of everything in plain data that is no list and no object."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from leaves(part, (*path, i))
    else:
        yield path


def at(value: Any, path: Path) -> Any:
    """What lies at a path."""
    for step in path:
        value = value[step]
    return value


def put(value: Any, path: Path, leaf: Any) -> Any:
    """A copy with another leaf."""
    out = copy.deepcopy(value)
    at(out, path[:-1])[path[-1]] = leaf
    return out


def without(value: Any, path: Path) -> Any:
    """A copy that lacks what lies at a path."""
    out = copy.deepcopy(value)
    del at(out, path[:-1])[path[-1]]
    return out


def bent(value: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """(what was done, answer) for each way of bending the leaf at a path."""
    leaf = at(value, path)
    others: list[Any] = [[], {}]
    if isinstance(leaf, bool):
        others += [not leaf, int(leaf), str(leaf).lower(), None]
    elif isinstance(leaf, int):
        others += [
            leaf + 1,
            2**63 - 1,
            -(2**63),
            2**63,
            float(leaf),
            str(leaf),
            None,
            bool(leaf) if leaf in (0, 1) else leaf - 1,
        ]
    elif isinstance(leaf, float):
        up = math.nextafter(leaf, math.inf)
        others += [up, math.nextafter(leaf, -math.inf), str(leaf), None, math.nan, math.inf, True]
        others += [-leaf] if leaf == 0.0 else []
        others += [int(leaf)] if leaf.is_integer() else []
    elif isinstance(leaf, str):
        others += [leaf + "x", leaf + "\ud800", None, 0]
    else:
        others += [0, 0.0, "", False]
    for other in others:
        yield f"{'.'.join(map(str, path))}: {leaf!r} -> {other!r}", put(value, path, other)
    yield f"{'.'.join(map(str, path))} dropped", without(value, path)
    if isinstance(path[-1], str):
        yield f"added beside {path}", put(value, (*path[:-1], "money"), 1.0)
    else:
        yield f"{path} twice", put(value, path[:-1], [*at(value, path[:-1]), leaf])
