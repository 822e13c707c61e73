//! JSON text -> [`Config`]: every fault is found before the answer is given.

mod chain;
mod sections;
mod strategies;

use serde_json::Value;

use crate::codes;
use crate::config::{Config, EntryTimestamp, MAX_CONFIG_BYTES, RunMode};
use crate::error::{ConfigErrors, ConfigIssue};
use crate::reader::{Findings, Object};
use crate::semantics::{Semantics, Setting};
use crate::strategy::Strategy;
use crate::time::{Day, Timeframe};

const SETTINGS: &[(&str, Setting)] = &[("v1", Setting::V1), ("v2", Setting::V2)];
const VARIANTS: &[(&str, Setting)] = &[("v2", Setting::V2), ("v1_parity", Setting::V1)];
const DATE: &str = "a day as YYYY-MM-DD between 1970-01-01 and 2200-12-31";

/// Parses and checks a whole document.
pub fn config(text: &str) -> Result<Config, ConfigErrors> {
    let value = document(text).map_err(|issue| ConfigErrors(vec![*issue]))?;
    let Value::Object(map) = &value else {
        return Err(ConfigErrors(vec![lone(
            codes::TYPE_MISMATCH,
            "the config must be a JSON object",
            &value,
        )]));
    };
    let findings = Findings::default();
    let root = Object::new(map, "", &findings);
    let (draft, allow_unknown) = read(&root);
    root.finish();
    let (mut issues, unknown) = findings.into_parts();
    let lenient = allow_unknown || draft.as_ref().is_some_and(|c| !c.semantics.config_rules.is_v2());
    let mut ignored = vec![];
    if lenient {
        ignored = unknown.into_iter().map(|issue| issue.path).collect();
    } else {
        issues.extend(unknown);
    }
    if let Some(config) = draft {
        if issues.is_empty() && config.semantics.config_rules.is_v2() {
            issues.extend(meaningless(&config));
        }
        if issues.is_empty() {
            return Ok(Config {
                ignored_keys: ignored,
                ..config
            });
        }
    }
    Err(ConfigErrors(issues))
}

fn lone(code: u16, message: &str, value: &Value) -> ConfigIssue {
    let text: String = value.to_string().chars().take(120).collect();
    ConfigIssue {
        code,
        path: String::new(),
        message: message.to_string(),
        value: text.into(),
        allowed: None,
        nearest: None,
    }
}

fn document(text: &str) -> Result<Value, Box<ConfigIssue>> {
    if text.len() > MAX_CONFIG_BYTES {
        let message = format!(
            "the config is {} bytes long, the limit is {MAX_CONFIG_BYTES}",
            text.len()
        );
        return Err(Box::new(ConfigIssue {
            value: Value::Null,
            ..lone(codes::RESOURCE_LIMIT_EXCEEDED, &message, &Value::Null)
        }));
    }
    serde_json::from_str(text).map_err(|error| {
        let message = format!(
            "not valid JSON at line {}, column {}: {error}",
            error.line(),
            error.column()
        );
        Box::new(ConfigIssue {
            value: Value::Null,
            ..lone(codes::INVALID_FORMAT, &message, &Value::Null)
        })
    })
}

fn valid_symbol(text: &str) -> Option<String> {
    let fits = (3..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| text.to_string())
}

/// Reads everything; the draft is there when nothing essential is missing.
fn read(root: &Object) -> (Option<Config>, bool) {
    let version = root.required("schema_version", "\"2\"", |text| (text == "2").then_some("2"));
    let allow_unknown = root.bool("allow_unknown", false);
    let run_mode = root.choice(
        "run_mode",
        RunMode::Dev,
        &[("dev", RunMode::Dev), ("prod", RunMode::Prod)],
    );
    let semantics = semantics(root, run_mode);
    let strategy = strategies::strategy(root);
    let symbol = root.required("symbol", "3 to 20 letters and digits", valid_symbol);
    let start = root.required("start_date", DATE, Day::parse);
    let end = root.required("end_date", DATE, Day::parse);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        let allowed = format!("a day not before start_date ({start})");
        root.findings().add(
            codes::CONSTRAINT_VIOLATION,
            "end_date",
            "lies before start_date",
            &end.to_string().into(),
            Some(&allowed),
        );
    }
    let data_mode = data_mode(root);
    let timeframes = sections::timeframes(root);
    let seed = root.unsigned("rng_seed");
    let rng_seed = if run_mode == RunMode::Dev {
        Some(seed.unwrap_or(42))
    } else {
        seed
    };
    let timestamp_alignment = sections::alignment(root);
    let warmup_bars = root.whole("warmup_bars", 500, 0, 1_000_000);
    let sessions = sections::sessions(root);
    let anchored_sessions = sections::anchored(root);
    let cooldown = sections::cooldown(root);
    let account = sections::account(root);
    let rates = sections::rates(root);
    let costs = sections::costs(root);
    let news_filter = sections::news(root);
    let trade_management = sections::management(root);
    let output = sections::output(root);
    let draft = (|| {
        Some(Config {
            schema_version: version?,
            strategy: strategy?,
            symbol: symbol?,
            start_date: start?,
            end_date: end?,
            run_mode,
            data_mode: data_mode?,
            semantics,
            timeframes: timeframes?,
            timestamp_alignment,
            warmup_bars,
            rng_seed,
            sessions,
            anchored_sessions,
            cooldown,
            account,
            rates,
            costs,
            news_filter,
            trade_management,
            output,
            ignored_keys: vec![],
        })
    })();
    (draft, allow_unknown)
}

fn data_mode(root: &Object) -> Option<&'static str> {
    match root.choice("data_mode", "candle", &[("candle", "candle"), ("tick", "tick")]) {
        "candle" => Some("candle"),
        tick => {
            root.findings().add(
                codes::NOT_IMPLEMENTED,
                "data_mode",
                "tick data is not supported",
                &tick.into(),
                Some("candle"),
            );
            None
        }
    }
}

fn semantics(root: &Object, run_mode: RunMode) -> Semantics {
    let variant = root.choice("execution_variant", Setting::V2, VARIANTS);
    let mut out = Semantics::all(variant);
    let dev_only = |key: &str, value: &Value| {
        root.findings().add(
            codes::CONSTRAINT_VIOLATION,
            key,
            "is allowed only with run_mode \"dev\"",
            value,
            Some("run_mode \"dev\""),
        );
    };
    if run_mode == RunMode::Prod && variant == Setting::V1 {
        dev_only("execution_variant", &"v1_parity".into());
    }
    let Some(object) = root.object("semantics") else {
        return out;
    };
    for name in Semantics::NAMES {
        if object.get(name).is_some() {
            out.set(name, object.choice(name, variant, SETTINGS));
            if run_mode == RunMode::Prod {
                dev_only(&object.at(name), &Value::Null);
            }
        }
    }
    object.finish();
    out
}

/// What `config_rules` refuses at `v2`: settings under which nothing could ever happen, or that look ahead.
fn meaningless(config: &Config) -> Vec<ConfigIssue> {
    let mut out = vec![];
    let mut add = |path: &str, message: &str, value: Value, allowed: &str| {
        out.push(ConfigIssue {
            code: codes::CONSTRAINT_VIOLATION,
            path: path.to_string(),
            message: message.to_string(),
            value,
            allowed: Some(allowed.to_string()),
            nearest: None,
        });
    };
    if !config.timestamp_alignment.use_previous_completed_higher_tf {
        let path = "timestamp_alignment.use_previous_completed_higher_tf";
        add(
            path,
            "would show bars before they are complete (look-ahead)",
            false.into(),
            "true",
        );
    }
    match &config.strategy {
        Strategy::MeanReversionZScore(p) => {
            if p.z_score_long >= 0.0 {
                let path = "strategy_parameters.z_score_long";
                add(
                    path,
                    "has the wrong sign",
                    p.z_score_long.into(),
                    "a number below 0",
                );
            }
            if p.z_score_short <= 0.0 {
                let path = "strategy_parameters.z_score_short";
                add(
                    path,
                    "has the wrong sign",
                    p.z_score_short.into(),
                    "a number above 0",
                );
            }
            if p.enabled_scenarios.contains(&6) {
                for (i, name) in p.scenario6_timeframes.iter().enumerate() {
                    let loaded = Timeframe::parse(name).is_some_and(|tf| {
                        tf == config.timeframes.primary || config.timeframes.additional.contains(&tf)
                    });
                    if name != "PRIMARY" && !loaded {
                        let path = format!("strategy_parameters.scenario6_timeframes[{i}]");
                        add(
                            &path,
                            "is not loaded",
                            name.as_str().into(),
                            "PRIMARY or a timeframe of timeframes.additional",
                        );
                    }
                }
                if p.scenario6_timeframes.is_empty() {
                    let path = "strategy_parameters.scenario6_timeframes";
                    add(
                        path,
                        "is empty: scenario 6 would never trade",
                        Value::Null,
                        "at least one timeframe",
                    );
                }
            }
            let filters = [
                ("htf_filter", p.htf_filter, &p.htf_tf),
                ("extra_htf_filter", p.extra_htf_filter, &p.extra_htf_tf),
            ];
            for (key, filter, tf) in filters {
                let loaded = strategies::resolve_higher(tf, config.timeframes.primary)
                    .is_some_and(|tf| config.timeframes.additional.contains(&tf));
                if filter.is_active() && !loaded {
                    let message = format!("needs a higher timeframe, but {tf} is not loaded");
                    let path = format!("strategy_parameters.{key}");
                    add(
                        &path,
                        &message,
                        Value::Null,
                        "a timeframe of timeframes.additional, or filter both",
                    );
                }
            }
        }
        Strategy::ScriptedOrders(p) => {
            for (i, order) in p.orders.iter().enumerate() {
                let sign = if order.direction == crate::strategy::Direction::Long {
                    1.0
                } else {
                    -1.0
                };
                let (sl, tp) = (sign * order.sl, sign * order.tp);
                let wrong = match order.entry {
                    Some(entry) => sl >= sign * entry || tp <= sign * entry,
                    None => sl >= tp,
                };
                if wrong {
                    let path = format!("strategy_parameters.orders[{i}]");
                    let value = serde_json::json!({"entry": order.entry, "sl": order.sl, "tp": order.tp});
                    add(
                        &path,
                        "sl or tp lies on the wrong side",
                        value,
                        "long: sl < entry < tp; short: tp < entry < sl",
                    );
                }
            }
        }
    }
    out
}

/// Whether a timeframe's bars are labelled by their close.
pub(crate) fn timestamp_choice() -> &'static [(&'static str, EntryTimestamp)] {
    &[("open", EntryTimestamp::Open), ("close", EntryTimestamp::Close)]
}
