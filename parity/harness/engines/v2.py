"""V2, in this process: the V1 config goes through ``bt.migrate_config``, so that its mistakes show."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import bt

from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, refusal

#: All semantics switches, in the order of the specification.
SWITCHES: tuple[str, ...] = (
    "bar_order", "end_date", "warmup", "data_rules", "config_rules", "session_bounds", "news_rule",
    "stop_entry_gap", "pending_entry_slippage", "exit_slippage", "exit_gap", "fill_bar_take_profit",
    "min_stop_distance", "pip_buffer_pip", "pending_entry_time", "level_rounding", "scenario1_short_atr",
    "pnl_model", "volume_grid", "fee_rounding", "slippage_rng", "timeout_clock", "timeout_costs",
    "timeout_reach", "equity_mark", "metrics_definition",
)  # fmt: skip


#: Kinds of V2's events that are left out of its outcome: no other engine reports them, and outcomes do not know them.
KINDS_LEFT_OUT = frozenset({"gate"})


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class V2Engine:
    """Runs a case through ``bt`` with the given switches; everything not named is at ``v1``."""

    name = "V2"

    def run(self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False) -> Answer:
        began = time.perf_counter()
        try:
            config = self.config(prepared, switches, events=events)
            with environment(self.environment(prepared)):
                raw = json.loads(bt.run_backtest_json(json.dumps(config)))
        except (bt.ConfigError, bt.MigrationError) as error:
            outcome = refusal("config", error.code, str(error))
            return Answer(outcome=outcome, seconds=time.perf_counter() - began)
        except bt.InternalError as error:
            return Answer(outcome=None, failure=f"panicked: {error}", seconds=time.perf_counter() - began)
        except Exception as error:  # a fault of the adapter or of bt is no outcome, and no end of the run
            return Answer(outcome=None, failure=f"failed: {error!r}", seconds=time.perf_counter() - began)
        seconds = time.perf_counter() - began
        if not raw["ok"]:
            fault = raw["error"]
            return Answer(outcome=refusal(fault["category"], fault["code"], fault["message"]), seconds=seconds)
        extra = {"rejected": raw["rejected_orders"], "meta": raw["meta"]}
        return Answer(outcome=_outcome(raw), seconds=seconds, bars=raw["meta"]["counters"]["bars"], extra=extra)

    @staticmethod
    def environment(prepared: Prepared) -> dict[str, str]:
        return {
            "OMEGA_DATA_PARQUET_ROOT": str(prepared.data_root),
            "OMEGA_EXECUTION_COSTS_FILE": str(prepared.costs_file),
            "OMEGA_SYMBOL_SPECS_FILE": str(prepared.specs_file),
            "OMEGA_NEWS_CALENDAR_FILE": str(prepared.news_parquet),
        }

    @staticmethod
    def config(prepared: Prepared, switches: Mapping[str, str], *, events: bool = False) -> dict[str, Any]:
        """The V2 config of a case."""
        config = bt.migrate_config(dict(prepared.case.config), news=True).config
        config["execution_variant"] = "v1_parity"
        config["semantics"] = {name: value for name, value in switches.items() if value != "v1"}
        config["output"] = {"equity": "bars", "events": events}
        return config

    def close(self) -> None:
        """Nothing is held open."""


def _trade(row: dict[str, Any]) -> dict[str, Any]:
    out = {**row, "initial_sl": row["initial_stop_loss"], "sl": row["stop_loss"], "tp": row["take_profit"]}
    if "meta" in row:
        out["order_id"] = row["meta"]["order_id"]
    for name in ("meta", "initial_stop_loss", "stop_loss", "take_profit", "unrealised"):
        out.pop(name, None)
    return out


def _outcome(raw: dict[str, Any]) -> dict[str, Any]:
    trades = [_trade(row) for row in raw["trades"]]
    still_open = [_trade(row) for row in raw["open_positions"]]
    equity = raw["equity"]
    out: dict[str, Any] = {
        "trades": trades,
        "open_positions": still_open,
        "equity": [list(point) for point in zip(equity["timestamp_ns"], equity["equity"], strict=True)],
        "balance": equity["balance"][-1] if equity["balance"] else None,
        "fees_total": sum(t["entry_fee"] + t["exit_fee"] for t in trades) + sum(p["entry_fee"] for p in still_open),
        "metrics": raw["metrics"],
    }
    if "events" in raw:
        out["events"] = [event for event in raw["events"] if event["event"] not in KINDS_LEFT_OUT]
    return out
