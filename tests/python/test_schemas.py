"""The shipped schemas say what the engine does: they take what it takes and refuse what it refuses."""

from __future__ import annotations

import copy
import json
import typing
from collections.abc import Callable, Iterator
from typing import Any

import bt
import pytest
from jsonschema import Draft202012Validator

Config = dict[str, Any]
VALUES: list[Any] = [True, "x", "", -1, 0, 0.5, 1, 7, 1e12, [], [7], ["x"], {}, {"x": 1}]


def validator(kind: str) -> Draft202012Validator:
    schema = bt.schema(kind)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def full(strategy: str) -> Config:
    """A valid configuration in which every object is there."""
    parameters: dict[str, Any] = {
        "scripted_orders": {
            "orders": [{"bar": 0, "direction": "long", "type": "limit", "entry": 1.0, "sl": 0.5, "tp": 2.0}],
            "edits": [{"bar": 1, "order": 0, "sl": 0.6}],
        },
        "mean_reversion_z_score": {"enabled_scenarios": [1], "htf_tf": "NONE"},
    }[strategy]
    return {
        "schema_version": "2", "strategy_name": strategy, "strategy_parameters": parameters, "symbol": "EURUSD",
        "start_date": "2025-01-07", "end_date": "2025-01-07", "timeframes": {"primary": "M1"},
        "execution_variant": "v2", "semantics": {"exit_gap": "v2"}, "warmup_bars": 0, "allow_unknown": False,
        "timestamp_alignment": {"higher_tf_timestamps_mode": {"D1": "close"}},
        "sessions": [{"start": "00:00", "end": "12:00"}],
        "anchored_sessions": {"anchor": "london", "windows": [{"start_offset_minutes": -60}]},
        "cooldown": {"candles": 1}, "account": {"max_positions": 3}, "rates": {"EURUSD": 1.1},
        "costs": {"slippage": {"fixed_pips": 0.1}}, "news_filter": {"currencies": ["EUR"]},
        "trade_management": {"only_scenarios": ["long_1"]}, "output": {"equity": "trades"},
    }  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and item of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield (*path, key)
        yield from places(below, (*path, key))


def put(config: Config, path: tuple[Any, ...], value: Any) -> Config:
    changed = copy.deepcopy(config)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def accepted(config: Config) -> bool:
    try:
        bt.run_backtest_json(json.dumps(config))
    except bt.ConfigError:
        return False
    return True


def known_keys(schema: dict[str, Any], node: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every property of the schema as a path of keys, lists left out."""
    node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
    for option in node.get("anyOf", []):
        yield from known_keys(schema, option)
    for key, below in node.get("properties", {}).items():
        yield (key,)
        for rest in known_keys(schema, below):
            yield (key, *rest)


@pytest.mark.parametrize("strategy", ["scripted_orders", "mean_reversion_z_score"])
@pytest.mark.usefixtures("market")
def test_schema_and_parser_agree_on_every_value_of_every_key(strategy: str) -> None:
    base, schema = full(strategy), validator("config")
    assert accepted(base)
    assert schema.is_valid(base)
    paths = set(places(base))
    definition = {"scripted_orders": "ScriptedOrders", "mean_reversion_z_score": "MeanReversion"}[strategy]
    for keys in known_keys(bt.schema("config"), bt.schema("config")):
        paths.add(keys)
    for keys in known_keys(bt.schema("config"), {"$ref": f"#/$defs/{definition}"}):
        paths.add(("strategy_parameters", *keys))
    checked, refused = 0, 0
    for path in sorted(paths, key=str):
        for value in VALUES:
            config = put(base, path, value)
            says, does = schema.is_valid(config), accepted(config)
            # Rules between keys are the parser's alone: a chain without links, filters without their timeframe.
            assert says == does or (says and meaning(config)), (path, value, says)
            checked += 1
            refused += not says
    assert checked > 1_000
    assert refused > checked / 2


def meaning(config: Config) -> bool:
    """Whether every complaint is one that needs more than the key itself."""
    try:
        bt.run_backtest_json(json.dumps(config))
    except bt.ConfigError as error:
        single = ("wrong type", "is out of range", "unknown key", "is required", "is not a whole number")
        return not any(issue.message.startswith(single) for issue in error.issues)
    return False


@pytest.mark.usefixtures("market")
def test_the_schema_refuses_each_missing_required_key_as_the_parser_does() -> None:
    base, schema = full("scripted_orders"), validator("config")
    missing = 0
    for path in places(base):
        changed = copy.deepcopy(base)
        place: Any = changed
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]
        assert schema.is_valid(changed) == accepted(changed) or path[-1] == "entry", path
        missing += not schema.is_valid(changed)
    assert missing >= 12


@pytest.mark.usefixtures("market")
def test_results_errors_and_normalised_configs_validate(config: Callable[..., Config]) -> None:
    result = json.loads(bt.run_backtest_json(json.dumps(config(output={"equity": "bars", "events": True}))))
    assert result["trades"]
    assert result["events"]
    assert list(validator("result").iter_errors(result)) == []
    assert list(validator("config").iter_errors(result["meta"]["config"]["normalised"])) == []
    answer = json.loads(bt.run_backtest_json(json.dumps(config(symbol="NOTHERE"))))
    assert answer["ok"] is False
    assert list(validator("error").iter_errors(answer)) == []
    assert not validator("result").is_valid(answer)


def test_defaults_in_the_schema_are_those_the_parser_fills_in() -> None:
    schema = bt.schema("config")
    assert schema["properties"]["warmup_bars"]["default"] == 500
    assert schema["$defs"]["MeanReversion"]["properties"]["kalman_q"]["default"] == 0.1
    assert schema["$defs"]["MeanReversion"]["properties"]["kalman_r"]["exclusiveMinimum"] == 0


def test_error_codes_come_from_the_shipped_table() -> None:
    codes = bt.schema("codes")
    assert codes["SCHEMA_VIOLATION"] == 1005
    assert len(codes) > 40
    assert set(codes.values()) == set(bt.schema("error")["properties"]["error"]["properties"]["code"]["enum"])


def test_an_unknown_kind_of_schema_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="config, result, error, codes"):
        bt.schema("nonsense")


def test_the_records_of_a_trade_are_the_fields_of_the_schema() -> None:
    fields = bt.schema("result")["$defs"]["Trade"]["properties"]
    assert set(bt.Trade.__struct_fields__) == set(fields)
    definitions = bt.schema("result")["$defs"]
    hints = typing.get_type_hints(bt.Trade)
    for name, definition in (("direction", "Direction"), ("order_type", "OrderKind"), ("reason", "ExitReason")):
        listed = [option["const"] for option in definitions[definition]["oneOf"]]
        assert sorted(typing.get_args(hints[name])) == sorted(listed), name
