//! Every indicator against the series that were measured on the legacy engine: to the last bit, no bar left out.
//!
//! One library function cannot be reproduced: NumPy's `log` with AVX-512 (Intel's SVML), by which the legacy engine took
//! log returns. It rounds some logarithms that lie all but halfway between two floats to the one that is not the nearer.
//! So a series of GARCH volatilities from log returns must be exact with each such logarithm rounded the one way or the
//! other: how many there are, and how near to halfway, is part of the test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use omega_contract::strategy::Direction;
use omega_engine::indicators::bands::Bands;
use omega_engine::indicators::logarithms::ln;
use omega_engine::indicators::oscillators::{choppiness, dmi, macd, roc, rsi};
use omega_engine::indicators::z_score::ZScore;
use omega_engine::indicators::{DeviationRule, atr, ema, kalman_mean, sma};
use omega_engine::volatility::{self, Garch};
use serde_json::Value;

/// Share of a unit in the last place above which a logarithm counts as all but halfway; SVML promises an error of 0.55.
const HALFWAY: f64 = 0.49;

struct Bars {
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

fn column(rows: &Value, k: usize) -> Vec<f64> {
    rows.as_array().unwrap().iter().map(|row| row.get(k).and_then(Value::as_f64).unwrap_or(f64::NAN)).collect()
}

fn bars(rows: &Value) -> Bars {
    Bars { high: column(rows, 2), low: column(rows, 3), close: column(rows, 4) }
}

fn folder() -> PathBuf {
    let built_in = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../legacy_v1/observed");
    std::env::var_os("OMEGA_V1_OBSERVED").map_or(built_in, PathBuf::from).join("indicators")
}

fn z_scores(x: &[f64], centre: Vec<f64>, window: usize) -> Vec<f64> {
    let z = ZScore::around(x, &centre, window, [-1.0, 1.0], DeviationRule::Running);
    (0..x.len()).map(|i| z.at(i)).collect()
}

/// `a0.05_b0.9_omNone_log1_sc100.0_mp50_fl1e-06`
fn garch(name: &str) -> Garch {
    let part = |key: &str| {
        let text = name.split('_').find_map(|part| part.strip_prefix(key)).unwrap();
        text.parse::<f64>().ok()
    };
    let number = |key: &str| part(key).unwrap();
    Garch::from_parameters(
        (number("a"), number("b"), part("om")),
        number("log") == 1.0,
        number("sc"),
        number("mp") as usize,
        number("fl"),
    )
}

fn compute(key: &str, bid: &Bars, ask: &Bars) -> Vec<f64> {
    let x = &bid.close;
    let parts: Vec<&str> = key.split('_').collect();
    let whole = |k: usize| parts[k].trim_start_matches(|c: char| c.is_alphabetic()).parse::<usize>().unwrap();
    let number = |k: usize| parts[k].trim_start_matches(['R', 'Q']).parse::<f64>().unwrap();
    match (parts[0], parts.get(1).copied().unwrap_or("")) {
        ("ema", _) => ema(x, whole(1)),
        ("sma", _) => sma(x, whole(1)),
        ("atr", "ask") => atr(&ask.high, &ask.low, &ask.close, whole(2)),
        ("atr", _) => atr(&bid.high, &bid.low, x, whole(1)),
        ("bb", _) => {
            let bands = Bands::new(&x[..], whole(1), number(2), DeviationRule::Running);
            let one = |i: usize| match parts[3] {
                "upper" => bands.edge(i, Direction::Short),
                "lower" => bands.edge(i, Direction::Long),
                _ => bands.mid(i),
            };
            (0..x.len()).map(one).collect()
        }
        ("z", "rolling") => z_scores(x, sma(x, whole(2)), whole(2)),
        ("z", _) => z_scores(x, ema(x, whole(3)), whole(2)),
        ("kalman", "mean") => kalman_mean(x, number(2), number(3)),
        ("kalman", _) => z_scores(x, kalman_mean(x, number(3), number(4)), whole(2)),
        ("garch", _) => volatility::garch(x, &garch(key)),
        ("kgz", _) => {
            let mean = kalman_mean(x, number(1), number(2));
            volatility::z_score(x, &mean, &volatility::garch(x, &garch(key)))
        }
        ("rsi", _) => rsi(x, whole(1)),
        ("macd", "line") => macd(x).line,
        ("macd", _) => macd(x).signal,
        ("roc", _) => roc(x, whole(1)),
        ("chop", _) => choppiness(&bid.high, &bid.low, x, whole(1)),
        ("plus", _) => dmi(&bid.high, &bid.low, x, whole(2)).plus,
        ("minus", _) => dmi(&bid.high, &bid.low, x, whole(2)).minus,
        ("adx", _) => dmi(&bid.high, &bid.low, x, whole(1)).adx,
        _ => panic!("no call for observed series {key}"),
    }
}

/// Log returns of a series, and where they lie all but halfway between two floats: the bar, and the other float.
fn near_ties(x: &[f64]) -> (Vec<f64>, Vec<(usize, f64)>) {
    let returns = volatility::returns(x, true);
    let mut ties = vec![];
    for i in (1..x.len()).filter(|i| returns[*i].is_finite() && returns[*i] != 0.0) {
        let (near, rest) = ln(x[i] / x[i - 1]);
        let away = if (rest > 0.0) == (near > 0.0) { 1 } else { -1 };
        let other = f64::from_bits((near.to_bits() as i64 + away) as u64);
        if rest.abs() > HALFWAY * (other - near).abs() {
            ties.push((i, if returns[i].to_bits() == near.to_bits() { other } else { near }));
        }
    }
    (returns, ties)
}

/// Bars that differ, NaN standing for what was not observed.
fn differing(found: &[f64], wanted: &[Value]) -> Vec<usize> {
    assert_eq!(found.len(), wanted.len());
    let same = |got: f64, want: &Value| want.as_f64().map_or(got.is_nan(), |want| got.to_bits() == want.to_bits());
    (0..found.len()).filter(|i| !same(found[*i], &wanted[*i])).collect()
}

/// Which of the near ties must be rounded the other way for a series to be exact; None where no choice makes it so.
fn rounded_otherwise(key: &str, g: &Garch, x: &[f64], wanted: &[Value]) -> Option<Vec<usize>> {
    let (returns, ties) = near_ties(x);
    assert!(ties.len() <= 12, "{key}: {} of {} logarithms are near ties", ties.len(), x.len());
    (0..1usize << ties.len()).find_map(|choice| {
        let chosen = ties.iter().enumerate().filter(|(k, _)| choice >> k & 1 == 1).map(|(_, tie)| *tie);
        let mut changed = returns.clone();
        chosen.clone().for_each(|(bar, other)| changed[bar] = other);
        let exact = differing(&volatility::garch_of(changed, g), wanted).is_empty();
        exact.then(|| chosen.map(|(bar, _)| bar).collect())
    })
}

#[test]
fn every_observed_series_is_reproduced_to_the_last_bit() {
    let (mut series, mut values) = (0, 0);
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let observed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let (bid, ask) = (bars(&observed["bars"]), bars(&observed["bars_ask"]));
        for (key, wanted) in observed["series"].as_object().unwrap() {
            let wanted = wanted.as_array().unwrap();
            let differ = differing(&compute(key, &bid, &ask), wanted);
            if !differ.is_empty() && key.starts_with("garch") && key.contains("_log1") {
                let bars = rounded_otherwise(key, &garch(key), &bid.close, wanted);
                println!("{}: {key}: {} values hang on the logarithms of bars {bars:?}", path.display(), differ.len());
                assert!(bars.is_some(), "{key} differs at {differ:?}");
            } else {
                assert!(differ.is_empty(), "{}: {key} differs at {differ:?}", path.display());
            }
            series += 1;
            values += wanted.len();
        }
    }
    assert!(series >= 100, "only {series} series were found in {}", folder().display());
    println!("{values} values of {series} series");
}

/// What `v1_observed/README.md` says of the local series: alpha, beta and omega; log returns; scale, warm-up, floor.
fn local_garch() -> Garch {
    Garch::from_parameters((0.05, 0.9, None), true, 100.0, 20, 1e-6)
}

/// The window of `garch_local_idx100_lb50`: closes up to the index, at most so many.
fn local_window<'a>(key: &str, close: &'a [f64]) -> &'a [f64] {
    let part = |name: &str| key.split('_').find_map(|part| part.strip_prefix(name)?.parse::<usize>().ok()).unwrap();
    let end = part("idx") + 1;
    &close[end.saturating_sub(part("lb"))..end]
}

#[test]
fn every_observed_local_series_is_reproduced_to_the_last_bit() {
    let g = local_garch();
    let (mut series, mut scores) = (0, 0);
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let observed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let close = bars(&observed["bars"]).close;
        for (key, wanted) in observed["local"].as_object().unwrap() {
            let window = local_window(key, &close);
            if key.starts_with("garch_local") {
                let wanted = wanted.as_array().unwrap();
                let differ = differing(&volatility::garch(window, &g), wanted);
                let exact = differ.is_empty() || rounded_otherwise(key, &g, window, wanted).is_some();
                assert!(exact, "{}: {key} differs at {differ:?}", path.display());
                series += 1;
            } else if key.starts_with("kgz_local") {
                let found = volatility::local_z(window, 0.5, 0.05, &g);
                // None of them hangs on a logarithm that is rounded the other way.
                let equal = |a: f64, b: f64| a.to_bits() == b.to_bits();
                let same =
                    found.is_some() == wanted.is_number() && found.is_none_or(|z| equal(z, wanted.as_f64().unwrap()));
                assert!(same, "{}: {key} is {found:?}, not {wanted}", path.display());
                scores += 1;
            }
        }
    }
    assert!(series >= 10 && scores >= 10, "{series} series and {scores} scores in {}", folder().display());
}
