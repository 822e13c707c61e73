"""One case through ``bt``: a request of the protocol in, a reply out. Imports ``bt`` and nothing of this project.

The V1 config goes through ``bt.migrate_config``, so that its mistakes show.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from typing import Any

import bt
import msgspec

#: Fields of V2's rows by the name that outcomes have for them.
RENAMED = {"initial_stop_loss": "initial_sl", "stop_loss": "sl", "take_profit": "tp"}
#: What a result of V2 holds; the last four are no part of an outcome.
PARTS = {"trades", "open_positions", "equity", "metrics", "events", "ok", "rejected_orders", "definitions", "meta"}


#: Words of a migration's report that say nothing about how a key was written.
UNREMARKABLE = ("default", "dropped")


class OddResultError(ValueError):
    """V2's result does not have the form that its schema gives it; the message says where."""


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables of this process while a case runs."""
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


def variables(request: Mapping[str, Any]) -> dict[str, str]:
    """Where V2 finds the files of a request."""
    return {
        "OMEGA_DATA_PARQUET_ROOT": request["data_root"],
        "OMEGA_EXECUTION_COSTS_FILE": request["config"]["execution_costs_file"],
        "OMEGA_SYMBOL_SPECS_FILE": request["config"]["symbol_specs_file"],
        "OMEGA_NEWS_CALENDAR_FILE": request["news_parquet"],
    }


def migrated(request: Mapping[str, Any]) -> dict[str, Any]:
    """The V2 config of a request; what it does not switch is at ``v1``."""
    return _migrated(request)[0]


def _migrated(request: Mapping[str, Any]) -> tuple[dict[str, Any], list[list[str]]]:
    """The V2 config, and what the report says of each key that is not simply mapped: key and word."""
    files = ("execution_costs_file", "symbol_specs_file")
    config = {name: value for name, value in request["config"].items() if name not in files}
    migration = bt.migrate_config(config, news=True)
    out: dict[str, Any] = migration.config
    out["execution_variant"] = "v1_parity"
    out["semantics"] = {name: value for name, value in request["switches"].items() if value != "v1"}
    out["output"] = {"equity": "bars", "events": request["events"]}
    return out, [[f.key, f.action] for f in migration.findings if f.action not in UNREMARKABLE]


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to a request: an outcome, a refusal, or in ``failure`` why there is neither. Never raises."""
    try:
        config, report = _migrated(request)
        with environment(variables(request)):
            text = bt.run_backtest_json(json.dumps(config))
        return _with_report(reply(result(text), explained=bool(request.get("gates"))), report)
    except (bt.ConfigError, bt.MigrationError) as error:
        return _refusal(_name(error.code), error.code, str(error))
    except bt.InternalError as error:
        return {"failure": f"panicked: {error}"}
    except MemoryError:
        return {"failure": "ran out of memory"}
    except OddResultError as error:
        return {"failure": f"answered nonsense: {error}"}
    except Exception as error:  # a fault of the adapter or of bt is no outcome, and no end of the run
        return {"failure": f"failed: {error!r}"}


def _with_report(reply: dict[str, Any], report: list[list[str]]) -> dict[str, Any]:
    return {**reply, "extra": {**reply.get("extra", {}), "migration": report}}


def reply(raw: Mapping[str, Any], *, explained: bool = False) -> dict[str, Any]:
    """The reply that V2's result makes; ``explained`` leaves the gates in it and adds the config as V2 understood it.

    Raises:
        OddResultError: the result lacks something that every result has, or has parts that are not known.
    """
    try:
        if not raw["ok"]:
            fault = raw["error"]
            return _refusal(fault["name"], fault["code"], fault["message"])
        warnings = raw["meta"].get("warnings")
        out = {"outcome": outcome(raw), "bars": raw["meta"]["counters"]["bars"],
               "extra": {"warnings": warnings} if warnings else {}}  # fmt: skip
        if explained:
            out["extra"]["config"] = raw["meta"]["config"]["normalised"]
            return out
        if "events" in raw:  # gates are not compared: a run that nobody explains need not carry them
            out["outcome"]["events"] = [event for event in raw["events"] if event["event"] != "gate"]
        return out
    except (KeyError, TypeError, AttributeError) as error:
        raise OddResultError(f"V2's result: {error!r}") from error


@lru_cache
def _names() -> dict[int, str]:
    """Names of V2's error codes, from the table that its package holds."""
    table: dict[str, int] = json.loads((files(bt) / "schemas" / "error_codes.json").read_text(encoding="utf-8"))
    return {code: name for name, code in table.items()}


def _name(code: int) -> str:
    return _names().get(code, "config")


def _refusal(category: str, code: int, message: str) -> dict[str, Any]:
    return {"outcome": {"error": {"category": category, "code": code, "message": message}}}


def result(text: str) -> dict[str, Any]:
    """V2's JSON text as data.

    Raises:
        OddResultError: it is no strict JSON: NaN, half a surrogate pair, or a key twice.
    """
    try:
        raw: dict[str, Any] = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise OddResultError(f"V2's result: {error}") from error
    # The core writes no blanks, so a key is what stands before `":` whose quote is not escaped.
    escaped = text.count('\\":') if "\\" in text else 0
    if _keys(raw) != text.count('":') - escaped:
        json.loads(text, object_pairs_hook=_once)
    return raw


def _keys(value: Any) -> int:
    """Keys of all objects in a value; rows are counted without a loop of Python's."""
    if type(value) is dict:
        return len(value) + sum([_keys(part) for part in value.values() if type(part) in (dict, list)])
    kinds = set(map(type, value))
    if kinds == {dict}:
        inner = chain.from_iterable(map(dict.values, value))
        if {dict, list} & set(map(type, inner)):
            return sum(map(_keys, value))
        return sum(map(len, value))
    return sum([_keys(part) for part in value if type(part) in (dict, list)]) if {dict, list} & kinds else 0


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        names = [name for name, _ in pairs]
        raise OddResultError(f"V2's result has the key {next(n for n in names if names.count(n) > 1)!r} twice")
    return out


def outcome(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome in the protocol's words; what V2 should not have in it is kept, or refused, and never dropped.

    Raises:
        OddResultError: the result or a row of it has parts that are not known.
    """
    unknown = raw.keys() - PARTS
    if unknown or raw["equity"].keys() != {"timestamp_ns", "equity", "balance"}:
        raise OddResultError(f"V2's result: unknown {', '.join(sorted(unknown)) or 'columns of equity'}")
    trades = [_row(row) for row in raw["trades"]]
    still_open = [_row(row) for row in raw["open_positions"]]
    equity = raw["equity"]
    fees = sum((trade["entry_fee"] + trade["exit_fee"] for trade in trades), 0.0)
    out: dict[str, Any] = {
        "trades": trades,
        "open_positions": still_open,
        "equity": list(zip(equity["timestamp_ns"], equity["equity"], strict=True)),
        "balance": equity["balance"][-1] if equity["balance"] else None,
        "fees_total": fees + sum(position["entry_fee"] for position in still_open),
        "metrics": raw["metrics"],
    }
    if "events" in raw:
        out["events"] = raw["events"]
    return out


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A trade or an open position; a field that V2 should not have is kept, so that the decoder refuses it."""
    out = {RENAMED.get(name, name): value for name, value in row.items() if name not in ("meta", "unrealised")}
    if "meta" in row:
        order, *others = row["meta"].items()
        if others or "order_id" in row or order[0] != "order_id":
            raise OddResultError(f"V2's trades: meta holds {', '.join(row['meta'])} and not order_id alone")
        out["order_id"] = order[1]
    if len(out) != len(row) - ("unrealised" in row):
        raise OddResultError(f"V2's trades: two names for one field among {', '.join(row)}")
    return out
