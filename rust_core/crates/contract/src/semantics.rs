//! The semantics switches: every point in which V2 decides differently from V1 on purpose.

use serde::Serialize;

/// Setting of one switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Setting {
    /// As the legacy engine does it.
    V1,
    /// As the new engine does it.
    V2,
}

impl Setting {
    /// Whether the new engine's own rule is chosen.
    pub fn is_v2(self) -> bool {
        self == Self::V2
    }
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// One setting for each switch. Resolved into policies once, before the loop.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct Semantics { $($(#[$doc])* pub $name: Setting),+ }

        impl Semantics {
            /// Names of all switches, in the order of the specification.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// Every switch at one setting.
            pub fn all(setting: Setting) -> Self {
                Self { $($name: setting),+ }
            }

            /// Sets a switch by name; false when there is none of that name.
            pub fn set(&mut self, name: &str, setting: Setting) -> bool {
                match name {
                    $(stringify!($name) => self.$name = setting,)+
                    _ => return false,
                }
                true
            }
        }
    };
}

switches! {
    /// Order of the steps within one bar.
    bar_order,
    /// Whether the end date's day is part of the run.
    end_date,
    /// How the history before the start is measured.
    warmup,
    /// Lenient cleaning or strict governance of the data.
    data_rules,
    /// How the deviation of a trailing window is computed.
    rolling_deviation,
    /// Whether meaningless configurations are refused.
    config_rules,
    /// Whether a session's end belongs to it.
    session_bounds,
    /// Window and relevance of news.
    news_rule,
    /// Fill of a stop order over a gap.
    stop_entry_gap,
    /// Slippage of pending orders.
    pending_entry_slippage,
    /// Direction and reach of slippage at the exit.
    exit_slippage,
    /// Exit price over a gap.
    exit_gap,
    /// Whether the close confirms a target on the fill bar.
    fill_bar_take_profit,
    /// Least distance between fill and stop.
    min_stop_distance,
    /// Whose pip measures the exit buffer.
    pip_buffer_pip,
    /// Entry time of a pending order.
    pending_entry_time,
    /// Grid of a strategy's levels.
    level_rounding,
    /// Series of the range behind scenario-1 shorts.
    scenario1_short_atr,
    /// What a trade earns.
    pnl_model,
    /// Grid of the volume.
    volume_grid,
    /// Rounding of fees.
    fee_rounding,
    /// Generator of random slippage.
    slippage_rng,
    /// Start of the holding time.
    timeout_clock,
    /// Costs of a timeout.
    timeout_costs,
    /// When the position manager runs at all.
    timeout_reach,
    /// How open positions count in the equity.
    equity_mark,
    /// Which metrics are computed.
    metrics_definition,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_27_switches_and_each_can_be_set() {
        assert_eq!(Semantics::NAMES.len(), 27);
        for name in Semantics::NAMES {
            let mut one = Semantics::all(Setting::V2);
            assert!(one.set(name, Setting::V1));
            assert_ne!(one, Semantics::all(Setting::V2));
        }
        assert!(!Semantics::all(Setting::V1).set("no_such_switch", Setting::V2));
    }
}
