"""V1's Arrow schemas (version 2.0.0): loading, checking, fingerprints.

The files in ``src/schemas`` are IPC streams without batches. Rust checks them when it is built;
here a batch is held against them before it crosses.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from shared.error_codes import ErrorCode
from shared.exceptions import FfiError

SCHEMA_VERSION = "2.0.0"
SCHEMA_DIR = Path(__file__).resolve().parent.parent / "schemas"

_TS = pa.timestamp("us", tz="UTC")
_F64 = pa.float64()
_DICT = pa.dictionary(pa.int32(), pa.string())


def _schema(*columns: tuple[str, pa.DataType], optional: frozenset[str] = frozenset()) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=name in optional) for name, kind in columns])


DEFINITIONS: dict[str, pa.Schema] = {
    "ohlcv": _schema(
        ("timestamp", _TS), ("open", _F64), ("high", _F64), ("low", _F64),
        ("close", _F64), ("volume", _F64), ("valid", pa.bool_()),
    ),
    "trade_signal": _schema(
        ("timestamp", _TS), ("direction", _DICT), ("entry", _F64), ("sl", _F64), ("tp", _F64),
        ("size", _F64), ("symbol", _DICT), ("order_type", _DICT), ("reason", pa.string()),
        ("scenario", pa.string()), optional=frozenset({"reason", "scenario"}),
    ),
    "position": _schema(
        ("entry_time", _TS), ("exit_time", _TS), ("direction", _DICT), ("symbol", _DICT),
        ("entry_price", _F64), ("exit_price", _F64), ("initial_sl", _F64), ("current_sl", _F64),
        ("tp", _F64), ("size", _F64), ("result", _F64), ("r_multiple", _F64), ("status", _DICT),
        optional=frozenset({"exit_time", "exit_price", "result", "r_multiple"}),
    ),
    "indicator": _schema(("timestamp", _TS), ("value", _F64), ("valid", pa.bool_())),
    "equity_curve": _schema(
        ("timestamp", _TS), ("equity", _F64), ("balance", _F64), ("drawdown", _F64), ("high_water", _F64),
    ),
    "rating_score": _schema(
        ("metric_name", _DICT), ("raw_value", _F64), ("score", _F64), ("weight", _F64), ("weighted", _F64),
    ),
}


def write_schema_files(folder: Path = SCHEMA_DIR) -> None:
    """Writes every definition as ``<name>.arrow``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in DEFINITIONS.items():
        with pa.ipc.new_stream(str(folder / f"{name}.arrow"), schema):
            pass


@lru_cache(maxsize=None)
def load_schema(name: str) -> pa.Schema:
    """The schema of a file; FfiError 5004 when it is not what this module defines."""
    with pa.ipc.open_stream(str(SCHEMA_DIR / f"{name}.arrow")) as reader:
        found = reader.schema
    check_schema(found, name)
    return found


def check_schema(found: pa.Schema, name: str) -> None:
    """Raises FfiError 5004 that names the fields in which ``found`` differs."""
    wanted = DEFINITIONS[name]
    if found.equals(wanted):
        return
    faults = []
    for field in wanted:
        index = found.get_field_index(field.name)
        if index < 0:
            faults.append(f"{field.name} is missing")
        elif not found.field(index).equals(field):
            faults.append(f"{field.name} is {found.field(index)}, should be {field}")
    faults.extend(f"{f.name} is not expected" for f in found if wanted.get_field_index(f.name) < 0)
    if not faults:
        faults.append("the fields stand in another order")
    raise FfiError(
        f"batch does not match schema {name!r}: " + "; ".join(faults),
        error_code=ErrorCode.FFI_SCHEMA_MISMATCH,
    )


_WORDS = {str(_TS): "timestamp[us, UTC]", "double": "float64", "string": "utf8", "bool": "bool"}


def _word(kind: pa.DataType) -> str:
    return "dictionary<int32, utf8>" if pa.types.is_dictionary(kind) else _WORDS[str(kind)]


def fingerprint(name: str) -> str:
    """SHA-256 of the sorted-key JSON list of {name, type, nullable}."""
    fields = [{"name": f.name, "type": _word(f.type), "nullable": f.nullable} for f in DEFINITIONS[name]]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    write_schema_files()
