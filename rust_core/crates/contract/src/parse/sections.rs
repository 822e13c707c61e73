//! The sections of a configuration besides the strategy.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bound::Bound;
use crate::codes;
use crate::config::{
    Account, Alignment, Anchor, AnchoredSessions, Anchors, Cooldown, Costs, EntryTimestamp, EquityOutput, Impact,
    NewsFilter, OffsetWindow, Output, Session, Slippage, Timeframes, TradeManagement,
};
use crate::reader::Object;
use crate::time::{Clock, Timeframe};

const TIMEFRAMES: &str = "M1, M5, M15, M30, H1, H4, D1, W1";
const LABELS: &[(&str, EntryTimestamp)] = &[("open", EntryTimestamp::Open), ("close", EntryTimestamp::Close)];

/// A list of strings, each understood by `parse`; faults name the item.
fn strings<T>(object: &Object, key: &'static str, allowed: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut out = vec![];
    for (path, item) in object.list(key)? {
        match item.as_str().and_then(&parse) {
            Some(value) => out.push(value),
            None => object.findings().add(codes::INVALID_FORMAT, &path, "is not understood", item, allowed),
        }
    }
    Some(out)
}

pub fn timeframes(root: &Object) -> Option<Timeframes> {
    let Some(object) = root.object("timeframes") else {
        if root.get("timeframes").is_none() {
            root.missing("timeframes", "{\"primary\": one of M1, M5, M15, M30, H1, H4, D1, W1}");
        }
        return None;
    };
    let primary = object.required("primary", TIMEFRAMES, Timeframe::parse);
    let mut additional = strings(&object, "additional", TIMEFRAMES, Timeframe::parse).unwrap_or_default();
    additional.sort();
    additional.dedup();
    additional.retain(|tf| Some(*tf) != primary);
    let choices = [("separate_parquet", "separate_parquet")];
    let additional_source = object.choice("additional_source", "separate_parquet", &choices);
    object.finish();
    Some(Timeframes { primary: primary?, additional, additional_source })
}

pub fn alignment(root: &Object) -> Alignment {
    let mut out = Alignment {
        entry_timestamp_mode: EntryTimestamp::Open,
        stale_bar_limit_bars: 0,
        use_previous_completed_higher_tf: true,
        normalize_to_timeframe: false,
        higher_tf_timestamps_mode: BTreeMap::new(),
    };
    let Some(object) = root.object("timestamp_alignment") else {
        return out;
    };
    out.entry_timestamp_mode = object.choice("entry_timestamp_mode", EntryTimestamp::Open, LABELS);
    out.stale_bar_limit_bars = object.whole("stale_bar_limit_bars", 0, 0, 1_000_000_000);
    out.use_previous_completed_higher_tf = object.bool("use_previous_completed_higher_tf", true);
    out.normalize_to_timeframe = object.bool("normalize_to_timeframe", false);
    if let Some(modes) = object.object("higher_tf_timestamps_mode") {
        for (_, tf) in Timeframe::NAMES {
            if modes.get(tf.name()).is_some() {
                let mode = modes.choice(tf.name(), EntryTimestamp::Open, LABELS);
                out.higher_tf_timestamps_mode.insert(tf.name().to_string(), mode);
            }
        }
        modes.finish();
    }
    object.finish();
    out
}

pub fn sessions(root: &Object) -> Option<Vec<Session>> {
    let mut out = vec![];
    for object in root.objects("sessions")? {
        let start = object.required("start", "HH:MM or HH:MM:SS", Clock::parse);
        let end = object.required("end", "HH:MM or HH:MM:SS", Clock::parse);
        object.finish();
        if let (Some(start), Some(end)) = (start, end) {
            out.push(Session { start, end });
        }
    }
    Some(out)
}

/// One market's windows, or a list of those; an empty list would never be open.
pub fn anchored(root: &Object) -> Option<Anchors> {
    const KEY: &str = "anchored_sessions";
    if !root.get(KEY)?.is_array() {
        return root.object(KEY).map(|object| Anchors::One(market(&object)));
    }
    let mut all: Vec<AnchoredSessions> = root.objects(KEY)?.iter().map(market).collect();
    if root.list(KEY)?.is_empty() {
        let allowed = "an object with anchor and windows, or a list of at least one of those";
        root.findings().add(codes::CONSTRAINT_VIOLATION, KEY, "is an empty list", &Value::Array(vec![]), allowed);
    }
    if all.len() == 1 { all.pop().map(Anchors::One) } else { Some(Anchors::Several(all)) }
}

fn market(object: &Object) -> AnchoredSessions {
    let anchors = [
        ("london", Anchor::London),
        ("new_york", Anchor::NewYork),
        ("tokyo", Anchor::Tokyo),
        ("sydney", Anchor::Sydney),
        ("frankfurt", Anchor::Frankfurt),
        ("asia", Anchor::Asia),
        ("europe", Anchor::Europe),
    ];
    if object.get("anchor").is_none() {
        object.missing("anchor", "london, new_york, tokyo, sydney, frankfurt, asia, europe");
    }
    let anchor = object.choice("anchor", Anchor::London, &anchors);
    let mut windows = vec![];
    for window in object.objects("windows").unwrap_or_default() {
        windows.push(OffsetWindow {
            start_offset_minutes: window.whole("start_offset_minutes", 0, -1440, 1440),
            end_offset_minutes: window.whole("end_offset_minutes", 0, -1440, 1440),
        });
        window.finish();
    }
    object.finish();
    AnchoredSessions { anchor, windows }
}

pub fn cooldown(root: &Object) -> Cooldown {
    let Some(object) = root.object("cooldown") else {
        return Cooldown { candles: 0, minutes_after_entry: 0.0, minutes_after_exit: 0.0 };
    };
    let out = Cooldown {
        candles: object.whole("candles", 0, 0, 1_000_000_000),
        minutes_after_entry: object.number("minutes_after_entry", 0.0, Bound::NOT_NEGATIVE),
        minutes_after_exit: object.number("minutes_after_exit", 0.0, Bound::NOT_NEGATIVE),
    };
    object.finish();
    out
}

fn currency(text: &str) -> Option<String> {
    (text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())).then(|| text.to_string())
}

pub fn account(root: &Object) -> Account {
    let mut out = Account {
        initial_balance: 10_000.0,
        account_currency: "EUR".to_string(),
        risk_per_trade: 100.0,
        max_positions: None,
    };
    let Some(object) = root.object("account") else {
        return out;
    };
    out.initial_balance = object.number("initial_balance", 10_000.0, Bound::POSITIVE);
    if let Some(code) = object.parsed("account_currency", "three upper-case letters", currency) {
        out.account_currency = code;
    }
    out.risk_per_trade = object.number("risk_per_trade", 100.0, Bound::POSITIVE);
    out.max_positions = object.whole_or_none("max_positions", 1, 1_000_000);
    object.finish();
    out
}

pub fn rates(root: &Object) -> BTreeMap<String, f64> {
    let mut out = BTreeMap::new();
    let Some(object) = root.object("rates") else {
        return out;
    };
    for (pair, value) in object.entries() {
        let path = object.at(pair);
        let is_pair = pair.len() == 6 && pair.bytes().all(|b| b.is_ascii_uppercase());
        if !is_pair {
            let allowed = "two currencies, as in EURUSD";
            object.findings().add(codes::INVALID_FORMAT, &path, "is not a pair", &Value::Null, allowed);
            continue;
        }
        match value.as_f64().filter(|rate| Bound::POSITIVE.holds(*rate)) {
            Some(rate) => {
                out.insert(pair.clone(), rate);
            }
            None => {
                let code = if value.is_number() { codes::CONSTRAINT_VIOLATION } else { codes::TYPE_MISMATCH };
                object.findings().add(code, &path, "is not a rate", value, Bound::POSITIVE);
            }
        }
    }
    out
}

pub fn costs(root: &Object) -> Costs {
    let mut out =
        Costs { enabled: true, fee_multiplier: 1.0, slippage_multiplier: 1.0, slippage: None, pip_buffer_factor: 0.5 };
    let Some(object) = root.object("costs") else {
        return out;
    };
    out.enabled = object.bool("enabled", true);
    out.fee_multiplier = object.number("fee_multiplier", 1.0, Bound::NOT_NEGATIVE);
    out.slippage_multiplier = object.number("slippage_multiplier", 1.0, Bound::NOT_NEGATIVE);
    out.pip_buffer_factor = object.number("pip_buffer_factor", 0.5, Bound::NOT_NEGATIVE);
    if let Some(slippage) = object.object("slippage") {
        out.slippage = Some(Slippage {
            fixed_pips: slippage.number_or_none("fixed_pips", Bound::NOT_NEGATIVE),
            random_pips: slippage.number_or_none("random_pips", Bound::NOT_NEGATIVE),
        });
        slippage.finish();
    }
    object.finish();
    out
}

pub fn news(root: &Object) -> NewsFilter {
    let mut out = NewsFilter {
        enabled: false,
        minutes_before: 30.0,
        minutes_after: 30.0,
        min_impact: Impact::Medium,
        currencies: None,
    };
    let Some(object) = root.object("news_filter") else {
        return out;
    };
    out.enabled = object.bool("enabled", false);
    out.minutes_before = object.number("minutes_before", 30.0, Bound::NOT_NEGATIVE);
    out.minutes_after = object.number("minutes_after", 30.0, Bound::NOT_NEGATIVE);
    let impacts = [("low", Impact::Low), ("medium", Impact::Medium), ("high", Impact::High)];
    out.min_impact = object.choice("min_impact", Impact::Medium, &impacts);
    out.currencies = strings(&object, "currencies", "three upper-case letters", currency);
    object.finish();
    out
}

pub fn management(root: &Object) -> TradeManagement {
    let mut out = TradeManagement { enabled: false, max_holding_minutes: None, only_scenarios: vec![] };
    let Some(object) = root.object("trade_management") else {
        return out;
    };
    out.enabled = object.bool("enabled", false);
    out.max_holding_minutes = object.number_or_none("max_holding_minutes", Bound::NOT_NEGATIVE);
    let any = |text: &str| Some(text.to_string());
    out.only_scenarios = strings(&object, "only_scenarios", "strings such as long_2", any).unwrap_or_default();
    object.finish();
    out
}

pub fn output(root: &Object) -> Output {
    let Some(object) = root.object("output") else {
        return Output { equity: EquityOutput::Bars, events: false };
    };
    let kinds = [("none", EquityOutput::None), ("trades", EquityOutput::Trades), ("bars", EquityOutput::Bars)];
    let out =
        Output { equity: object.choice("equity", EquityOutput::Bars, &kinds), events: object.bool("events", false) };
    object.finish();
    out
}
