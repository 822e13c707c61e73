"""The one call, with Python's types around it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from bt import _native
from bt._document import decode
from bt.errors import BacktestError, ConfigError, ConfigIssue
from bt.result import Result

if _native.__debug_build__:
    warnings.warn("bt._native is a debug build: it is right but slow", RuntimeWarning, stacklevel=2)


def _text(config: dict[str, Any] | str | Path) -> str:
    if isinstance(config, Path):
        try:
            return config.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            issue = ConfigIssue(code=3001, path="", message=f"file {config} does not exist")
            raise ConfigError(f"[3001] config file {config} does not exist", (issue,)) from error
        except UnicodeDecodeError as error:
            issue = ConfigIssue(code=1009, path="", message=f"file {config} is not UTF-8")
            raise ConfigError(f"[1009] config file {config} is not UTF-8", (issue,)) from error
    if isinstance(config, str):
        return config
    if not isinstance(config, dict):
        raise TypeError(f"config must be a dict, a JSON text or a Path, not {type(config).__name__}")
    try:
        return json.dumps(config, allow_nan=False)
    except (TypeError, ValueError) as error:
        issue = ConfigIssue(code=1009, path="", message=f"cannot be written as JSON: {error}")
        raise ConfigError(f"[1009] config: cannot be written as JSON: {error}", (issue,)) from error


def run_backtest_json(config_json: str) -> str:
    """The bare boundary: JSON text in, JSON text out, run-time errors included."""
    return _native.run_backtest(config_json)


def run_backtest(config: dict[str, Any] | str | Path) -> Result:
    """Runs one backtest.

    ``config`` is a dict, a JSON text, or the Path of a JSON file. Market data is read from
    ``OMEGA_DATA_PARQUET_ROOT`` (default ``data/parquet``).

    Raises:
        ConfigError: the configuration is refused; every fault is in ``issues``.
        BacktestError: files, data or rates stopped the run.
        InternalError: a bug of the engine.
    """
    text = _native.run_backtest(_text(config))
    document = decode(text)
    if document.error is not None:
        raise BacktestError(**document.error)
    return Result(text=text, document=document)
