"""The main job: a dozen V1 configs on a whole market, real or synthetic.

With ``OMEGA_DATA_PARQUET_ROOT`` set, EURUSD M1 and M5 below it are used; without it the embedded market.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from parity.harness.generate import embedded_market as synthetic
from parity.harness.generate.cases import MEAN_REVERSION, SCRIPTED
from parity.harness.model.case import DEFAULT_SPECS, Case

SYMBOL = "EURUSD"
VARIABLE = "OMEGA_DATA_PARQUET_ROOT"


class DataMissingError(Exception):
    """The configured market data is not there; the message names the file."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the bars come from."""

    root: Path
    real: bool

    def __str__(self) -> str:
        if self.real:
            return f"real market data from {VARIABLE} ({SYMBOL} M1 and M5)"
        return f"embedded synthetic market ({SYMBOL} M1 and M5; set {VARIABLE} for real data)"


def source(repository: Path) -> Source:
    """The configured data, or the embedded market written below ``var/``."""
    configured = os.environ.get(VARIABLE)
    if not configured:
        return Source(root=synthetic.write(repository / "var" / "data" / "parquet"), real=False)
    root = Path(configured).resolve()
    for timeframe in ("M1", "M5"):
        path = root / SYMBOL / f"{SYMBOL}_{timeframe}_BID.parquet"
        if not path.is_file():
            raise DataMissingError(f"{VARIABLE} is set, but {path} does not exist")
    return Source(root=root, real=True)


def _days(root: Path, timeframe: str) -> tuple[datetime, datetime]:
    """First day with a day of history before it, and the last day."""
    table = pq.read_table(root / SYMBOL / f"{SYMBOL}_{timeframe}_BID.parquet", columns=["UTC time"])
    seconds = table.column(0).cast(pa.int64()).to_numpy() // 1_000_000_000
    first, last = (datetime.fromtimestamp(int(t), UTC) for t in (seconds.min(), seconds.max()))
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(days=1)
    while start.weekday() >= 5:
        start += timedelta(days=1)
    return start, last


def _cost(schema: str, fixed: float, random: float, **more: Any) -> dict[str, Any]:
    block = {"schema": schema, "side": "both", "per_lot": 2.5, "rate_per_million": 30.0, "pct": 2e-5, **more}
    return {"defaults": {**block, "slippage": {"fixed_pips": fixed, "random_pips": random}}, "per_symbol": {}}


FREE = _cost("per_lot", 0.0, 0.0, per_lot=0.0)
#: (id, timeframe, strategy parameters, top-level config, costs)
RUNS: tuple[tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    ("s1-free", "M5", {"enabled_scenarios": [1]}, {}, FREE),
    ("s1-costs", "M5", {"enabled_scenarios": [1], "atr_mult": 1.0}, {}, _cost("per_lot", 0.2, 0.3)),
    ("s2-costs", "M5", {"enabled_scenarios": [2]}, {}, _cost("per_million_notional", 0.1, 0.0, fee_ccy="EUR")),
    ("s2-close", "M5", {"enabled_scenarios": [2]}, {"timestamp_alignment": {"entry_timestamp_mode": "close"}},
     _cost("percent_of_notional", 0.0, 0.5, min_fee=1.0)),
    ("s1-s2-sessions", "M5", {"enabled_scenarios": [1, 2], "use_position_manager": True, "max_holding_minutes": 45},
     {"session_filter": {"fixed_times": [["07:00", "16:00"]]}}, _cost("per_lot", 0.2, 0.3)),
    ("s1-cooldown", "M5", {"enabled_scenarios": [1]}, {"cooldown_candles": 6, "cooldown_minutes_trade": 45}, FREE),
    ("s1-anchored", "M5", {"enabled_scenarios": [1], "use_position_manager": True, "max_holding_minutes": 60},
     {"anchored_session_filter": {"anchor": "london", "offset_window": [["-01:00", "+05:00"]]}}, FREE),
    ("s1-minutes", "M1", {"enabled_scenarios": [1], "window_length": 60}, {}, _cost("per_lot", 0.1, 0.2)),
    ("s2-minutes", "M1",
     {"enabled_scenarios": [2], "std_factor": 2.2, "z_score_long": -2.2, "z_score_short": 2.2}, {},
     _cost("per_lot", 0.0, 0.0)),
    ("s2-tight", "M1", {"enabled_scenarios": [2], "atr_mult": 0.7}, {"risk_per_trade": 5.0},
     _cost("per_lot", 0.2, 0.3)),
    ("s3-far-targets", "M5", {"enabled_scenarios": [3], "tp_min_distance": 0.0002}, {}, _cost("per_lot", 0.1, 0.1)),
    ("s4-volatility", "M5", {"enabled_scenarios": [4], "z_score_long": -0.8, "z_score_short": 0.8}, {}, FREE),
    ("s4-local", "M5", {"enabled_scenarios": [4], "z_score_long": -0.8, "z_score_short": 0.8, "local_z_lookback": 120},
     {}, _cost("per_lot", 0.2, 0.3)),
    ("s5-regimes", "M5",
     {"enabled_scenarios": [5], "intraday_vol_cluster_window": 120, "intraday_vol_garch_lookback": 300,
      "cluster_hysteresis_bars": 2}, {}, FREE),
    ("s6-chain", "M1",
     {"enabled_scenarios": [6], "scenario6_timeframes": ["PRIMARY", "M5"], "scenario6_mode": "all",
      "scenario6_params": {"M5": {"window_length": 30, "std_factor": 0.6, "z_score_long": -0.3, "z_score_short": 0.3}}},
     {"timeframes": {"primary": "M1", "additional": ["M5"]}}, _cost("per_lot", 0.1, 0.2)),
    ("s2-trend", "M1", {"enabled_scenarios": [2], "htf_tf": "M5", "htf_ema": 20, "htf_filter": "above"},
     {"timeframes": {"primary": "M1", "additional": ["M5"]}, "timestamp_alignment": {"stale_bar_limit_bars": 2}}, FREE),
)  # fmt: skip
BASE = {
    "direction_filter": "both", "window_length": 50, "ema_length": 20, "atr_length": 14, "atr_mult": 1.5,
    "b_b_length": 20, "std_factor": 1.8, "z_score_long": -1.8, "z_score_short": 1.8, "kalman_r": 0.5,
    "kalman_q": 0.05, "htf_filter": "none", "extra_htf_filter": "none", "use_position_manager": False,
}  # fmt: skip


def cases(where: Source) -> list[Case]:
    """Mean-reversion configs and one of scripted orders, on all bars there are."""
    out = []
    spans = {timeframe: _days(where.root, timeframe) for timeframe in ("M1", "M5")}
    for name, timeframe, parameters, top, costs in RUNS:
        config = _config(spans[timeframe], timeframe, top)
        config["strategy"] = {**MEAN_REVERSION, "parameters": {**BASE, **parameters}}
        out.append(_case(name, config, costs, where))
    config = _config(spans["M5"], "M5", {"session_filter": {"fixed_times": [["00:00", "23:59"]]}})
    config["strategy"] = {**SCRIPTED, "parameters": _scripted(where, spans["M5"])}
    out.append(_case("scripted", config, _cost("per_lot", 0.2, 0.3), where))
    return out


def case(name: str, where: Source) -> Case:
    """The market run of that name (one of `RUNS`, or ``scripted``); KeyError when there is none."""
    return {case.id: case for case in cases(where)}[f"market::{name}"]


def _case(name: str, config: dict[str, Any], costs: dict[str, Any], where: Source) -> Case:
    return Case(
        id=f"market::{name}", config=config, data_root=str(where.root), costs=costs, specs=DEFAULT_SPECS,
        tags=("market", "real" if where.real else "synthetic"),
    )  # fmt: skip


def _config(span: tuple[datetime, datetime], timeframe: str, top: dict[str, Any]) -> dict[str, Any]:
    return {
        "symbol": SYMBOL,
        "start_date": span[0].date().isoformat(),
        "end_date": span[1].date().isoformat(),
        "timeframes": {"primary": timeframe, "additional": []},
        "warmup_bars": 200,
        "account_currency": "USD",
        "rates_static": {"EURUSD": 1.1},
        "execution": {"random_seed": 42},
        **top,
    }


def _scripted(where: Source, span: tuple[datetime, datetime]) -> dict[str, Any]:
    """Market, limit and stop orders every few hours, at levels around the bid of their bar."""
    table = pq.read_table(where.root / SYMBOL / f"{SYMBOL}_M5_BID.parquet", columns=["UTC time", "Close"])
    times = table.column(0).cast(pa.int64()).to_numpy()
    closes = table.column(1).to_numpy()[times >= int(span[0].timestamp()) * 1_000_000_000]
    orders: list[dict[str, Any]] = []
    for k, bar in enumerate(range(10, len(closes) - 10, 24)):
        long = k % 2 == 0
        sign = 1 if long else -1
        kind = ("market", "limit", "stop")[k % 3]
        offset = {"market": 0, "limit": -6, "stop": 6}[kind] * sign
        entry = round(float(closes[bar]) + offset * 1e-4, 5)
        orders.append({
            "bar": bar, "direction": "long" if long else "short", "type": kind,
            "entry": None if kind == "market" else entry,
            "sl": round(entry - sign * 15e-4, 5), "tp": round(entry + sign * 20e-4, 5), "scenario": f"{kind}_{k % 4}",
        })  # fmt: skip
    edits = [
        {"bar": order["bar"] + 6, "order": i, "sl": round((order["sl"] + 5e-4), 5)}
        for i, order in enumerate(orders)
        if i % 5 == 0 and order["direction"] == "long"
    ]
    return {"orders": orders, "edits": edits, "max_holding_minutes": 600}
