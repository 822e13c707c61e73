//! Strategy parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;

use crate::bound::Bound;
use crate::codes;
use crate::parse::chain;
use crate::reader::Object;
use crate::strategy::{
    ChainMode, Direction, DirectionFilter, LevelEdit, MeanReversion, OrderKind, ScriptedOrder, ScriptedOrders,
    Strategy, TrendFilter, VolatilityFeature,
};
use crate::time::Timeframe;

const DIRECTIONS: &[(&str, Direction)] = &[("long", Direction::Long), ("short", Direction::Short)];
const KINDS: &[(&str, OrderKind)] =
    &[("market", OrderKind::Market), ("limit", OrderKind::Limit), ("stop", OrderKind::Stop)];
const FILTERS: &[(&str, TrendFilter)] = &[
    ("both", TrendFilter::Both),
    ("none", TrendFilter::None),
    ("above", TrendFilter::Above),
    ("below", TrendFilter::Below),
];
const DIRECTION_FILTERS: &[(&str, DirectionFilter)] =
    &[("both", DirectionFilter::Both), ("long", DirectionFilter::Long), ("short", DirectionFilter::Short)];
const FEATURES: &[(&str, VolatilityFeature)] =
    &[("garch_forecast", VolatilityFeature::GarchForecast), ("atr_points", VolatilityFeature::AtrPoints)];
const MODES: &[(&str, ChainMode)] = &[("all", ChainMode::All), ("any", ChainMode::Any)];

/// Reads `strategy_name` and `strategy_parameters`; `primary` is the primary timeframe, where it is known.
pub fn strategy(root: &Object, primary: Option<Timeframe>) -> Option<Strategy> {
    const NAMES: &[(&str, &str)] =
        &[("mean_reversion_z_score", "mean_reversion_z_score"), ("scripted_orders", "scripted_orders")];
    if root.get("strategy_name").is_none() {
        root.missing("strategy_name", "mean_reversion_z_score, scripted_orders");
        root.get("strategy_parameters");
        return None;
    }
    let name = root.choice("strategy_name", "", NAMES);
    let empty = Map::new();
    let params = root
        .object("strategy_parameters")
        .unwrap_or_else(|| Object::new(&empty, "strategy_parameters", root.findings()));
    let out = match name {
        "scripted_orders" => Strategy::ScriptedOrders(scripted(&params)),
        "mean_reversion_z_score" => Strategy::MeanReversionZScore(Box::new(mean_reversion(&params, primary))),
        _ => return None,
    };
    params.finish();
    Some(out)
}

fn level(object: &Object, key: &'static str) -> f64 {
    if object.get(key).is_none() {
        object.missing(key, Bound::PRICE);
    }
    object.number_or_none(key, Bound::PRICE).unwrap_or(f64::NAN)
}

fn scripted(params: &Object) -> ScriptedOrders {
    let mut orders = vec![];
    for object in params.objects("orders").unwrap_or_default() {
        if object.get("bar").is_none() {
            object.missing("bar", "a whole number from 0");
        }
        if object.get("direction").is_none() {
            object.missing("direction", "long, short");
        }
        let kind = object.choice("type", OrderKind::Market, KINDS);
        if kind != OrderKind::Market && object.get("entry").is_none() {
            object.missing("entry", Bound::PRICE);
        }
        orders.push(ScriptedOrder {
            bar: object.whole_or_none("bar", 0, 1_000_000_000).unwrap_or(0),
            direction: object.choice("direction", Direction::Long, DIRECTIONS),
            kind,
            entry: object.number_or_none("entry", Bound::PRICE),
            sl: level(&object, "sl"),
            tp: level(&object, "tp"),
            scenario: object.text("scenario").map(str::to_string),
        });
        object.finish();
    }
    let mut edits = vec![];
    for object in params.objects("edits").unwrap_or_default() {
        for key in ["bar", "order"] {
            if object.get(key).is_none() {
                object.missing(key, "a whole number from 0");
            }
        }
        edits.push(LevelEdit {
            bar: object.whole_or_none("bar", 0, 1_000_000_000).unwrap_or(0),
            order: object.whole_or_none("order", 0, i64::MAX).unwrap_or(0),
            sl: object.number_or_none("sl", Bound::PRICE),
            tp: object.number_or_none("tp", Bound::PRICE),
        });
        object.finish();
    }
    ScriptedOrders {
        orders,
        edits,
        use_position_manager: params.bool("use_position_manager", true),
        max_holding_minutes: params.number_or_none("max_holding_minutes", Bound::NOT_NEGATIVE),
    }
}

fn scenarios(params: &Object) -> BTreeSet<u8> {
    let Some(items) = params.list("enabled_scenarios") else {
        return BTreeSet::from([1]);
    };
    let mut out = BTreeSet::new();
    for (path, item) in items {
        match item.as_i64().filter(|n| Bound::SCENARIO.holds_whole(*n)) {
            Some(n) => {
                out.insert(n as u8);
            }
            None => {
                let message = "is not a scenario";
                params.findings().add(codes::CONSTRAINT_VIOLATION, &path, message, item, Bound::SCENARIO);
            }
        }
    }
    out
}

/// The timeframe a filter reads: a name, none, or (`AUTO`) the usual one above the primary timeframe.
pub fn resolve_higher(name: &str, primary: Timeframe) -> Option<Timeframe> {
    match (name, primary) {
        ("AUTO", Timeframe::M5) => Some(Timeframe::H1),
        ("AUTO", Timeframe::M15 | Timeframe::M30) => Some(Timeframe::H4),
        _ => Timeframe::parse(name),
    }
}

fn higher_name(params: &Object, key: &'static str, default: &str) -> String {
    let allowed = "a timeframe (M1 ... W1), NONE or AUTO";
    let parse = |text: &str| {
        let upper = text.to_ascii_uppercase();
        (upper == "NONE" || upper == "AUTO" || Timeframe::parse(&upper).is_some()).then_some(upper)
    };
    params.parsed(key, allowed, parse).unwrap_or_else(|| default.to_string())
}

fn mean_reversion(params: &Object, primary: Option<Timeframe>) -> MeanReversion {
    const LENGTH: i64 = 10_000_000;
    let mut out = MeanReversion {
        atr_length: params.whole("atr_length", 14, 1, LENGTH),
        atr_mult: params.number("atr_mult", 2.0, Bound::NOT_NEGATIVE),
        b_b_length: params.whole("b_b_length", 20, 1, LENGTH),
        std_factor: params.number("std_factor", 2.0, Bound::NOT_NEGATIVE),
        window_length: params.whole("window_length", 20, 1, LENGTH),
        z_score_long: params.number("z_score_long", -2.0, Bound::NUMBER),
        z_score_short: params.number("z_score_short", 2.0, Bound::NUMBER),
        ema_length: params.whole("ema_length", 20, 1, LENGTH),
        kalman_r: params.number("kalman_r", 1.0, Bound::POSITIVE),
        kalman_q: params.number("kalman_q", 0.1, Bound::NOT_NEGATIVE),
        tp_min_distance: params.number("tp_min_distance", 0.001, Bound::NUMBER),
        direction_filter: params.choice("direction_filter", DirectionFilter::Both, DIRECTION_FILTERS),
        enabled_scenarios: scenarios(params),
        htf_tf: higher_name(params, "htf_tf", "H4"),
        htf_ema: params.whole("htf_ema", 200, 1, LENGTH),
        htf_filter: params.choice("htf_filter", TrendFilter::Both, FILTERS),
        extra_htf_tf: higher_name(params, "extra_htf_tf", "NONE"),
        extra_htf_ema: params.whole("extra_htf_ema", 50, 1, LENGTH),
        extra_htf_filter: params.choice("extra_htf_filter", TrendFilter::Both, FILTERS),
        garch_alpha: params.number("garch_alpha", 0.1, Bound::NOT_NEGATIVE),
        garch_beta: params.number("garch_beta", 0.8, Bound::NOT_NEGATIVE),
        garch_omega: params.number_or_null("garch_omega", 1e-5, Bound::NOT_NEGATIVE),
        garch_use_log_returns: params.bool("garch_use_log_returns", true),
        garch_scale: params.number("garch_scale", 100.0, Bound::POSITIVE),
        garch_min_periods: params.whole("garch_min_periods", 50, 0, LENGTH),
        garch_sigma_floor: params.number("garch_sigma_floor", 1e-6, Bound::NOT_NEGATIVE),
        local_z_lookback: params.whole("local_z_lookback", 0, 0, LENGTH),
        intraday_vol_feature: params.choice("intraday_vol_feature", VolatilityFeature::GarchForecast, FEATURES),
        intraday_vol_cluster_window: params.whole("intraday_vol_cluster_window", 200, 1, LENGTH),
        intraday_vol_cluster_k: params.whole("intraday_vol_cluster_k", 3, 1, 100),
        intraday_vol_log_transform: params.bool("intraday_vol_log_transform", true),
        intraday_vol_min_points: params.whole("intraday_vol_min_points", 60, 0, LENGTH),
        intraday_vol_garch_lookback: params.whole("intraday_vol_garch_lookback", 500, -1, LENGTH),
        cluster_hysteresis_bars: params.whole("cluster_hysteresis_bars", 1, 0, LENGTH),
        intraday_vol_allowed: regimes(params),
        scenario6_mode: params.choice("scenario6_mode", ChainMode::All, MODES),
        scenario6_timeframes: chain::timeframes(params, primary),
        scenario6_params: BTreeMap::new(),
    };
    out.scenario6_params = chain::links(params, &out, primary);
    out
}

/// Names of volatility regimes, lowest first; further clusters are `cluster_5`, `cluster_6`, ...
fn regimes(params: &Object) -> Vec<String> {
    let Some(items) = params.list("intraday_vol_allowed") else {
        return vec!["low".to_string(), "mid".to_string()];
    };
    let known =
        |name: &str| matches!(name, "low" | "mid" | "high" | "very_high" | "extreme") || name.starts_with("cluster_");
    let mut out = vec![];
    for (path, item) in items {
        match item.as_str().map(str::to_ascii_lowercase).filter(|name| known(name)) {
            Some(name) => out.push(name),
            None => {
                let allowed = "low, mid, high, very_high, extreme, cluster_5, ...";
                params.findings().add(codes::INVALID_ARGUMENT, &path, "is not a regime", item, allowed);
            }
        }
    }
    out
}
