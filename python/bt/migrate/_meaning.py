"""What V2 refuses under its own semantics: settings under which nothing could happen, or that look ahead (ADR 0009).

V1 ran with them. The paths lead into the V1 config.
"""

from __future__ import annotations

from typing import Any

from bt.migrate._report import CONSTRAINT, NORMALISED, Ledger

_PARAMETERS = "strategy.parameters"
_WHY = "V2 refuses it under its own semantics (ADR 0009)"
_AUTO = {"M5": "H1", "M15": "H4", "M30": "H4"}


def meaningless(config: dict[str, Any], ledger: Ledger) -> None:
    """Reports such settings of a V2 config that is otherwise valid. Drops scenario 6 where it has no timeframes."""
    if not config["timestamp_alignment"]["use_previous_completed_higher_tf"]:
        path = "timestamp_alignment.use_previous_completed_higher_tf"
        ledger.fault(CONSTRAINT, path, f"shows bars before they are complete: {_WHY}", False, "true")
    if config["strategy_name"] == "scripted_orders":
        _levels(config["strategy_parameters"]["orders"], ledger)
        return
    parameters, timeframes = config["strategy_parameters"], config["timeframes"]
    for name, wrong in (
        ("z_score_long", parameters["z_score_long"] >= 0),
        ("z_score_short", parameters["z_score_short"] <= 0),
    ):
        if wrong:
            allowed = "a number below 0" if name == "z_score_long" else "a number above 0"
            ledger.fault(CONSTRAINT, f"{_PARAMETERS}.{name}", f"has the wrong sign: {_WHY}", parameters[name], allowed)
    loaded = set(timeframes["additional"]) - {timeframes["primary"]}
    for prefix in ("", "extra_"):
        name, wanted = parameters[f"{prefix}htf_tf"], parameters[f"{prefix}htf_filter"]
        name = _AUTO.get(timeframes["primary"], "NONE") if name == "AUTO" else name
        if wanted in ("above", "below") and name not in loaded:
            message = f"needs a higher timeframe, but {name} is not loaded: {_WHY}"
            allowed = "a timeframe of timeframes.additional, or the filter both"
            ledger.fault(CONSTRAINT, f"{_PARAMETERS}.{prefix}htf_filter", message, wanted, allowed)
    _scenario_6(parameters, loaded | {timeframes["primary"]}, ledger)


def _scenario_6(parameters: dict[str, Any], loaded: set[str], ledger: Ledger) -> None:
    enabled, names = parameters["enabled_scenarios"], parameters["scenario6_timeframes"]
    if 6 not in enabled:
        return
    path = f"{_PARAMETERS}.scenario6_timeframes"
    if not names and enabled == [6]:
        ledger.fault(CONSTRAINT, path, f"is empty, so nothing would ever trade: {_WHY}", names, "timeframes")
    elif not names:
        parameters["enabled_scenarios"] = [n for n in enabled if n != 6]
        ledger.add(
            f"{_PARAMETERS}.enabled_scenarios",
            NORMALISED,
            "strategy_parameters.enabled_scenarios",
            before=str(enabled),
            after=str(parameters["enabled_scenarios"]),
            reason="scenario 6 has no timeframes and never trades, so V2 refuses it (ADR 0009)",
        )
    for name in names:
        if name not in loaded:
            ledger.fault(CONSTRAINT, path, f"{name} is not loaded: {_WHY}", names, "timeframes that are loaded")


def _levels(orders: list[dict[str, Any]], ledger: Ledger) -> None:
    for number, order in enumerate(orders):
        sign = 1 if order["direction"] == "long" else -1
        sl, tp, entry = sign * order["sl"], sign * order["tp"], order.get("entry")
        wrong = sl >= tp if entry is None else sl >= sign * entry or tp <= sign * entry
        if wrong:
            path, allowed = f"{_PARAMETERS}.orders[{number}]", "long: sl < entry < tp; short: tp < entry < sl"
            ledger.fault(CONSTRAINT, path, f"sl or tp lies on the wrong side: {_WHY}", order, allowed)
