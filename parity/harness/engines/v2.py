"""V2, in this process: the V1 config goes through ``bt.migrate_config``, so that its mistakes show."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import bt
import msgspec

from parity.harness.model.decode import check
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, MalformedOutcomeError, refusal

#: All semantics switches, in the order of the specification.
SWITCHES: tuple[str, ...] = (
    "bar_order", "end_date", "warmup", "data_rules", "config_rules", "session_bounds", "news_rule",
    "stop_entry_gap", "pending_entry_slippage", "exit_slippage", "exit_gap", "fill_bar_take_profit",
    "min_stop_distance", "pip_buffer_pip", "pending_entry_time", "level_rounding", "scenario1_short_atr",
    "pnl_model", "volume_grid", "fee_rounding", "slippage_rng", "timeout_clock", "timeout_costs",
    "timeout_reach", "equity_mark", "metrics_definition",
)  # fmt: skip


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
                raw = msgspec.json.decode(bt.run_backtest_json(json.dumps(config)))
        except (bt.ConfigError, bt.MigrationError) as error:
            refused = refusal("config", error.code, str(error))
            return Answer(outcome=refused, seconds=time.perf_counter() - began)
        except bt.InternalError as error:
            return Answer(outcome=None, failure=f"panicked: {error}", seconds=time.perf_counter() - began)
        except Exception as error:  # a fault of the adapter or of bt is no outcome, and no end of the run
            return Answer(outcome=None, failure=f"failed: {error!r}", seconds=time.perf_counter() - began)
        seconds = time.perf_counter() - began
        try:
            if not raw["ok"]:
                fault = {name: raw["error"][name] for name in ("category", "code", "message")}
                return Answer(outcome=check({"error": fault}), seconds=seconds)
            outcome = check(_outcome(raw))
        except (ValueError, KeyError, TypeError) as error:
            return Answer(outcome=None, failure=f"answered nonsense: {error}", seconds=seconds)
        extra = {"rejected": raw["rejected_orders"], "meta": raw["meta"]}
        return Answer(outcome=outcome, seconds=seconds, bars=raw["meta"]["counters"]["bars"], extra=extra)

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


#: Fields of V2's rows by the name that outcomes have for them.
_RENAMED = {"initial_stop_loss": "initial_sl", "stop_loss": "sl", "take_profit": "tp"}
#: What a result of V2 holds; the last three are no part of an outcome.
_PARTS = {"ok", "trades", "open_positions", "equity", "metrics", "events", "rejected_orders", "definitions", "meta"}


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row in the outcome's words; a key that V2 should not have is kept for the decoder to find."""
    out = {_RENAMED.get(name, name): value for name, value in row.items() if name not in ("meta", "unrealised")}
    if "meta" in row:
        order, *others = row["meta"].items()
        if others or "order_id" in row or order[0] != "order_id":
            raise MalformedOutcomeError("trades", f"meta holds {', '.join(row['meta'])} and not order_id alone")
        out["order_id"] = order[1]
    if len(out) != len(row) - ("unrealised" in row):
        raise MalformedOutcomeError("trades", f"two names for one field among {', '.join(row)}")
    return out


def _outcome(raw: dict[str, Any]) -> dict[str, Any]:
    unknown = raw.keys() - _PARTS
    if unknown or raw["equity"].keys() != {"timestamp_ns", "equity", "balance"}:
        raise MalformedOutcomeError("result", f"unknown {', '.join(sorted(unknown)) or 'columns of equity'}")
    trades = [_row(row) for row in raw["trades"]]
    still_open = [_row(row) for row in raw["open_positions"]]
    equity = raw["equity"]
    out: dict[str, Any] = {
        "trades": trades,
        "open_positions": still_open,
        "equity": [list(point) for point in zip(equity["timestamp_ns"], equity["equity"], strict=True)],
        "balance": equity["balance"][-1] if equity["balance"] else None,
        "fees_total": sum((t["entry_fee"] + t["exit_fee"] for t in trades), 0.0)
        + sum(p["entry_fee"] for p in still_open),
        "metrics": raw["metrics"],
    }
    if "events" in raw:
        out["events"] = raw["events"]
    return out
