"""V1 configs for the tests of the migration, and changes of one key in them."""

from __future__ import annotations

import copy
from typing import Any

import bt

MEAN_REVERSION = {
    "module": "strategies.mean_reversion_z_score.backtest.backtest_strategy",
    "class": "MeanReversionZScoreStrategy",
}
SCRIPTED = {"module": "strategies.scripted_orders", "class": "ScriptedOrdersStrategy"}
#: As a value: the key is taken away.
GONE = object()


def v1(**changes: Any) -> dict[str, Any]:
    """A config that V1 ran; keywords replace top-level keys."""
    return {
        "symbol": "EURUSD",
        "start_date": "2025-01-07",
        "end_date": "2025-01-08",
        "timeframes": {"primary": "M5", "additional": ["H1"]},
        "rates_static": {"EURUSD": 1.1},
        "execution": {"random_seed": 7},
        "strategy": {**MEAN_REVERSION, "parameters": {"enabled_scenarios": [1], "htf_filter": "none"}},
        **changes,
    }


def scripted(*orders: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A config of scripted orders."""
    return v1(strategy={**SCRIPTED, "parameters": {"orders": list(orders), **parameters}})


def having(path: str, value: Any, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """A config with one key set, or taken away; mappings on the way are made."""
    config = copy.deepcopy(base or v1())
    *parents, last = path.split(".")
    place = config
    for part in parents:
        place = place.setdefault(part, {})
    if value is GONE:
        place.pop(last, None)
    else:
        place[last] = value
    return config


def at(config: dict[str, Any], path: str) -> Any:
    """What lies at a path; GONE where nothing does."""
    place: Any = config
    for part in path.split("."):
        if not isinstance(place, dict) or part not in place:
            return GONE
        place = place[part]
    return place


def lines(migration: bt.Migration, key: str) -> list[str]:
    """Lines of the report about a key, or about what lies in it."""
    return [str(f) for f in migration.findings if f.key == key or f.key.startswith((f"{key}.", f"{key}["))]


def refusal(config: Any, **how: Any) -> bt.MigrationError:
    """The error that a config ends in."""
    try:
        found = bt.migrate_config(config, **how)
    except bt.MigrationError as error:
        return error
    raise AssertionError(f"taken as {found.config}")
