"""Configs as people write them: each function respells one key of a draft and gives its path, None where it has none.

Spec 3.1 lists them. What each means to V1, and how a report has to name it, is in ``model.spellings``. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parity.harness.generate.choices import Choices
from parity.harness.generate.drafts import Draft
from parity.harness.model.limits import Limits
from parity.harness.model.spellings import FLOATS, PARAMETERS, WHOLE

Respell = Callable[[Choices, Draft], str | None]
COOLDOWNS = ("cooldown_candles", "cooldown_minutes", "cooldown_minutes_trade")
ANCHORED = {"anchor": "london", "offset_window": [["-09:00", "+04:30"]]}


def _parameter(c: Choices, d: Draft, names: tuple[str, ...], respelled: Callable[[Any], Any]) -> str | None:
    known = [name for name in names if type(d.parameters.get(name)) in (int, float)]
    if d.scripted or not known:
        return None
    name = c.pick(known)
    d.parameters[name] = respelled(d.parameters[name])
    return PARAMETERS + name


def _set(path: str, value: Callable[[Choices, Draft], Any]) -> Respell:
    """Sets a key, with the mappings on its way."""

    def respell(c: Choices, d: Draft) -> str:
        *parents, last = path.split(".")
        place = d.config
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = value(c, d)
        return path

    return respell


def _of_strategy(respell: Respell) -> Respell:
    return lambda c, d: None if d.scripted else respell(c, d)


def _gone(path: str) -> Respell:
    def respell(_: Choices, d: Draft) -> str:
        *parents, last = path.split(".")
        place = d.config
        for name in parents:
            place = place[name]
        place.pop(last, None)
        return path

    return respell


def _cooldown(value: Callable[[Choices], Any]) -> Respell:
    def respell(c: Choices, d: Draft) -> str:
        name = c.pick(COOLDOWNS)
        d.config[name] = value(c)
        return name

    return respell


def _clock(c: Choices, d: Draft) -> str:
    return f"{(d.shape.begin.hour + c.integer(0, 2)) % 24:02}:{c.pick((0, 1, 5, 10, 30)):02}"


def _session(times: Callable[[Choices, Draft], Any]) -> Respell:
    """A session filter in place of every other one."""

    def respell(c: Choices, d: Draft) -> str:
        d.without_sessions()
        d.config["session_filter"] = {"fixed_times": times(c, d)}
        return "session_filter.fixed_times"

    return respell


def _to_the_second(c: Choices, d: Draft) -> str:
    return f"{_clock(c, d)}:{c.pick((30, 0, 59, 1)):02}"


def _seconds(c: Choices, d: Draft) -> list[list[str]]:
    return [[_to_the_second(c, d), _to_the_second(c, d)] for _ in range(c.integer(1, 2))]


def _null_session(c: Choices, d: Draft) -> str:
    d.without_sessions()
    d.config["session_filter"] = c.pick(({"fixed_times": None}, None))
    return "session_filter" if d.config["session_filter"] is None else "session_filter.fixed_times"


def _anchor(value: Callable[[Choices], dict[str, Any]]) -> Respell:
    """An anchored filter in place of every other one; the path is what V1 reads differently."""

    def respell(c: Choices, d: Draft) -> str:
        d.without_sessions()
        d.config["anchored_session_filter"] = value(c)
        return "anchored_session_filter"

    return respell


def _anchors(c: Choices) -> dict[str, Any]:
    pairs = ([["-09:00", "+04:30"]], [["-00:30", "+01:00"], ["+02:00", "+03:00"]], [["-02:00", "-01:00"]])
    names = c.sample(("tokyo", "london", "frankfurt", "new_york", "sydney", "asia", "europe"), least=2, most=3)
    return {"windows": [{"anchor": name, "offset_window": c.pick(pairs)} for name in names]}


def _short(c: Choices) -> dict[str, Any]:
    sign = c.pick(("+", ""))
    return {"anchor": c.pick(("london", "tokyo")), "offset_window": [[f"-{c.integer(1, 9)}:00", f"{sign}4:30"]]}


def _duplicates(c: Choices, d: Draft) -> str | None:
    names = d.config["timeframes"]["additional"]
    if not names:
        return None
    d.config["timeframes"]["additional"] = [*names, c.pick(names)]
    return "timeframes.additional"


def _dev_seed(c: Choices, d: Draft) -> str:
    d.config["execution"].pop("random_seed", None)
    d.config["reporting"] = {"dev_mode": True, "dev_seed": c.integer(0, 2**31)}
    if "random_slippage" in d.limits.costs:
        d.config["slippage"] = {"fixed_pips": 0.0, "random_pips": 0.3}
    return "reporting.dev_seed"


def _module(_: Choices, d: Draft) -> str:
    d.config["strategy"]["module"] = d.config["strategy"]["module"].removeprefix("strategies.")
    return "strategy.module"


def _no_costs(_: Choices, d: Draft) -> str:
    d.costs = None
    return "execution_costs_file"


def _text_rate(c: Choices, d: Draft) -> str:
    rates = d.config["rates_static"] = dict(d.config["rates_static"])
    name = c.pick(sorted(rates))
    rates[name] = str(rates[name])
    return f"rates_static.{name}"


def _lower(path: str) -> Respell:
    def respell(_: Choices, d: Draft) -> str:
        *parents, last = path.split(".")
        place = d.config
        for name in parents:
            place = place[name]
        place[last] = place[last].lower()
        return path

    return respell


def _late(_: Choices, d: Draft) -> str:
    d.config["start_date"], d.config["end_date"] = "2025-12-02", "2025-12-01"
    return "end_date"


def _short_session(c: Choices, d: Draft) -> list[list[str]]:
    return [["7:00", "16:00"], ["22:00", _clock(c, d)]][: c.integer(1, 2)]


def _from_bars(c: Choices, d: Draft) -> str:
    d.config.pop("rates", None)
    if c.flag():
        d.config["rates"] = {"mode": "timeseries"}
        return "rates.mode"
    del d.config["rates_static"]
    return "rates_static"


#: Spellings of keys that only some cases have: of parameters of a strategy, of higher timeframes.
OF_STRATEGIES = ("text parameter", "text whole parameter", "fraction cut", "direction case", "direction unknown",
                 "scenarios text", "scenarios number", "scenarios empty", "duplicate timeframes", "text fraction",
                 "null whole parameter")  # fmt: skip
#: What an engine must be able to do for a spelling: a limit and the values of it; the others need nothing.
NEEDS: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    **dict.fromkeys(("session seconds", "session null", "session names", "session one digit", "session 24:00"),
                    ("gates", ("session",))),
    **dict.fromkeys(("offset short", "anchors list", "bare pair", "pairs under windows", "anchor in another case"),
                    ("gates", ("anchor",))),
    **dict.fromkeys(("negative cooldown", "text cooldown", "null cooldown"),
                    ("gates", ("cooldown_candles", "cooldown_entry", "cooldown_exit"))),
    **dict.fromkeys(("text slippage", "null slippage"), ("costs", ("fixed_slippage",))),
    **dict.fromkeys(("text multiplier", "null multiplier"), ("costs", ("multipliers",))),
    "dev seed": ("costs", ("random_slippage",)),
    "entry mode case": ("alignment", ("entry_timestamp_mode",)),
    "scenarios text": ("scenarios", (1, 2, 3)),
    **dict.fromkeys(("scenarios number", "scenarios empty"), ("scenarios", (1, 2, 3, 4, 5, 6))),
    "text warmup": ("warm_up", (10,)),
}  # fmt: skip


def possible(name: str, limits: Limits) -> bool:
    """Whether the limits allow what a spelling brings with it."""
    limit, values = NEEDS.get(name, ("gates", ()))
    return set(values) <= set(getattr(limits, limit))


#: Name of the spelling -> how it is written. Names are those of ``model.spellings``.
RESPELL: Mapping[str, Respell] = {
    "text parameter": lambda c, d: _parameter(c, d, FLOATS, str),
    "text whole parameter": lambda c, d: _parameter(c, d, WHOLE, lambda n: str(int(n))),
    "fraction cut": lambda c, d: _parameter(c, d, WHOLE, lambda n: int(n) + c.pick((0.7, 0.999, 0.1))),
    "text rate": _text_rate,
    "text slippage": _set("slippage", lambda c, _: {"fixed_pips": c.pick(("0.5", "1")), "random_pips": "0.0"}),
    "text multiplier": lambda c, d: _set(
        c.pick(("execution.fee_multiplier", "execution.slippage_multiplier")), lambda c, _: c.pick(("1.5", "0.5", "2"))
    )(c, d),
    "text seed": _set("execution.random_seed", lambda c, _: str(c.integer(0, 2**31))),
    "direction case": _of_strategy(
        _set(PARAMETERS + "direction_filter", lambda c, _: c.pick(("LONG", "Short", "SHORT", "Long")))
    ),
    "direction unknown": _of_strategy(
        _set(PARAMETERS + "direction_filter", lambda c, _: c.pick(("up", None, "BOTH", "buy", " long")))
    ),
    "scenarios text": _of_strategy(
        _set(PARAMETERS + "enabled_scenarios", lambda c, _: [str(n) for n in c.pick(([1], [2], [1, 2], [3, 1]))])
    ),
    "scenarios number": _of_strategy(_set(PARAMETERS + "enabled_scenarios", lambda c, _: c.pick((2, 1, 5)))),
    "scenarios empty": _of_strategy(_set(PARAMETERS + "enabled_scenarios", lambda c, _: c.pick(([], "", None)))),
    "session seconds": _session(_seconds),
    "session null": _null_session,
    "session names": _session(lambda c, _: c.pick((["london"], ["london", "new_york"]))),
    "offset short": _anchor(_short),
    "anchors list": _anchor(_anchors),
    "entry mode case": _set(
        "timestamp_alignment.entry_timestamp_mode", lambda c, _: c.pick(("CLOSE", "Open", "Close", "OPEN"))
    ),
    "duplicate timeframes": _duplicates,
    "negative cooldown": _cooldown(lambda c: -c.integer(1, 10)),
    "dev seed": _dev_seed,
    "module without prefix": _module,
    "no cost file": _no_costs,
    "text warmup": _set("warmup_bars", lambda c, _: c.pick(("10", "500"))),
    "text balance": _set("initial_balance", lambda _, __: "10000.0"),
    "text risk": _set("risk_per_trade", lambda _, __: "100"),
    "text cooldown": _cooldown(lambda c: str(c.integer(1, 5))),
    "text fraction": lambda c, d: _parameter(c, d, WHOLE, lambda n: f"{int(n)}.0"),
    "null whole parameter": lambda c, d: _parameter(c, d, WHOLE, lambda _: None),
    "null multiplier": lambda c, d: _set(
        c.pick(("execution.fee_multiplier", "execution.slippage_multiplier")), lambda _, __: None
    )(c, d),
    "null additional": _set("timeframes.additional", lambda _, __: None),
    "null rates": _set("rates_static", lambda _, __: None),
    "null slippage": _set("slippage", lambda _, __: None),
    "null cooldown": _cooldown(lambda _: None),
    "no timeframes": _gone("timeframes"),
    "no additional": _gone("timeframes.additional"),
    "primary in lower case": _lower("timeframes.primary"),
    "session one digit": _session(_short_session),
    "session 24:00": _session(lambda _, __: [["00:00", "24:00"]]),
    "bare pair": _anchor(lambda _: {"anchor": "london", "offset_window": ["-09:00", "+04:30"]}),
    "pairs under windows": _anchor(lambda _: {"anchor": "london", "windows": [["-09:00", "+04:30"]]}),
    "anchor in another case": _anchor(lambda c: {**ANCHORED, "anchor": c.pick(("London", "LONDON", "Tokyo"))}),
    "date with a time": lambda c, d: _set(
        "start_date", lambda _, d: d.config["start_date"] + c.pick(("T00:00:00", " 08:00:00"))
    )(c, d),
    "date without zeros": lambda c, d: _set("start_date", lambda _, d: d.config["start_date"].replace("-0", "-"))(c, d),
    "dates in the wrong order": _late,
    "symbol in lower case": _lower("symbol"),
    "currency in lower case": _lower("account_currency"),
    "rates mode in another case": _set("rates", lambda c, _: {"mode": c.pick(("Static", "STATIC"))}),
    "rates from bars": _from_bars,
}
