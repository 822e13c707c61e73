"""A V1 config as it is written without any of the spellings that V1 took (``model.spellings``). Pure.

It is what the harness itself reads where it explains and counts; engines get the config as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from parity.harness.model.case import Case
from parity.harness.model.spellings import (
    COOLDOWNS,
    FLOATS,
    REFUSED,
    TAKEN,
    WHOLE,
    Config,
    Spelling,
    at,
    filter_at,
    spellings,
)

ALL_SCENARIOS = [1, 2, 3, 4, 5, 6]


def taken(case: Case) -> list[tuple[Spelling, str]]:
    """The spellings of a case that V1 took, with their paths."""
    return spellings(_config(case), TAKEN)


def refused(case: Case) -> list[tuple[Spelling, str]]:
    """The spellings of a case that V1 refused, with their paths."""
    return spellings(case.config, REFUSED)


def _config(case: Case) -> Config:
    """The config, with null in place of a cost file that is missing."""
    return case.config if case.costs is not None else {**case.config, "execution_costs_file": None}


def plain(config: Config) -> Config:
    """The same config in the usual spelling; the config itself where it is in that."""
    if not spellings(config, TAKEN):
        return config
    out: dict[str, Any] = copy.deepcopy(dict(config))
    _numbers(out.get("slippage"), float)
    _numbers(out.get("rates_static"), float)
    execution = out.get("execution")
    if isinstance(execution, dict):
        for name in ("fee_multiplier", "slippage_multiplier"):
            _number(execution, name, float)
        _number(execution, "random_seed", int)
    for name in COOLDOWNS:
        if isinstance(out.get(name), int | float):
            out[name] = max(0, out[name])
    alignment = out.get("timestamp_alignment")
    if isinstance(alignment, dict) and isinstance(alignment.get("entry_timestamp_mode"), str):
        alignment["entry_timestamp_mode"] = alignment["entry_timestamp_mode"].lower()
    frames = out.get("timeframes")
    if isinstance(frames, dict) and isinstance(frames.get("additional"), list):
        frames["additional"] = list(dict.fromkeys(frames["additional"]))
    _parameters(out["strategy"].get("parameters", {}))
    _sessions(out)
    module = out["strategy"].get("module")
    if isinstance(module, str) and not module.startswith("strategies."):
        out["strategy"]["module"] = f"strategies.{module}"
    return out


def _number(place: dict[str, Any], name: str, kind: type[float] | type[int]) -> None:
    value = place.get(name)
    if isinstance(value, str) or (kind is int and isinstance(value, float)):
        place[name] = kind(value)


def _numbers(place: Any, kind: type[float]) -> None:
    for name in place if isinstance(place, dict) else ():
        _number(place, name, kind)


def _parameters(found: dict[str, Any]) -> None:
    for name in FLOATS:
        _number(found, name, float)
    for name in WHOLE:
        _number(found, name, int)
    if "direction_filter" in found:
        wanted = str(found["direction_filter"]).lower()
        found["direction_filter"] = wanted if wanted in ("long", "short") else "both"
    if "enabled_scenarios" in found:
        several = found["enabled_scenarios"]
        numbers = [int(n) for n in several] if isinstance(several, list) else []
        found["enabled_scenarios"] = numbers or list(ALL_SCENARIOS)


def _sessions(out: dict[str, Any]) -> None:
    path = filter_at(out, "session_filter")
    if path is None:
        return
    place: Any = out["strategy"] if path.startswith("strategy.") else out
    found = place["session_filter"]
    if found is None:
        del place["session_filter"]
    elif isinstance(found, Mapping):
        times = at(found, "fixed_times")
        named = isinstance(times, list) and all(isinstance(w, str) for w in times)
        place["session_filter"] = {**found, "fixed_times": [] if named or not isinstance(times, list) else times}
