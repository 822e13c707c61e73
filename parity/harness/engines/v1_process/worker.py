"""The process in which V1 runs: JSON lines in, JSON lines out. Imports V1 and nothing of this project.

Started as ``python worker.py <legacy_v1/src>``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

#: Metrics that count something. V1 adds up money from a whole 0, so that a sum over nothing is no float in its answer.
COUNTS = ("total_trades", "active_days")


def _trade(position: Any, to_ns: Any) -> dict[str, Any]:
    def ns(value: Any) -> int | None:
        return None if value is None else to_ns(value)

    return {
        "order_id": position.order_id,
        "direction": position.direction,
        "symbol": position.symbol,
        "order_type": position.order_type,
        "entry_time_ns": ns(position.entry_time),
        "trigger_time_ns": ns(position.trigger_time),
        "entry_price": position.entry_price,
        "initial_sl": position.initial_sl,
        "sl": position.current_sl,
        "tp": position.tp,
        "size": position.size,
        "entry_fee": position.entry_fee,
        "scenario": position.scenario,
        **(
            {
                "exit_time_ns": ns(position.exit_time),
                "exit_price": position.exit_price,
                "result": position.result,
                "r_multiple": position.r_multiple,
                "exit_fee": position.exit_fee,
                "reason": position.reason,
            }
            if position.status == "closed"
            else {"status": position.status}
        ),
    }


def _outcome(result: Any, *, events: bool) -> dict[str, Any]:
    from backtest_engine.data import to_ns

    portfolio = result.portfolio
    trades = [_trade(p, to_ns) for p in portfolio.closed_positions()]
    trades.sort(key=lambda t: (t["exit_time_ns"], t["order_id"]))
    # The first point of V1's curve is a sentinel of the year 2000.
    curve = portfolio.get_equity_curve()[1:]
    out = {
        "trades": trades,
        "open_positions": [_trade(p, to_ns) for p in portfolio.active_positions()],
        "equity": [[to_ns(t), value] for t, value in curve],
        "balance": portfolio.cash,
        "fees_total": portfolio.total_fees,
        "metrics": {name: value if name in COUNTS else float(value) for name, value in result.metrics.items()},
    }
    if events:
        out["events"] = result.trace.events
    return out


def _name(code: int) -> str:
    """What V1's table calls a code; the name of its range where the table lacks it."""
    from shared.error_codes import ErrorCode
    from shared.exceptions import category_of

    return next((known.name for known in ErrorCode if known == code), None) or str(category_of(code))


def _watch() -> Any:
    """Records what stops V1's strategy during a run; loaded only where that is asked for."""
    from gates import Watch  # type: ignore[import-not-found]  # beside this file

    return Watch()


def _run(request: dict[str, Any]) -> dict[str, Any]:
    from backtest_engine.runner import Environment, run_backtest
    from shared.exceptions import code_of

    began = time.perf_counter()
    news = request.get("news_file")
    env = Environment(data_root=Path(request["data_root"]), news_file=Path(news) if news else None)
    watch = _watch() if request["events"] and request.get("gates") else None
    with watch or contextlib.nullcontext():
        try:
            result = run_backtest(request["config"], env, trace_events=request["events"])
        except Exception as error:  # whatever V1 raises is its refusal
            code = code_of(error)
            message = f"{type(error).__name__}: {error}"
            return {"outcome": {"error": {"category": _name(code), "code": code, "message": message}}}
    outcome = _outcome(result, events=request["events"])
    if watch is not None:
        outcome["events"] = watch.merged(outcome["events"], result.start_index)
    return {
        "outcome": outcome,
        "bars": result.bars_tested,
        "extra": {
            "bars_loaded": result.bars_total,
            "loop_s": result.loop_s,
            "wall_s": time.perf_counter() - began,
        },
    }


def _indicators(request: dict[str, Any]) -> dict[str, Any]:
    """Values of V1's indicators on the last of the given bars, for explanations."""
    import math

    import numpy as np
    from backtest_engine.indicators import IndicatorSet

    ts, bid, ask = (np.array(request[key]) for key in ("ts", "bid", "ask"))
    known = IndicatorSet(request["symbol"], request["timeframe"], ts.astype(np.int64), bid, ask)
    values = {}
    for label, name, parameters, side, place in request["wanted"]:
        value = float(known.series(name, *parameters, side=side)[place][-1])
        values[label] = value if math.isfinite(value) else None
    return {"values": values}


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if request["op"] == "run":
        return _run(request)
    if request["op"] == "indicators":
        return _indicators(request)
    if request["op"] in ("boundary", "crossings", "sites"):
        sys.path.insert(0, str(Path(__file__).parent))
        import measure  # type: ignore[import-not-found]  # beside this file

        measured: dict[str, Any] = measure.answer(request, _run)
        return measured
    return {"error": f"unknown op {request['op']!r}"}


def _hello() -> dict[str, Any]:
    from gates import REPORTED

    capabilities = {"events": True, "switches": False, "gates": sorted(REPORTED)}
    return {"hello": {"protocol": 2, "name": "V1", "capabilities": capabilities}}


def main() -> None:
    """Answers requests, one JSON line each, until the input ends; the first argument is the folder of V1's packages."""
    sys.path.insert(0, sys.argv[1])
    # V1 prints warnings; the answers have the real output for themselves.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def write(reply: dict[str, Any]) -> None:
        # NaN goes out as it is: the reader refuses it and says where it is.
        out.write(json.dumps(reply) + "\n")
        out.flush()

    write(_hello())
    for line in sys.stdin:
        request = json.loads(line)
        number = {"id": request["id"]} if "id" in request else {}
        write({**number, **_answer(request)})


if __name__ == "__main__":
    main()
