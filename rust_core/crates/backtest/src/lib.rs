//! One backtest: configuration text in, result text out. Usable without Python.
//!
//! Joins `market` and `engine`, measures how long each part took, and writes the result. Decides nothing about
//! trading.

#[cfg(any(test, feature = "schema"))]
mod document;
mod environment;
mod hashing;
mod meta;
mod report;
#[cfg(feature = "schema")]
pub mod schema;
mod shield;
mod text;

use std::time::Instant;

use omega_contract::config::RunMode;
use omega_contract::{Category, Config, ConfigErrors, RunError, codes};
use omega_engine::{Inputs, Report, Run};
use omega_market::{Dataset, costs, manifest, news};

use meta::{DatasetMeta, Provenance};

pub use environment::Environment;
pub use meta::{Timings, VERSION};
pub use shield::{Panic, shielded};

/// Time since `start` in nanoseconds. The only clock in V2: it feeds `timings_ns` and nothing else.
fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[allow(clippy::disallowed_methods)] // feeds `timings_ns` only
fn clock() -> Instant {
    Instant::now()
}

/// Runs a configuration text in the process's environment.
///
/// The answer is a result (`{"ok": true, ...}`) or a run-time error (`{"ok": false, "error": {...}}`).
///
/// # Errors
/// Every fault of the configuration.
pub fn run_json(config_json: &str) -> Result<String, ConfigErrors> {
    let config = Config::from_json(config_json)?;
    let environment = Environment::from_process();
    Ok(match run(&config, &environment) {
        Ok(text) => text,
        Err(error) => error.to_json().to_string(),
    })
}

/// Runs a valid configuration and returns the result text.
///
/// # Errors
/// What stopped the run, with category, code and details.
pub fn run(config: &Config, environment: &Environment) -> Result<String, RunError> {
    let mut timings = Timings::default();
    let start = clock();
    let mut files = vec![];
    let lenient = !config.semantics.config_rules.is_v2();
    let tariff = costs::load(&environment.paths, &config.symbol, lenient, &mut files)?;
    let events = if config.news_filter.enabled { news::load(&environment.paths, &mut files)? } else { vec![] };
    let data = Dataset::load(&environment.paths, config, &mut files)?;
    timings.load = since(start);
    let entropy = entropy(config)?;
    let seed = seed(config, entropy);
    let inputs = Inputs {
        config,
        bars: &data.primary,
        start: data.start,
        higher: &data.higher,
        spec: &tariff.spec,
        unknown_symbol: tariff.unknown.as_ref(),
        commission: &tariff.commission,
        slippage: tariff.slippage,
        news: &events,
        seed,
    };
    let start = clock();
    let run = Run::prepare(&inputs);
    timings.indicators = since(start);
    // The bars take one thread, so the files are hashed meanwhile. Writing takes two, so it starts afterwards.
    let (report, entries) = hashing::during(files, || play(run, &mut timings));
    let report = report?;
    let start = clock();
    let text = report::findings(&report, config.output.events)?;
    timings.serialise = since(start);
    let (entries, manifest_hash) = manifest::sorted_with_hash(entries);
    let provenance = Provenance {
        entries,
        manifest_hash,
        warnings: tariff.warnings,
        dataset: DatasetMeta {
            symbol: config.symbol.clone(),
            timeframe: config.timeframes.primary.name(),
            rows: data.primary.len(),
            first_ns: data.primary.ts.first().copied(),
            last_ns: data.primary.ts.last().copied(),
            governance: data.governance,
        },
        entropy,
        seed,
    };
    let (start, before) = (clock(), std::mem::take(&mut timings.serialise));
    let text = report::complete(text, config, environment, report.counters, &provenance, timings)?;
    Ok(report::with_serialise_time(text, before + since(start)))
}

/// Plays the bars and computes the metrics, timed.
fn play(mut run: Run, timings: &mut Timings) -> Result<Report, RunError> {
    let start = clock();
    run.play()?;
    timings.bars = since(start);
    let start = clock();
    let report = run.finish()?;
    timings.metrics = since(start);
    Ok(report)
}

/// Randomness of the operating system, in prod only.
fn entropy(config: &Config) -> Result<Option<[u8; 16]>, RunError> {
    if config.run_mode == RunMode::Dev {
        return Ok(None);
    }
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        let message = format!("the operating system gives no randomness: {error}");
        RunError::new(Category::Runtime, codes::RESOURCE_ERROR, message)
    })?;
    Ok(Some(bytes))
}

fn seed(config: &Config, entropy: Option<[u8; 16]>) -> u64 {
    config.rng_seed.unwrap_or_else(|| {
        let mut low = [0u8; 8];
        low.copy_from_slice(&entropy.unwrap_or_default()[..8]);
        u64::from_le_bytes(low)
    })
}
