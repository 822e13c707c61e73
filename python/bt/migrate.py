"""V1 config -> the V2 config that means the same, with an account of every key.

The defaults of V1 are written out, because V2's differ. What V1 never read is dropped and listed; what V2 cannot
say is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bt.errors import BtError

__all__ = ["Finding", "Migration", "MigrationError", "migrate_config"]

_STRATEGIES = {
    (
        "strategies.mean_reversion_z_score.backtest.backtest_strategy",
        "MeanReversionZScoreStrategy",
    ): "mean_reversion_z_score",
    ("strategies.scripted_orders", "ScriptedOrdersStrategy"): "scripted_orders",
}

#: V1's defaults of the parameters that V2 knows.
_MEAN_REVERSION_DEFAULTS: dict[str, Any] = {
    "atr_length": 14,
    "atr_mult": 2.0,
    "b_b_length": 20,
    "std_factor": 2.0,
    "window_length": 100,
    "z_score_long": -2.5,
    "z_score_short": 2.5,
    "ema_length": 30,
    "kalman_r": 0.01,
    "kalman_q": 1.0,
    "tp_min_distance": 1.0,
    "direction_filter": "both",
    "htf_tf": "D1",
    "htf_ema": 100,
    "htf_filter": "both",
    "extra_htf_tf": "AUTO",
    "extra_htf_ema": 50,
    "extra_htf_filter": "both",
    "garch_alpha": 0.05,
    "garch_beta": 0.90,
    "garch_use_log_returns": True,
    "garch_scale": 100.0,
    "garch_min_periods": 50,
    "garch_sigma_floor": 1e-6,
    "local_z_lookback": 0,
    "intraday_vol_feature": "garch_forecast",
    "intraday_vol_cluster_k": 3,
    "intraday_vol_log_transform": True,
    "intraday_vol_min_points": 60,
    "intraday_vol_garch_lookback": 500,
    "cluster_hysteresis_bars": 0,
    "intraday_vol_allowed": ["low", "mid"],
    "scenario6_mode": "all",
    "scenario6_timeframes": [],
    "scenario6_params": {},
}
#: V1's default window of scenario 5, by primary timeframe.
_CLUSTER_WINDOWS = {"M5": 300, "M15": 200, "M30": 240, "H1": 240}
_NEVER_READ = {
    "rates": "only static rates belong to the parity surface",
    "execution.spread_multiplier": "V1 never read it",
    "timestamp_alignment.additional_tfs_mode": "V1 never read it",
    "timestamp_alignment.diagnostics": "it changed no result",
}


class MigrationError(BtError, ValueError):
    """A V1 config that V2 cannot express; ``key`` names the place."""

    code = 1001

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of one V1 key: ``mapped``, ``renamed``, ``default`` (written out) or ``dropped``."""

    key: str
    action: str
    target: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Migration:
    """The V2 config, what became of every V1 key, and environment variables that V2 needs instead of paths."""

    config: dict[str, Any]
    findings: tuple[Finding, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def report(self) -> str:
        """One line for each key."""
        lines = []
        for f in self.findings:
            target = f" -> {f.target}" if f.target else ""
            reason = f" ({f.reason})" if f.reason else ""
            lines.append(f"{f.action:8} {f.key}{target}{reason}")
        lines += [f"{'set':8} {name}={value}" for name, value in self.environment.items()]
        return "\n".join(lines)


class _Source:
    """A V1 mapping whose keys are taken one by one, so that what is left over is known."""

    def __init__(self, raw: Any, path: str, findings: list[Finding]) -> None:
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            raise MigrationError(path or "config", f"must be a mapping, not {type(raw).__name__}")
        self.raw, self.path, self.findings = dict(raw), path, findings

    def key(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, target: str, default: Any = None, convert: Callable[[Any], Any] | None = None) -> Any:
        """The value of a key for ``target``; V1's default when it is absent."""
        if name not in self.raw:
            if default is not None:
                self.findings.append(Finding(key=self.key(name), action="default", target=target))
            return default
        value = self.raw.pop(name)
        action = "mapped" if target.split(".")[-1] == name else "renamed"
        self.findings.append(Finding(key=self.key(name), action=action, target=target))
        return convert(value) if convert and value is not None else value

    def drop(self, name: str, reason: str) -> None:
        if self.raw.pop(name, None) is not None:
            self.findings.append(Finding(key=self.key(name), action="dropped", reason=reason))

    def section(self, name: str) -> _Source:
        return _Source(self.raw.pop(name, None), self.key(name), self.findings)

    def leftovers(self) -> None:
        for name in list(self.raw):
            full = self.key(name)
            self.drop(name, _NEVER_READ.get(full, "V1 kept unknown keys and never read them"))


def _required(source: _Source, name: str, target: str) -> Any:
    if source.raw.get(name) is None:
        raise MigrationError(source.key(name), "is required")
    return source.take(name, target)


def _offset_minutes(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes = text.lstrip("+-").split(":")
    return sign * (int(hours) * 60 + int(minutes))


def _sessions(raw: dict[str, Any]) -> list[dict[str, str]]:
    return [{"start": start, "end": end} for start, end in raw.get("fixed_times") or []]


def _anchored(raw: dict[str, Any]) -> dict[str, Any]:
    pairs = list(raw.get("windows") or [])
    if raw.get("offset_window"):
        pairs.append(raw["offset_window"])
    windows = [{"start_offset_minutes": _offset_minutes(a), "end_offset_minutes": _offset_minutes(b)} for a, b in pairs]
    return {"anchor": str(raw["anchor"]).lower(), "windows": windows}


def _scenarios(given: Any) -> list[int]:
    """V1 enabled all six when the list was empty or held nothing valid."""
    valid: set[int] = set()
    if isinstance(given, list | tuple | set):
        valid = {int(x) for x in given if str(x).strip().isdigit() and 1 <= int(x) <= 6}
    return sorted(valid) or [1, 2, 3, 4, 5, 6]


def _mean_reversion(params: _Source, primary: str) -> tuple[dict[str, Any], dict[str, Any]]:
    out: dict[str, Any] = {}
    for name, default in _MEAN_REVERSION_DEFAULTS.items():
        out[name] = params.take(name, f"strategy_parameters.{name}", default)
    for name in ("htf_filter", "extra_htf_filter"):
        out[name] = str(out[name]).lower()
        if out[name] not in ("both", "none", "above", "below"):
            out[name] = "both"
    for name in ("htf_tf", "extra_htf_tf"):
        out[name] = str(out[name]).upper()
    out["enabled_scenarios"] = _scenarios(params.take("enabled_scenarios", "strategy_parameters.enabled_scenarios", []))
    if out["direction_filter"] not in ("both", "long", "short"):
        raise MigrationError("strategy.parameters.direction_filter", "V1 would never trade with it")
    management = {
        "enabled": bool(params.take("use_position_manager", "trade_management.enabled", True)),
        "max_holding_minutes": params.raw.pop("max_holding_minutes", 30),
    }
    params.findings.append(
        Finding(
            key="strategy.parameters.max_holding_minutes",
            action="renamed",
            target="trade_management.max_holding_minutes",
        )
    )
    # Null means automatic in both; V2's default is a number, so it is written out.
    out["garch_omega"] = params.take("garch_omega", "strategy_parameters.garch_omega")
    window = params.take("intraday_vol_cluster_window", "strategy_parameters.intraday_vol_cluster_window")
    out["intraday_vol_cluster_window"] = window or _CLUSTER_WINDOWS.get(primary, 200)
    out["intraday_vol_garch_lookback"] = max(0, out["intraday_vol_garch_lookback"] or 0)
    out["local_z_lookback"] = max(0, out["local_z_lookback"] or 0)
    out["intraday_vol_allowed"] = [str(name).lower() for name in out["intraday_vol_allowed"]]
    out["scenario6_timeframes"] = [str(name).upper() for name in out["scenario6_timeframes"] or []]
    out["scenario6_mode"] = "any" if str(out["scenario6_mode"]).lower() == "any" else "all"
    out["scenario6_params"] = out["scenario6_params"] or {}
    if out["intraday_vol_feature"] != "atr_points":
        out["intraday_vol_feature"] = "garch_forecast"
    for name in [n for n in params.raw if n.startswith("scenario6_")]:
        out[name] = params.take(name, f"strategy_parameters.{name}")
    params.leftovers()
    return out, management


def _scripted(params: _Source) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, default in (("orders", []), ("edits", []), ("use_position_manager", True)):
        out[name] = params.take(name, f"strategy_parameters.{name}", default)
    out["max_holding_minutes"] = params.take("max_holding_minutes", "strategy_parameters.max_holding_minutes")
    params.leftovers()
    return out


def _strategy(source: _Source, primary: str) -> tuple[str, dict[str, Any], dict[str, Any] | None, _Source]:
    strategy = source.section("strategy")
    pair = (_required(strategy, "module", "strategy_name"), _required(strategy, "class", "strategy_name"))
    if pair not in _STRATEGIES:
        raise MigrationError("strategy", f"V2 has no strategy {pair[0]}.{pair[1]}")
    name = _STRATEGIES[pair]
    params = strategy.section("parameters")
    if name == "scripted_orders":
        return name, _scripted(params), None, strategy
    parameters, management = _mean_reversion(params, primary)
    return name, parameters, management, strategy


def _costs(source: _Source) -> tuple[dict[str, Any], int | None]:
    execution = source.section("execution")
    costs = {
        "enabled": True,
        # V1 took a negative multiplier as 0.
        "fee_multiplier": max(0.0, execution.take("fee_multiplier", "costs.fee_multiplier", 1.0)),
        "slippage_multiplier": execution.take("slippage_multiplier", "costs.slippage_multiplier", 1.0),
        "slippage": source.take("slippage", "costs.slippage"),
    }
    seed = execution.take("random_seed", "rng_seed", convert=lambda n: abs(int(n)))
    execution.leftovers()
    return costs, seed


def migrate_config(v1: dict[str, Any], *, news: bool = False) -> Migration:
    """Translates a V1 config (spec 3.3). Long because it is the table of that section, top to bottom.

    ``news`` says that a news calendar is in use; V1 had no key for it and read one in every mean-reversion run.

    Raises:
        MigrationError: a key is missing, or V2 cannot express it.
    """
    findings: list[Finding] = []
    source = _Source(v1, "", findings)
    alignment = source.section("timestamp_alignment")
    timeframes = source.section("timeframes")
    primary = str(timeframes.take("primary", "timeframes.primary", "M15")).upper()
    name, parameters, management, strategy = _strategy(source, primary)
    config: dict[str, Any] = {
        "schema_version": "2",
        "strategy_name": name,
        "strategy_parameters": parameters,
        "symbol": _required(source, "symbol", "symbol"),
        "start_date": str(_required(source, "start_date", "start_date")),
        "end_date": str(_required(source, "end_date", "end_date")),
        "data_mode": source.take("mode", "data_mode", "candle"),
        "timeframes": {
            "primary": primary,
            "additional": [str(tf).upper() for tf in timeframes.take("additional", "timeframes.additional") or []],
        },
        "timestamp_alignment": {
            key: alignment.take(key, f"timestamp_alignment.{key}", default)
            for key, default in (
                ("entry_timestamp_mode", "open"),
                ("stale_bar_limit_bars", 0),
                ("use_previous_completed_higher_tf", True),
                ("normalize_to_timeframe", False),
            )
        },
        "warmup_bars": source.take("warmup_bars", "warmup_bars", 500),
        "cooldown": {
            "candles": source.take("cooldown_candles", "cooldown.candles", 0),
            "minutes_after_entry": source.take("cooldown_minutes", "cooldown.minutes_after_entry", 0),
            "minutes_after_exit": source.take("cooldown_minutes_trade", "cooldown.minutes_after_exit", 0),
        },
        "account": {
            key: source.take(key, f"account.{key}", default)
            for key, default in (
                ("initial_balance", 10000.0),
                ("risk_per_trade", 100.0),
                ("account_currency", "EUR"),
            )
        },
        "rates": source.take("rates_static", "rates", {}),
        "news_filter": {"enabled": news and name == "mean_reversion_z_score"},
    }
    modes = alignment.take("higher_tf_timestamps_mode", "timestamp_alignment.higher_tf_timestamps_mode")
    if modes:
        config["timestamp_alignment"]["higher_tf_timestamps_mode"] = modes
    config["costs"], seed = _costs(source)
    if seed is not None:
        config["rng_seed"] = seed
    if management is not None:
        config["trade_management"] = management
    # A filter of the strategy stands before the one at the top.
    for key, target, convert in (
        ("session_filter", "sessions", _sessions),
        ("anchored_session_filter", "anchored_sessions", _anchored),
    ):
        own = strategy.take(key, target, convert=convert)
        top = source.take(key, target, convert=convert)
        chosen = own if own is not None else top
        if chosen is not None:
            config[target] = chosen
    environment = {
        variable: str(path)
        for key, variable in (
            ("execution_costs_file", "OMEGA_EXECUTION_COSTS_FILE"),
            ("symbol_specs_file", "OMEGA_SYMBOL_SPECS_FILE"),
        )
        if (path := source.take(key, f"environment {variable}"))
    }
    for part in (strategy, alignment, timeframes, source):
        part.leftovers()
    return Migration(config=config, findings=tuple(findings), environment=environment)
