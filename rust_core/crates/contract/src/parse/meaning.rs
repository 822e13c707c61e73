//! What `config_rules` refuses at `v2`: settings under which nothing could ever happen, or that look ahead.

use serde_json::{Value, json};

use super::strategies;
use crate::bound::Bound;
use crate::codes;
use crate::config::Config;
use crate::error::{Allowed, ConfigIssue};
use crate::strategy::{Direction, MeanReversion, ScriptedOrders, Strategy};
use crate::time::Timeframe;

fn fault(path: &str, message: &str, value: Value, allowed: impl Into<Allowed>) -> ConfigIssue {
    ConfigIssue {
        code: codes::CONSTRAINT_VIOLATION,
        path: path.to_string(),
        message: message.to_string(),
        value,
        allowed: Some(allowed.into()),
        nearest: None,
    }
}

/// All such faults of a configuration that is otherwise valid.
pub fn meaningless(config: &Config) -> Vec<ConfigIssue> {
    let mut out = vec![];
    if !config.timestamp_alignment.use_previous_completed_higher_tf {
        let path = "timestamp_alignment.use_previous_completed_higher_tf";
        out.push(fault(path, "would show bars before they are complete (look-ahead)", false.into(), "true"));
    }
    match &config.strategy {
        Strategy::MeanReversionZScore(p) => {
            out.extend(thresholds(p));
            out.extend(filters(p, config));
            out.extend(chain(p, config));
        }
        Strategy::ScriptedOrders(p) => out.extend(levels(p)),
    }
    out
}

fn thresholds(p: &MeanReversion) -> Vec<ConfigIssue> {
    let signs =
        [("z_score_long", p.z_score_long, Bound::NEGATIVE), ("z_score_short", p.z_score_short, Bound::POSITIVE)];
    let wrong = signs.into_iter().filter(|(_, threshold, bound)| !bound.holds(*threshold));
    let say = |(key, threshold, bound): (&str, f64, Bound)| {
        fault(&format!("strategy_parameters.{key}"), "has the wrong sign", threshold.into(), bound)
    };
    wrong.map(say).collect()
}

fn filters(p: &MeanReversion, config: &Config) -> Vec<ConfigIssue> {
    let filters = [("htf_filter", p.htf_filter, &p.htf_tf), ("extra_htf_filter", p.extra_htf_filter, &p.extra_htf_tf)];
    let mut out = vec![];
    for (key, filter, tf) in filters {
        let loaded = strategies::resolve_higher(tf, config.timeframes.primary)
            .is_some_and(|tf| config.timeframes.additional.contains(&tf));
        if filter.is_active() && !loaded {
            let message = format!("needs a higher timeframe, but {tf} is not loaded");
            let path = format!("strategy_parameters.{key}");
            out.push(fault(&path, &message, Value::Null, "a timeframe of timeframes.additional, or filter both"));
        }
    }
    out
}

fn chain(p: &MeanReversion, config: &Config) -> Vec<ConfigIssue> {
    const PATH: &str = "strategy_parameters.scenario6_timeframes";
    if !p.enabled_scenarios.contains(&6) {
        return vec![];
    }
    if p.scenario6_timeframes.is_empty() {
        return vec![fault(PATH, "is empty: scenario 6 would never trade", Value::Null, "at least one timeframe")];
    }
    let loaded = |name: &str| {
        let known = |tf| tf == config.timeframes.primary || config.timeframes.additional.contains(&tf);
        Timeframe::parse(name).is_some_and(known)
    };
    // Each name once: the index in the configuration is not known any more.
    let missing = p.scenario6_timeframes.iter().filter(|name| !loaded(name));
    let allowed = "PRIMARY or a timeframe of timeframes.additional";
    missing.map(|name| fault(PATH, "holds a timeframe that is not loaded", name.as_str().into(), allowed)).collect()
}

fn levels(p: &ScriptedOrders) -> Vec<ConfigIssue> {
    let mut out = vec![];
    for (i, order) in p.orders.iter().enumerate() {
        let sign = if order.direction == Direction::Long { 1.0 } else { -1.0 };
        let (sl, tp) = (sign * order.sl, sign * order.tp);
        let wrong = match order.entry {
            Some(entry) => sl >= sign * entry || tp <= sign * entry,
            None => sl >= tp,
        };
        if wrong {
            let path = format!("strategy_parameters.orders[{i}]");
            let value = json!({"entry": order.entry, "sl": order.sl, "tp": order.tp});
            let allowed = "long: sl < entry < tp; short: tp < entry < sl";
            out.push(fault(&path, "sl or tp lies on the wrong side", value, allowed));
        }
    }
    out
}
