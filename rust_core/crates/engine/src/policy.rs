//! Switches resolved into the rule each of them selects, once, before the loop.
//!
//! Below this module no code reads a switch's setting; the loop reads named rules.

use omega_contract::semantics::Semantics;

use crate::indicators::DeviationRule;

/// Order of the steps within one bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarOrder {
    /// Strategy, fills, exits with pending triggers, manager.
    StrategyFirst,
    /// Edits, pending triggers, exits, manager, strategy.
    StrategyLast,
}

/// Price of an exit whose level lies inside a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapRule {
    /// The level itself.
    Level,
    /// The open where the market had already passed the level.
    Open,
}

/// Slippage at the exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitSlippage {
    /// With the position's direction, on stop and target.
    WithPosition,
    /// Against the trader; a target never slips.
    Adverse,
}

/// When a target on the fill bar needs the close beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillBarTarget {
    /// Limit orders.
    ConfirmLimit,
    /// Every pending order.
    ConfirmPending,
}

/// Least distance between fill and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopDistance {
    /// 1e-5 in price, market orders.
    AbsoluteMarket,
    /// `min_sl_distance_pips`, every order.
    PipsEvery,
}

/// When the position manager runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagerReach {
    /// Behind exactly one session wrapper; behind two the run fails.
    OneWrapper,
    /// Whenever it is enabled.
    Enabled,
}

/// Grid of the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeGrid {
    /// Counted from the smallest volume, raised to it.
    FromMinimum,
    /// Floor to the step; too small is refused.
    FloorOrReject,
}

/// What a trade earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PnlModel {
    /// R times the risk per trade.
    RiskMultiple,
    /// Price difference times size, converted.
    PriceDifference,
}

/// Rounding of fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeRounding {
    /// Cents, half to even.
    Cents,
    /// None.
    None,
}

/// Grid of a strategy's levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelGrid {
    /// Five decimals.
    FiveDecimals,
    /// The symbol's tick.
    Tick,
}

/// Which metrics are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricSet {
    /// The legacy engine's.
    Legacy,
    /// The new engine's.
    Current,
}

/// All rules of one run.
#[derive(Debug, Clone, Copy)]
pub struct Policies {
    pub bar_order: BarOrder,
    pub deviation: DeviationRule,
    pub session_end_included: bool,
    pub legacy_news: bool,
    pub stop_entry_slides: bool,
    pub stop_entry_slips: bool,
    pub exit_slippage: ExitSlippage,
    pub exit_gap: GapRule,
    pub fill_bar_target: FillBarTarget,
    pub stop_distance: StopDistance,
    pub buffer_of_first_open: bool,
    pub pending_enters_at_fill: bool,
    pub level_grid: LevelGrid,
    pub ask_range_for_shorts: bool,
    pub pnl: PnlModel,
    pub volume: VolumeGrid,
    pub fee_rounding: FeeRounding,
    pub keyed_slippage: bool,
    pub holding_since_fill: bool,
    pub timeout_costs: bool,
    pub manager_reach: ManagerReach,
    pub mark_open: bool,
    pub metrics: MetricSet,
    pub refuse_wrong_side: bool,
}

impl Policies {
    /// The rules that the switches select.
    pub fn resolve(s: &Semantics) -> Self {
        macro_rules! either {
            ($switch:ident, $v1:expr, $v2:expr) => {
                if s.$switch.is_v2() { $v2 } else { $v1 }
            };
        }
        Self {
            bar_order: either!(bar_order, BarOrder::StrategyFirst, BarOrder::StrategyLast),
            deviation: either!(rolling_deviation, DeviationRule::Running, DeviationRule::Window),
            session_end_included: either!(session_bounds, true, false),
            legacy_news: either!(news_rule, true, false),
            stop_entry_slides: s.stop_entry_gap.is_v2(),
            stop_entry_slips: s.pending_entry_slippage.is_v2(),
            exit_slippage: either!(exit_slippage, ExitSlippage::WithPosition, ExitSlippage::Adverse),
            exit_gap: either!(exit_gap, GapRule::Level, GapRule::Open),
            fill_bar_target: either!(fill_bar_take_profit, FillBarTarget::ConfirmLimit, FillBarTarget::ConfirmPending),
            stop_distance: either!(min_stop_distance, StopDistance::AbsoluteMarket, StopDistance::PipsEvery),
            buffer_of_first_open: either!(pip_buffer_pip, true, false),
            pending_enters_at_fill: s.pending_entry_time.is_v2(),
            level_grid: either!(level_rounding, LevelGrid::FiveDecimals, LevelGrid::Tick),
            ask_range_for_shorts: either!(scenario1_short_atr, true, false),
            pnl: either!(pnl_model, PnlModel::RiskMultiple, PnlModel::PriceDifference),
            volume: either!(volume_grid, VolumeGrid::FromMinimum, VolumeGrid::FloorOrReject),
            fee_rounding: either!(fee_rounding, FeeRounding::Cents, FeeRounding::None),
            keyed_slippage: s.slippage_rng.is_v2(),
            holding_since_fill: s.timeout_clock.is_v2(),
            timeout_costs: s.timeout_costs.is_v2(),
            manager_reach: either!(timeout_reach, ManagerReach::OneWrapper, ManagerReach::Enabled),
            mark_open: s.equity_mark.is_v2(),
            metrics: either!(metrics_definition, MetricSet::Legacy, MetricSet::Current),
            refuse_wrong_side: s.config_rules.is_v2(),
        }
    }
}
