//! Strategy parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

/// A strategy with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "strategy_name", content = "strategy_parameters", rename_all = "snake_case")]
pub enum Strategy {
    /// Places given orders on given bars.
    ScriptedOrders(ScriptedOrders),
    /// Fades stretched prices.
    MeanReversionZScore(Box<MeanReversion>),
}

/// Long or short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Profits from a rise.
    Long,
    /// Profits from a fall.
    Short,
}

/// How an order gets into the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OrderKind {
    /// At once.
    Market,
    /// When the price comes to it from the better side.
    Limit,
    /// When the price breaks through it.
    Stop,
}

/// Parameters of `scripted_orders`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScriptedOrders {
    /// Orders, in the order of placement within a bar.
    pub orders: Vec<ScriptedOrder>,
    /// Level edits by the position manager.
    pub edits: Vec<LevelEdit>,
    /// Whether the manager exists.
    pub use_position_manager: bool,
    /// Closes what is held this long.
    pub max_holding_minutes: Option<f64>,
}

/// One given order. `bar` counts from the first tradable bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScriptedOrder {
    /// Bar on whose close it is placed.
    pub bar: i64,
    /// Side.
    pub direction: Direction,
    /// Kind.
    #[serde(rename = "type")]
    pub kind: OrderKind,
    /// Price; null for market: long `a.C`, short `b.C`.
    pub entry: Option<f64>,
    /// Stop-loss.
    pub sl: f64,
    /// Take-profit.
    pub tp: f64,
    /// Label.
    pub scenario: Option<String>,
}

/// One level edit of the order with index `order`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LevelEdit {
    /// Bar.
    pub bar: i64,
    /// Index into `orders`.
    pub order: i64,
    /// New stop-loss.
    pub sl: Option<f64>,
    /// New take-profit.
    pub tp: Option<f64>,
}

/// Which directions a strategy trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DirectionFilter {
    /// Both.
    Both,
    /// Long only.
    Long,
    /// Short only.
    Short,
}

/// Bias a higher timeframe must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TrendFilter {
    /// Always passes.
    Both,
    /// Always passes.
    None,
    /// Close above its EMA.
    Above,
    /// Close below its EMA.
    Below,
}

impl TrendFilter {
    /// Whether the filter tests anything.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Above | Self::Below)
    }
}

/// Parameters of `mean_reversion_z_score`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeanReversion {
    /// ATR length.
    pub atr_length: i64,
    /// Stop distance in ATRs.
    pub atr_mult: f64,
    /// Bollinger length.
    pub b_b_length: i64,
    /// Bollinger width in standard deviations.
    pub std_factor: f64,
    /// z-score window.
    pub window_length: i64,
    /// Threshold of longs.
    pub z_score_long: f64,
    /// Threshold of shorts.
    pub z_score_short: f64,
    /// EMA length.
    pub ema_length: i64,
    /// Kalman measurement variance.
    pub kalman_r: f64,
    /// Kalman process variance.
    pub kalman_q: f64,
    /// Least distance of a scenario-3 target, in price units.
    pub tp_min_distance: f64,
    /// Directions.
    pub direction_filter: DirectionFilter,
    /// Scenarios 1 to 6.
    #[serde(serialize_with = "as_list")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<u8>"))]
    pub enabled_scenarios: BTreeSet<u8>,
    /// First higher-timeframe filter: timeframe name, `NONE` or `AUTO`.
    pub htf_tf: String,
    /// EMA length in bars of it.
    pub htf_ema: i64,
    /// Wanted bias.
    pub htf_filter: TrendFilter,
    /// Second higher-timeframe filter: timeframe name, `NONE` or `AUTO`.
    pub extra_htf_tf: String,
    /// EMA length in bars of it.
    pub extra_htf_ema: i64,
    /// Wanted bias.
    pub extra_htf_filter: TrendFilter,
    /// GARCH weight of the last surprise.
    pub garch_alpha: f64,
    /// GARCH weight of the last variance.
    pub garch_beta: f64,
    /// GARCH constant; null: 1e-6 * max(1e-6, 1 - alpha - beta).
    pub garch_omega: Option<f64>,
    /// Log returns, or simple ones.
    pub garch_use_log_returns: bool,
    /// Factor on returns.
    pub garch_scale: f64,
    /// Returns before the first volatility.
    pub garch_min_periods: i64,
    /// Least volatility of scaled returns.
    pub garch_sigma_floor: f64,
    /// Window of scenario 4's local z-score; 0: the whole series.
    pub local_z_lookback: i64,
    /// What scenario 5 clusters.
    pub intraday_vol_feature: VolatilityFeature,
    /// Values that are clustered.
    pub intraday_vol_cluster_window: i64,
    /// Clusters.
    pub intraday_vol_cluster_k: i64,
    /// Clusters logarithms.
    pub intraday_vol_log_transform: bool,
    /// Values needed at least.
    pub intraday_vol_min_points: i64,
    /// Window of the local GARCH volatility; 0 or less: 500.
    pub intraday_vol_garch_lookback: i64,
    /// Bars for which the regime must have held.
    pub cluster_hysteresis_bars: i64,
    /// Regimes in which scenario 5 trades.
    pub intraday_vol_allowed: Vec<String>,
    /// Whether all links of scenario 6's chain must hold, or any.
    pub scenario6_mode: ChainMode,
    /// Links of the chain: timeframe names, or `PRIMARY`.
    pub scenario6_timeframes: Vec<String>,
    /// Parameters of each link and side.
    pub scenario6_params: BTreeMap<String, LinkSides>,
}

/// Serialises a set of scenarios as a sorted list.
fn as_list<S: Serializer>(set: &BTreeSet<u8>, s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(set)
}

/// What scenario 5 clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VolatilityFeature {
    /// Local GARCH volatility.
    GarchForecast,
    /// Average true range.
    AtrPoints,
}

/// How the links of a chain count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChainMode {
    /// All must hold.
    All,
    /// One is enough.
    Any,
}

/// Parameters of one link, by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkSides {
    /// For longs.
    pub long: Link,
    /// For shorts.
    pub short: Link,
}

/// Parameters of one link and side.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Link {
    /// z-score window.
    pub window_length: i64,
    /// Threshold of longs.
    pub z_score_long: f64,
    /// Threshold of shorts.
    pub z_score_short: f64,
    /// Kalman measurement variance.
    pub kalman_r: f64,
    /// Kalman process variance.
    pub kalman_q: f64,
    /// Bollinger length.
    pub b_b_length: i64,
    /// Bollinger width in standard deviations.
    pub std_factor: f64,
}
