"""What an engine says that it lacks is never drawn, everything else still is; without limits nothing changes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from parity.harness.generate.cases import cases, sweep_case
from parity.harness.model.case import Case
from parity.harness.model.limits import EVERYTHING, MEANINGS, Limits
from parity.harness.model.plain import plain, refused, taken

#: Cases drawn under each limit; every eighth of a sweep has a market of its own.
DRAWN = range(0, 2400, 8)
#: Every value of every limit, as a label of ``features``.
VALUES = {
    "strategies": ["scripted", "mean_reversion"],
    "symbols": ["USDJPY", "EURUSD", "DE30EUR"],
    "timeframes": ["M1", "M5", "M15", "H1", "M30"],
    "oddities": ["missing_ask", "missing_bid", "missing_both", "duplicate", "unsorted"],
    "scenarios": [1, 2, 3, 4, 5, 6],
    "gates": ["session", "anchor", "cooldown_candles", "cooldown_entry", "cooldown_exit", "trend"],
    "costs": ["per_lot", "per_million_notional", "percent_of_notional", "one_sided", "min_fee", "fee_currency",
              "per_symbol", "fixed_slippage", "random_slippage", "multipliers"],
    "alignment": ["entry_timestamp_mode", "stale_bar_limit_bars", "use_previous_completed_higher_tf",
                  "normalize_to_timeframe", "higher_tf_timestamps_mode"],
    "warm_up": [10, 30],
}  # fmt: skip
#: What cannot turn up without something else.
NEEDS = {
    "strategies mean_reversion": {
        *(f"scenarios {n}" for n in VALUES["scenarios"]), "news", "gates trend", "warm_up 10", "warm_up 30",
        "timeframes H1", "timeframes M15", "timeframes M30", *(f"alignment {name}" for name in VALUES["alignment"][1:]),
    },
    # Only the filters name H1.
    "gates trend": {"timeframes H1"},
    "timeframes M5": {"timeframes M30", "alignment higher_tf_timestamps_mode"},
    "timeframes M1": {"timeframes M30"},
    "costs per_lot": {"costs per_symbol"},
}  # fmt: skip


def used(slippage: dict[str, float]) -> set[str]:
    return {f"costs {kind}_slippage" for kind in ("fixed", "random") if slippage.get(f"{kind}_pips")}


def of_costs(case: Case) -> Iterable[str]:
    tariff = case.costs or {"defaults": {}}
    for block in (tariff["defaults"], *tariff.get("per_symbol", {}).values()):
        for key, schema in (("per_lot", "per_lot"), ("rate_per_million", "per_million_notional"),
                            ("pct", "percent_of_notional")):  # fmt: skip
            if block.get(key) and block.get("schema", schema) == schema:
                yield f"costs {schema}"
        if block.get("side", "both") != "both":
            yield "costs one_sided"
        if block.get("min_fee"):
            yield "costs min_fee"
        if "fee_ccy" in block:
            yield "costs fee_currency"
        yield from used(block.get("slippage", {}))
    if tariff.get("per_symbol"):
        yield "costs per_symbol"
    yield from used(case.config.get("slippage", {}))
    execution = case.config["execution"]
    if {execution["fee_multiplier"], execution["slippage_multiplier"]} != {1.0}:
        yield "costs multipliers"


def of_gates(config: Any) -> Iterable[str]:
    names = {
        "session_filter": "session", "anchored_session_filter": "anchor", "cooldown_candles": "cooldown_candles",
        "cooldown_minutes": "cooldown_entry", "cooldown_minutes_trade": "cooldown_exit",
    }  # fmt: skip
    for block in (config, config["strategy"]):
        yield from (f"gates {gate}" for key, gate in names.items() if key in block)
    parameters = config["strategy"]["parameters"]
    if {parameters.get("htf_filter"), parameters.get("extra_htf_filter")} & {"above", "below", "both"}:
        yield "gates trend"


def of_timeframes(case: Case) -> Iterable[str]:
    timeframes, parameters = case.config["timeframes"], case.config["strategy"]["parameters"]
    named = {timeframes["primary"], *timeframes["additional"], *case.bars}
    named |= {parameters.get("htf_tf"), parameters.get("extra_htf_tf"), *parameters.get("scenario6_timeframes", ())}
    named |= set(parameters.get("scenario6_params", ()))
    if "AUTO" in named and timeframes["primary"] == "M5":
        named.add("H1")
    return (f"timeframes {name}" for name in named - {None, "NONE", "AUTO", "PRIMARY"})


def of_alignment(config: Any) -> Iterable[str]:
    plain = {
        "entry_timestamp_mode": "open", "stale_bar_limit_bars": 0, "use_previous_completed_higher_tf": True,
        "normalize_to_timeframe": False, "higher_tf_timestamps_mode": None,
    }  # fmt: skip
    return (f"alignment {key}" for key, value in config["timestamp_alignment"].items() if value != plain[key])


def features(case: Case) -> set[str]:
    """Everything about a case that a limit can exclude, read from config, costs and market alone."""
    if refused(case):
        return {"spellings"}
    odd = {"spellings"} if taken(case) else set()
    case = replace(case, config=plain(case.config))
    config = case.config
    parameters = config["strategy"]["parameters"]
    found = odd | {
        f"strategies {'scripted' if 'orders' in parameters else 'mean_reversion'}",
        f"symbols {config['symbol']}",
    }
    found |= {*of_timeframes(case), *of_costs(case), *of_gates(config), *of_alignment(config)}
    found |= {f"oddities {tag.removeprefix('rows ')}" for tag in case.tags if tag.startswith("rows ")}
    found |= {f"scenarios {number}" for number in parameters.get("enabled_scenarios", ())}
    if case.news:
        found.add("news")
    if config["warmup_bars"]:
        found.add(f"warm_up {config['warmup_bars']}")
    return found


def drawn(limits: Limits, numbers: Iterable[int] = DRAWN) -> Counter[str]:
    seen: Counter[str] = Counter()
    for number in numbers:
        seen.update(features(sweep_case(11, number, limits)[0]))
    return seen


@pytest.fixture(scope="module")
def unlimited() -> Counter[str]:
    return drawn(EVERYTHING)


def test_every_value_of_every_limit_is_drawn_where_nothing_is_excluded(unlimited: Counter[str]) -> None:
    labels = {f"{name} {value}" for name, values in VALUES.items() for value in values} | {"news", "spellings"}
    assert labels - unlimited.keys() == set()
    assert set(VALUES) | {"news", "spellings"} == set(MEANINGS)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in VALUES.items() for value in values])
def test_what_a_limit_leaves_out_is_never_drawn_and_the_rest_still_is(
    name: str, value: Any, unlimited: Counter[str]
) -> None:
    limits = EVERYTHING.narrowed({name: [x for x in [*VALUES[name], *["none"] * (name == "oddities")] if x != value]})
    seen = drawn(limits)
    label = f"{name} {value}"
    assert seen[label] == 0
    common = {other for other, count in unlimited.items() if count >= 8} - {label} - NEEDS.get(label, set())
    assert common - seen.keys() == set()


@pytest.mark.parametrize("name", ["gates", "costs", "alignment", "warm_up", "oddities", "news", "spellings"])
def test_false_excludes_all_values_of_a_limit_and_true_none(name: str, unlimited: Counter[str]) -> None:
    assert EVERYTHING.narrowed({name: True}) == EVERYTHING
    seen = drawn(EVERYTHING.narrowed({name: False}))
    assert [label for label in seen if label.split()[0] == name] == (["oddities none"] if name == "oddities" else [])
    common = {other for other, count in unlimited.items() if count >= 8 and other.split()[0] != name}
    assert common - seen.keys() - (NEEDS["gates trend"] if name == "gates" else set()) == set()


def test_hypothesis_keeps_to_the_limits_as_well() -> None:
    limits = EVERYTHING.narrowed({"gates": ["session"], "costs": ["per_lot"], "news": False, "scenarios": [2, 6]})
    seen: Counter[str] = Counter()

    @settings(max_examples=150, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(cases(limits))
    def run(case: Case) -> None:
        seen.update(features(case))

    run()
    wanted = {"gates session", "costs per_lot", "scenarios 2", "scenarios 6"}
    assert {x for x in seen if x.split()[0] in ("gates", "costs", "news", "scenarios")} == wanted


@pytest.mark.parametrize(("seed", "digest"), [
    (0, "d29d06b6cb27613592c80b8cd30b61dc9abdfb5862be696e6ce1e771b67f1ca2"),
    (7, "c3b2b4e3a94342543a5dc96aeaa6c8f0c5e6311da4e6a5c10c8aac470982903c"),
])  # fmt: skip
def test_without_limits_a_sweep_draws_the_same_cases_as_ever(seed: int, digest: str) -> None:
    """The figures of planted faults name cases by their number: a change of these digests is a change of those."""
    found = hashlib.sha256()
    for number in range(41):
        case, made = sweep_case(seed, number)
        found.update(case.to_json().encode())
        found.update(json.dumps(made).encode())
    assert found.hexdigest() == digest


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        ({"moon": [1]}, "unknown moon; known: strategies"),
        ({"symbols": "EURUSD"}, "symbols wants a list of names"),
        ({"symbols": [1]}, "symbols wants a list of names"),
        ({"symbols": ["GBPUSD"]}, r"symbols: nothing of \['GBPUSD'\] can be drawn; known: USDJPY"),
        ({"symbols": []}, "symbols: nothing of"),
        ({"symbols": False}, "symbols wants a list: a case cannot do without"),
        ({"timeframes": ["M15"]}, "at least one of M1, M5"),
        ({"timeframes": ["m1"]}, "timeframes: unknown m1; known: M1"),
        ({"scenarios": [True]}, "scenarios wants a list of whole numbers"),
        ({"scenarios": [1.0]}, "scenarios wants a list of whole numbers"),
        ({"scenarios": [7]}, "scenarios: unknown 7"),
        ({"gates": ["sessions"]}, "gates: unknown sessions; known: session, anchor"),
        ({"gates": {"session": True}}, "gates wants a list of names"),
        ({"news": ["HIGH"]}, "news wants true or false"),
        ({"news": 0}, "news wants true or false"),
        ({"warm_up": 10}, "warm_up wants a list of whole numbers"),
        ({"costs": None}, "costs wants a list of names"),
    ],
)
def test_a_limit_that_cannot_be_used_is_refused_by_name(allowed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EVERYTHING.narrowed(allowed)


def test_two_engines_narrow_what_is_drawn_to_what_both_can_do() -> None:
    both = EVERYTHING.narrowed({"symbols": ["EURUSD", "USDJPY"], "gates": ["session", "trend"]}).narrowed(
        {"symbols": ["EURUSD", "DE30EUR"], "gates": ["anchor", "trend"]}
    )
    assert both.symbols == ("EURUSD",)
    assert both.gates == ("trend",)
    with pytest.raises(ValueError, match="symbols: nothing of"):
        both.narrowed({"symbols": ["USDJPY"]})
