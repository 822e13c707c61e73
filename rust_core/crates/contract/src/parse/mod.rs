//! JSON text -> [`Config`]: every fault is found before the answer is given.

mod chain;
mod meaning;
mod sections;
mod strategies;

use serde_json::Value;

use crate::codes;
use crate::config::{Config, MAX_CONFIG_BYTES, RunMode};
use crate::error::{ConfigErrors, ConfigIssue};
use crate::reader::{Findings, Object};
use crate::semantics::{Semantics, Setting};
use crate::time::Day;

const SETTINGS: &[(&str, Setting)] = &[("v1", Setting::V1), ("v2", Setting::V2)];
const VARIANTS: &[(&str, Setting)] = &[("v2", Setting::V2), ("v1_parity", Setting::V1)];
const DATE: &str = "a day as YYYY-MM-DD between 1970-01-01 and 2200-12-31";

impl Config {
    /// Parses and checks a configuration.
    ///
    /// # Errors
    /// Every fault found, each with code, path, value and what is allowed.
    pub fn from_json(text: &str) -> Result<Self, ConfigErrors> {
        let value = document(text).map_err(|issue| ConfigErrors(vec![*issue]))?;
        let Value::Object(map) = &value else {
            return Err(ConfigErrors(vec![lone(codes::TYPE_MISMATCH, "the config must be a JSON object", &value)]));
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
                issues.extend(meaning::meaningless(&config));
            }
            if issues.is_empty() {
                return Ok(Config { ignored_keys: ignored, ..config });
            }
        }
        Err(ConfigErrors(issues))
    }
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
        let message = format!("the config is {} bytes long, the limit is {MAX_CONFIG_BYTES}", text.len());
        return Err(Box::new(ConfigIssue {
            value: Value::Null,
            ..lone(codes::RESOURCE_LIMIT_EXCEEDED, &message, &Value::Null)
        }));
    }
    serde_json::from_str(text).map_err(|error| {
        let message = format!("not valid JSON at line {}, column {}: {error}", error.line(), error.column());
        Box::new(ConfigIssue { value: Value::Null, ..lone(codes::INVALID_FORMAT, &message, &Value::Null) })
    })
}

fn valid_symbol(text: &str) -> Option<String> {
    let fits = (3..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| text.to_string())
}

/// Reads everything, one line for each section; the draft is there when nothing essential is missing.
fn read(root: &Object) -> (Option<Config>, bool) {
    let version = root.required("schema_version", "\"2\"", |text| (text == "2").then_some("2"));
    let allow_unknown = root.bool("allow_unknown", false);
    let run_mode = root.choice("run_mode", RunMode::Dev, &[("dev", RunMode::Dev), ("prod", RunMode::Prod)]);
    let semantics = semantics(root, run_mode);
    let timeframes = sections::timeframes(root);
    let strategy = strategies::strategy(root, timeframes.as_ref().map(|all| all.primary));
    let symbol = root.required("symbol", "3 to 20 letters and digits", valid_symbol);
    let (start, end) = days(root);
    let data_mode = data_mode(root);
    let seed = root.unsigned("rng_seed");
    let rng_seed = if run_mode == RunMode::Dev { Some(seed.unwrap_or(42)) } else { seed };
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

/// First and last day; they must be in order.
fn days(root: &Object) -> (Option<Day>, Option<Day>) {
    let start = root.required("start_date", DATE, Day::parse);
    let end = root.required("end_date", DATE, Day::parse);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        root.findings().add(
            codes::CONSTRAINT_VIOLATION,
            "end_date",
            "lies before start_date",
            &end.to_string().into(),
            format!("a day not before start_date ({start})"),
        );
    }
    (start, end)
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
                "candle",
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
            "run_mode \"dev\"",
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
