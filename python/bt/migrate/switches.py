"""The switches of V2, what each changes, and the decision behind it. One table, in the order of the specification."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SWITCHES", "Switch"]


class Switch(NamedTuple):
    """One switch: its name, what V2 does with it at ``v2``, and the number of its ADR."""

    name: str
    effect: str
    adr: int

    def __str__(self) -> str:
        return f"{self.name:22} {self.effect} (ADR {self.adr:04})"


SWITCHES: tuple[Switch, ...] = (
    Switch("bar_order", "exits come before the strategy, so a trade can begin on the bar on which one ended", 5),
    Switch("end_date", "the whole end date is traded, not only its first bar", 6),
    Switch("warmup", "warmup_bars are counted for each timeframe, and too few of them are an error", 7),
    Switch("data_rules", "faults in the data are errors or reported, not dropped in silence", 8),
    Switch("rolling_deviation", "standard deviations depend on their window alone, not on where the data begin", 38),
    Switch("config_rules", "settings that cannot mean anything are refused", 9),
    Switch("session_bounds", "a bar that closes at the end of a session is outside of it", 10),
    Switch("news_rule", "the window around news, the impact and the currencies are those of news_filter", 11),
    Switch("stop_entry_gap", "a stop order over a gap fills at the bar's open, which is worse than its level", 12),
    Switch("pending_entry_slippage", "stop entries slip against the trader", 13),
    Switch("exit_slippage", "stops and timeouts slip against the trader, and targets do not slip", 14),
    Switch("exit_gap", "stops and targets over a gap are filled at the bar's open", 15),
    Switch("fill_bar_take_profit", "on the fill bar the close confirms the target of every pending order", 16),
    Switch("min_stop_distance", "the least distance of a stop is that of the symbol, for every order", 17),
    Switch("pip_buffer_pip", "the exit buffer is measured in the pips of the position's own symbol", 18),
    Switch("pending_entry_time", "a pending order enters at its fill, not at its placement", 19),
    Switch("level_rounding", "stops and targets are rounded to the symbol's tick, not to five decimals", 20),
    Switch("scenario1_short_atr", "shorts of scenario 1 measure the ATR on the bid, not on the ask", 21),
    Switch("pnl_model", "a trade earns price difference times size, not R times risk_per_trade", 22),
    Switch("volume_grid", "volumes are rounded down, and too small ones rejected instead of raised", 23),
    Switch("fee_rounding", "fees are not rounded to cents order by order", 24),
    Switch("slippage_rng", "random slippage follows from seed and order, not from one stream of draws", 25),
    Switch("timeout_clock", "the holding time of a pending order begins at its fill", 26),
    Switch("timeout_costs", "a timeout pays slippage and an exit fee", 27),
    Switch("timeout_reach", "max_holding_minutes holds without exactly one session filter, too", 28),
    Switch("equity_mark", "open positions count in the equity", 29),
    Switch("metrics_definition", "metrics are V2's, by name, definition and rounding", 30),
)
