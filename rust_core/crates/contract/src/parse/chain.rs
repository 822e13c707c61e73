//! Scenario 6: links of a chain of timeframes, each with its own parameters by side.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::bound::Bound;
use crate::codes;
use crate::reader::Object;
use crate::strategy::{Direction, Link, LinkSides, MeanReversion};
use crate::time::Timeframe;

const PARAMETERS: [&str; 8] =
    ["window_length", "z_score_long", "z_score_short", "z_score", "kalman_r", "kalman_q", "b_b_length", "std_factor"];
const LONGEST: i64 = 10_000_000;

/// Names of the links: a timeframe or `PRIMARY`.
pub fn timeframes(params: &Object) -> Vec<String> {
    let mut out = vec![];
    for (path, item) in params.list("scenario6_timeframes").unwrap_or_default() {
        let name = item.as_str().map(str::to_ascii_uppercase);
        match name.filter(|name| name == "PRIMARY" || Timeframe::parse(name).is_some()) {
            Some(name) => out.push(name),
            None => {
                let allowed = "a timeframe (M1 ... W1) or PRIMARY";
                params.findings().add(codes::INVALID_FORMAT, &path, "is not understood", item, allowed);
            }
        }
    }
    out
}

/// Parameters of every link: the strategy's own, those of `scenario6_params`, those of its side, flat keys last.
pub fn links(params: &Object, base: &MeanReversion) -> BTreeMap<String, LinkSides> {
    let empty = Map::new();
    let blocks = match params.get("scenario6_params") {
        None => &empty,
        Some(Value::Object(map)) => map,
        Some(other) => {
            let path = params.at("scenario6_params");
            params.findings().add(codes::TYPE_MISMATCH, &path, "wrong type", other, "an object by timeframe");
            &empty
        }
    };
    for (name, block) in blocks.iter().filter(|(_, block)| !block.is_object()) {
        let path = format!("{}.{name}", params.at("scenario6_params"));
        params.findings().add(codes::TYPE_MISMATCH, &path, "wrong type", block, "an object of parameters");
    }
    let mut out = BTreeMap::new();
    for name in &base.scenario6_timeframes {
        let block = blocks.get(name).and_then(Value::as_object).unwrap_or(&empty);
        let side = |direction| link(params, base, name, block, direction);
        out.insert(name.clone(), LinkSides { long: side(Direction::Long), short: side(Direction::Short) });
    }
    out
}

fn link(params: &Object, base: &MeanReversion, name: &str, block: &Map<String, Value>, direction: Direction) -> Link {
    let side = if direction == Direction::Long { "long" } else { "short" };
    let mut out = Link {
        window_length: base.window_length,
        z_score_long: base.z_score_long,
        z_score_short: base.z_score_short,
        kalman_r: base.kalman_r,
        kalman_q: base.kalman_q,
        b_b_length: base.b_b_length,
        std_factor: base.std_factor,
    };
    let place = format!("{}.{name}", params.at("scenario6_params"));
    apply(params, &mut out, &place, block, true);
    if let Some(own) = block.get(side).and_then(Value::as_object) {
        apply(params, &mut out, &format!("{place}.{side}"), own, false);
    }
    for parameter in PARAMETERS {
        let key = format!("scenario6_{name}_{side}_{parameter}");
        if let Some(value) = params.dynamic(&key) {
            set(params, &mut out, &params.at(&key), parameter, value);
        }
    }
    out
}

/// Applies a block's own numbers, `z_score` before the thresholds that it sets.
fn apply(params: &Object, out: &mut Link, place: &str, block: &Map<String, Value>, with_sides: bool) {
    if let Some(value) = block.get("z_score") {
        set(params, out, &format!("{place}.z_score"), "z_score", value);
    }
    for (key, value) in block {
        let path = format!("{place}.{key}");
        if PARAMETERS.contains(&key.as_str()) {
            if key != "z_score" {
                set(params, out, &path, key, value);
            }
        } else if !(with_sides && matches!(key.as_str(), "long" | "short")) {
            let allowed = PARAMETERS.join(", ");
            params.findings().add(codes::INVALID_ARGUMENT, &path, "unknown parameter", value, allowed);
        }
    }
}

fn set(params: &Object, out: &mut Link, path: &str, parameter: &str, value: &Value) {
    let bound = match parameter {
        "window_length" | "b_b_length" => Bound::whole(1, LONGEST),
        "kalman_r" => Bound::POSITIVE,
        "kalman_q" | "std_factor" => Bound::NOT_NEGATIVE,
        _ => Bound::NUMBER,
    };
    let Some(x) = value.as_f64().filter(|x| bound.holds(*x)) else {
        let allowed = "a number that fits the parameter; lengths are whole and above 0";
        params.findings().add(codes::CONSTRAINT_VIOLATION, path, "is out of range", value, allowed);
        return;
    };
    match parameter {
        "window_length" => out.window_length = x as i64,
        "b_b_length" => out.b_b_length = x as i64,
        "z_score_long" => out.z_score_long = x,
        "z_score_short" => out.z_score_short = x,
        "kalman_r" => out.kalman_r = x,
        "kalman_q" => out.kalman_q = x,
        "std_factor" => out.std_factor = x,
        _ => {
            out.z_score_long = x;
            out.z_score_short = x;
        }
    }
}
