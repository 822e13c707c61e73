//! Scenario 6: links of a chain of timeframes, each with its own parameters by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::bound::Bound;
use crate::codes;
use crate::reader::Object;
use crate::strategy::{Link, LinkSides, MeanReversion};
use crate::time::Timeframe;

const PARAMETERS: [&str; 8] =
    ["window_length", "z_score", "z_score_long", "z_score_short", "kalman_r", "kalman_q", "b_b_length", "std_factor"];
const PRIMARY: &str = "PRIMARY";
const LONG: &str = "long";
const SHORT: &str = "short";
const LONGEST: i64 = 10_000_000;

/// The timeframe that a key names, in any case; `PRIMARY` is the primary one.
fn canonical(name: &str, primary: Option<Timeframe>) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    if upper == PRIMARY {
        return Some(primary.map_or(PRIMARY, Timeframe::name).to_string());
    }
    Timeframe::parse(&upper).map(|tf| tf.name().to_string())
}

/// Names of the links' timeframes, each once.
pub fn timeframes(params: &Object, primary: Option<Timeframe>) -> Vec<String> {
    let mut out = vec![];
    for (path, item) in params.list("scenario6_timeframes").unwrap_or_default() {
        match item.as_str().and_then(|name| canonical(name, primary)) {
            Some(name) if out.contains(&name) => {}
            Some(name) => out.push(name),
            None => {
                let allowed = "a timeframe (M1 ... W1) or PRIMARY";
                params.findings().add(codes::INVALID_FORMAT, &path, "is not understood", item, allowed);
            }
        }
    }
    out
}

/// Numbers that override the strategy's own, each with its path.
type Block<'a> = BTreeMap<&'a str, (String, &'a Value)>;

/// What is said about one timeframe: for a direction its own block where there is one, else what stands beside.
#[derive(Default)]
struct Said<'a> {
    beside: Block<'a>,
    long: Option<Block<'a>>,
    short: Option<Block<'a>>,
}

impl<'a> Said<'a> {
    fn side(&mut self, side: &str) -> &mut Option<Block<'a>> {
        if side == LONG { &mut self.long } else { &mut self.short }
    }
}

/// Parameters of every link and side: the strategy's own, and what overrides them.
pub fn links(params: &Object, base: &MeanReversion, primary: Option<Timeframe>) -> BTreeMap<String, LinkSides> {
    let mut said = blocks(params, primary);
    flat_keys(params, primary, &base.scenario6_timeframes, &mut said);
    let nothing = Said::default();
    // What stands beside the blocks may count for both directions, and its faults once.
    let mut reported = BTreeSet::new();
    let one = |name: &String| {
        let said = said.get(name).unwrap_or(&nothing);
        let mut link = |own: &Option<Block>| link(params, base, own.as_ref().unwrap_or(&said.beside), &mut reported);
        (name.clone(), LinkSides { long: link(&said.long), short: link(&said.short) })
    };
    base.scenario6_timeframes.iter().map(one).collect()
}

/// `scenario6_params` by timeframe. Of two keys that name one timeframe the later one counts, alone.
fn blocks<'a>(params: &Object<'a>, primary: Option<Timeframe>) -> BTreeMap<String, Said<'a>> {
    let (mut out, mut read) = (BTreeMap::new(), BTreeMap::new());
    let Some(all) = params.object("scenario6_params") else {
        return out;
    };
    for (name, value) in all.entries() {
        let (place, timeframe) = (all.at(name), canonical(name, primary).unwrap_or_else(|| name.clone()));
        let Some(map) = as_object(params, &place, value) else { continue };
        let mut said = Said { beside: block(params, &place, map, &[LONG, SHORT]), ..Said::default() };
        for side in [LONG, SHORT] {
            let Some(value) = map.get(side).filter(|value| !value.is_null()) else { continue };
            let place = format!("{place}.{side}");
            if let Some(own) = as_object(params, &place, value) {
                *said.side(side) = Some(block(params, &place, own, &[]));
            }
        }
        if let Some((place, value)) = read.insert(timeframe.clone(), (place, value)) {
            params.findings().unread(&place, &format!("says the same timeframe as {name}"), value, &[]);
        }
        out.insert(timeframe, said);
    }
    out
}

fn as_object<'a>(params: &Object, place: &str, value: &'a Value) -> Option<&'a Map<String, Value>> {
    if !value.is_object() {
        params.findings().add(codes::TYPE_MISMATCH, place, "wrong type", value, "an object of parameters");
    }
    value.as_object()
}

/// The parameters of an object; its other keys are unknown, but for those named.
fn block<'a>(params: &Object, place: &str, map: &'a Map<String, Value>, others: &[&str]) -> Block<'a> {
    let mut out = Block::new();
    for (key, value) in map {
        let path = format!("{place}.{key}");
        if PARAMETERS.contains(&key.as_str()) {
            out.insert(key, (path, value));
        } else if !others.contains(&key.as_str()) {
            params.findings().unread(&path, "unknown key", value, &PARAMETERS);
        }
    }
    out
}

/// Keys such as `scenario6_M15_long_std_factor`, in any case, written into the block of their timeframe and side.
fn flat_keys<'a>(
    params: &Object<'a>,
    primary: Option<Timeframe>,
    names: &[String],
    said: &mut BTreeMap<String, Said<'a>>,
) {
    let mut read = BTreeMap::new();
    for (key, value) in params.entries() {
        let lower = key.to_ascii_lowercase();
        let parts = lower.strip_prefix("scenario6_").map(|rest| rest.splitn(3, '_').collect::<Vec<&str>>());
        let Some([name, side, parameter]) = parts.as_deref() else { continue };
        let known = PARAMETERS.iter().find(|known| *known == parameter);
        let name = canonical(name, primary).filter(|name| names.contains(name));
        if let (Some(name), Some(parameter), true) = (name, known, [LONG, SHORT].contains(side)) {
            params.accept(key);
            if let Some((path, value)) = read.insert((name.clone(), *side == LONG, parameter), (params.at(key), value))
            {
                params.findings().unread(&path, &format!("says the same parameter as {key}"), value, &[]);
            }
            let own = said.entry(name).or_default().side(side).get_or_insert_default();
            own.insert(parameter, (params.at(key), value));
        }
    }
}

fn link(params: &Object, base: &MeanReversion, overrides: &Block, reported: &mut BTreeSet<String>) -> Link {
    let mut out = Link {
        window_length: base.window_length,
        z_score_long: base.z_score_long,
        z_score_short: base.z_score_short,
        kalman_r: base.kalman_r,
        kalman_q: base.kalman_q,
        b_b_length: base.b_b_length,
        std_factor: base.std_factor,
    };
    // In the order of `PARAMETERS`: `z_score` before the thresholds that it sets.
    for parameter in PARAMETERS {
        let Some((path, value)) = overrides.get(parameter) else { continue };
        match value.as_f64().filter(|x| bound(parameter).holds(*x)) {
            Some(x) => set(&mut out, parameter, x),
            None if reported.insert(path.clone()) => {
                let allowed = "a number that fits the parameter; lengths are whole and above 0";
                params.findings().add(codes::CONSTRAINT_VIOLATION, path, "is out of range", value, allowed);
            }
            None => {}
        }
    }
    out
}

fn bound(parameter: &str) -> Bound {
    match parameter {
        "window_length" | "b_b_length" => Bound::whole(1, LONGEST),
        "kalman_r" => Bound::POSITIVE,
        "kalman_q" | "std_factor" => Bound::NOT_NEGATIVE,
        _ => Bound::NUMBER,
    }
}

fn set(out: &mut Link, parameter: &str, x: f64) {
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
