"""An engine in another process, in under 60 lines: the installed ``bt``, spoken to over JSON lines.

Copy this, replace ``answer``, and name the copy in an engines.toml. Nothing here imports the parity suite.
"""

import json
import os
import sys
from typing import Any

import bt

CODES = {code: name for name, code in bt.schema("codes").items()}
NAMES = {"initial_sl": "initial_stop_loss", "sl": "stop_loss", "tp": "take_profit"}


def row(found: dict[str, Any]) -> dict[str, Any]:
    """A trade or an open position in the words of the protocol."""
    out = {k: v for k, v in found.items() if k not in ("meta", "unrealised", *NAMES.values())}
    out.update({short: found[long] for short, long in NAMES.items()})
    return {**out, "order_id": found.get("order_id", found.get("meta", {}).get("order_id"))}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """One backtest: the outcome of a V1 config under the given switches."""
    os.environ["OMEGA_DATA_PARQUET_ROOT"] = request["data_root"]
    os.environ["OMEGA_NEWS_CALENDAR_FILE"] = request["news_parquet"]
    os.environ["OMEGA_EXECUTION_COSTS_FILE"] = request["config"].pop("execution_costs_file")
    os.environ["OMEGA_SYMBOL_SPECS_FILE"] = request["config"].pop("symbol_specs_file")
    try:
        config = bt.migrate_config(request["config"], news=True).config
        config["execution_variant"] = "v1_parity"
        config["semantics"] = {name: setting for name, setting in request["switches"].items() if setting != "v1"}
        config["output"] = {"equity": "bars", "events": request["events"]}
        raw = json.loads(bt.run_backtest_json(json.dumps(config)))
    except (bt.ConfigError, bt.MigrationError) as error:
        return {"error": {"category": CODES[error.code], "code": error.code, "message": str(error)}}
    if not raw["ok"]:
        fault = raw["error"]
        return {"error": {"category": fault["name"], "code": fault["code"], "message": fault["message"]}}
    trades, still_open, equity = raw["trades"], raw["open_positions"], raw["equity"]
    outcome = {
        "trades": [row(trade) for trade in trades],
        "open_positions": [row(position) for position in still_open],
        "equity": [list(point) for point in zip(equity["timestamp_ns"], equity["equity"], strict=True)],
        "balance": equity["balance"][-1],
        "fees_total": sum((t["entry_fee"] + t["exit_fee"] for t in trades), 0.0)
        + sum(p["entry_fee"] for p in still_open),
        "metrics": raw["metrics"],
    }
    return {**outcome, "events": raw["events"]} if request["events"] else outcome


hello = {"protocol": 2, "name": "bt", "version": bt.__version__, "capabilities": {"events": True, "switches": True}}
print(json.dumps({"hello": hello}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    outcome = answer(request)
    print(json.dumps({"id": request["id"], "outcome": outcome, "bars": len(outcome.get("equity", []))}), flush=True)
