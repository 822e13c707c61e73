//! Every indicator against the series that were measured on the legacy engine: to 4e-12 of the value, no bar left out.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use omega_contract::strategy::Direction;
use omega_engine::indicators::bands::Bands;
use omega_engine::indicators::oscillators::{choppiness, dmi, macd, roc, rsi};
use omega_engine::indicators::z_score::ZScore;
use omega_engine::indicators::{DeviationRule, atr, ema, kalman_mean, sma};
use omega_engine::volatility::{self, Garch};
use serde_json::Value;

const LIMIT: f64 = 4e-12;

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

#[test]
fn every_observed_series_is_reproduced() {
    let mut series = 0;
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let observed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let (bid, ask) = (bars(&observed["bars"]), bars(&observed["bars_ask"]));
        for (key, wanted) in observed["series"].as_object().unwrap() {
            let found = compute(key, &bid, &ask);
            let wanted = wanted.as_array().unwrap();
            assert_eq!(found.len(), wanted.len(), "{key}");
            for (i, (got, want)) in found.iter().zip(wanted).enumerate() {
                match want.as_f64() {
                    None => assert!(got.is_nan(), "{key}, bar {i}: {got}, nothing was observed"),
                    Some(want) => {
                        assert!((got - want).abs() <= LIMIT * want.abs(), "{key}, bar {i}: {got}, observed {want}");
                    }
                }
            }
            series += 1;
        }
    }
    assert!(series >= 100, "only {series} series were found in {}", folder().display());
}
