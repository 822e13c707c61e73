//! Strategy parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;

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
const PRICE: &str = "a price above 0";

/// Reads `strategy_name` and `strategy_parameters`.
pub fn strategy(root: &Object) -> Option<Strategy> {
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
        "mean_reversion_z_score" => Strategy::MeanReversionZScore(Box::new(mean_reversion(&params))),
        _ => return None,
    };
    params.finish();
    Some(out)
}

fn level(object: &Object, key: &'static str) -> f64 {
    if object.get(key).is_none() {
        object.missing(key, PRICE);
    }
    object.number(key, f64::NAN, PRICE, |x| x > 0.0)
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
            object.missing("entry", PRICE);
        }
        orders.push(ScriptedOrder {
            bar: object.whole("bar", 0, 0, 1_000_000_000),
            direction: object.choice("direction", Direction::Long, DIRECTIONS),
            kind,
            entry: object.number_or_none("entry", PRICE, |x| x > 0.0),
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
            bar: object.whole("bar", 0, 0, 1_000_000_000),
            order: object.whole("order", 0, 0, i64::MAX),
            sl: object.number_or_none("sl", PRICE, |x| x > 0.0),
            tp: object.number_or_none("tp", PRICE, |x| x > 0.0),
        });
        object.finish();
    }
    ScriptedOrders {
        orders,
        edits,
        use_position_manager: params.bool("use_position_manager", true),
        max_holding_minutes: params.number_or_none("max_holding_minutes", "a number of at least 0", |x| x >= 0.0),
    }
}

fn scenarios(params: &Object) -> BTreeSet<u8> {
    let Some(items) = params.list("enabled_scenarios") else {
        return BTreeSet::from([1]);
    };
    let mut out = BTreeSet::new();
    for (path, item) in items {
        match item.as_u64().filter(|n| (1..=6).contains(n)) {
            Some(n) => {
                out.insert(n as u8);
            }
            None => {
                let message = "is not a scenario";
                params.findings().add(codes::CONSTRAINT_VIOLATION, &path, message, item, Some("1 to 6"));
            }
        }
    }
    out
}

/// The timeframe a filter looks at: a name, none, or (`AUTO`) the usual one above the primary timeframe.
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

/// Long because it is a table: one line for each parameter.
fn mean_reversion(params: &Object) -> MeanReversion {
    const LENGTH: i64 = 10_000_000;
    let finite = |_: f64| true;
    let ge0 = |x: f64| x >= 0.0;
    let mut out = MeanReversion {
        atr_length: params.whole("atr_length", 14, 1, LENGTH),
        atr_mult: params.number("atr_mult", 2.0, "a number of at least 0", ge0),
        b_b_length: params.whole("b_b_length", 20, 1, LENGTH),
        std_factor: params.number("std_factor", 2.0, "a number of at least 0", ge0),
        window_length: params.whole("window_length", 20, 1, LENGTH),
        z_score_long: params.number("z_score_long", -2.0, "a number below 0", finite),
        z_score_short: params.number("z_score_short", 2.0, "a number above 0", finite),
        ema_length: params.whole("ema_length", 20, 1, LENGTH),
        kalman_r: params.number("kalman_r", 1.0, "a number above 0", |x| x > 0.0),
        kalman_q: params.number("kalman_q", 0.1, "a number of at least 0", ge0),
        tp_min_distance: params.number("tp_min_distance", 0.001, "a number", finite),
        direction_filter: params.choice(
            "direction_filter",
            DirectionFilter::Both,
            &[("both", DirectionFilter::Both), ("long", DirectionFilter::Long), ("short", DirectionFilter::Short)],
        ),
        enabled_scenarios: scenarios(params),
        htf_tf: higher_name(params, "htf_tf", "H4"),
        htf_ema: params.whole("htf_ema", 200, 1, LENGTH),
        htf_filter: params.choice("htf_filter", TrendFilter::Both, FILTERS),
        extra_htf_tf: higher_name(params, "extra_htf_tf", "NONE"),
        extra_htf_ema: params.whole("extra_htf_ema", 50, 1, LENGTH),
        extra_htf_filter: params.choice("extra_htf_filter", TrendFilter::Both, FILTERS),
        garch_alpha: params.number("garch_alpha", 0.1, "a number of at least 0", ge0),
        garch_beta: params.number("garch_beta", 0.8, "a number of at least 0", ge0),
        garch_omega: if params.is_null("garch_omega") {
            None
        } else {
            Some(params.number("garch_omega", 1e-5, "a number of at least 0, or null", ge0))
        },
        garch_use_log_returns: params.bool("garch_use_log_returns", true),
        garch_scale: params.number("garch_scale", 100.0, "a number above 0", |x| x > 0.0),
        garch_min_periods: params.whole("garch_min_periods", 50, 0, LENGTH),
        garch_sigma_floor: params.number("garch_sigma_floor", 1e-6, "a number of at least 0", ge0),
        local_z_lookback: params.whole("local_z_lookback", 0, 0, LENGTH),
        intraday_vol_feature: params.choice(
            "intraday_vol_feature",
            VolatilityFeature::GarchForecast,
            &[("garch_forecast", VolatilityFeature::GarchForecast), ("atr_points", VolatilityFeature::AtrPoints)],
        ),
        intraday_vol_cluster_window: params.whole("intraday_vol_cluster_window", 200, 1, LENGTH),
        intraday_vol_cluster_k: params.whole("intraday_vol_cluster_k", 3, 1, 100),
        intraday_vol_log_transform: params.bool("intraday_vol_log_transform", true),
        intraday_vol_min_points: params.whole("intraday_vol_min_points", 60, 0, LENGTH),
        intraday_vol_garch_lookback: params.whole("intraday_vol_garch_lookback", 500, -1, LENGTH),
        cluster_hysteresis_bars: params.whole("cluster_hysteresis_bars", 1, 0, LENGTH),
        intraday_vol_allowed: regimes(params),
        scenario6_mode: params.choice(
            "scenario6_mode",
            ChainMode::All,
            &[("all", ChainMode::All), ("any", ChainMode::Any)],
        ),
        scenario6_timeframes: chain::timeframes(params),
        scenario6_params: BTreeMap::new(),
    };
    out.scenario6_params = chain::links(params, &out);
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
                params.findings().add(codes::INVALID_ARGUMENT, &path, "is not a regime", item, Some(allowed));
            }
        }
    }
    out
}
