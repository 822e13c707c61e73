//! The result text.

use std::collections::BTreeMap;

use omega_contract::outcome::{Definition, EquityCurve, OpenPosition, RejectedOrder, Trade};
use omega_contract::semantics::Semantics;
use omega_contract::{Category, Config, RunError, codes};
use omega_engine::{Counters, Event, Report};
use omega_market::manifest::{self, Entry};
use serde::Serialize;
use serde_json::Value;

use crate::{DatasetMeta, Environment, Provenance, Timings, VERSION};

/// About as many bytes as the parts of a result text take.
const FRAME_BYTES: usize = 16 << 10;
const TRADE_BYTES: usize = 560;
const POINT_BYTES: usize = 64;

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Document<'a> {
    ok: bool,
    trades: &'a [Trade],
    open_positions: &'a [OpenPosition],
    rejected_orders: &'a [RejectedOrder],
    equity: &'a EquityCurve,
    metrics: &'a BTreeMap<&'static str, Value>,
    definitions: &'a BTreeMap<&'static str, Definition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'a [Event]>,
    meta: Meta<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Meta<'a> {
    run_id: String,
    /// The seed in force, also when the operating system gave it.
    rng_seed: u64,
    engine: Engine,
    config: ConfigMeta<'a>,
    semantics: Semantics,
    dataset: DatasetWithHash<'a>,
    inputs: &'a [Entry],
    environment: &'a BTreeMap<&'static str, String>,
    ignored_keys: &'a [String],
    warnings: &'a [String],
    counters: Counters,
    timings_ns: Timings,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Engine {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ConfigMeta<'a> {
    hash: &'a str,
    normalised: &'a Value,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DatasetWithHash<'a> {
    #[serde(flatten)]
    meta: &'a DatasetMeta,
    manifest_sha256: &'a str,
}

fn run_id(config_hash: &str, provenance: &Provenance) -> String {
    let mut text = format!("{config_hash}:{}", provenance.manifest_hash);
    for byte in provenance.entropy.iter().flatten() {
        text.push_str(&format!("{byte:02x}"));
    }
    manifest::sha256(text.as_bytes())[..16].to_string()
}

pub(crate) fn write(
    config: &Config,
    environment: &Environment,
    report: &Report,
    provenance: &Provenance,
    timings: Timings,
) -> Result<String, RunError> {
    let fail = |error: serde_json::Error| {
        RunError::new(Category::Runtime, codes::SERIALIZATION_FAILED, format!("the result cannot be written: {error}"))
    };
    let normalised = serde_json::to_value(config).map_err(fail)?;
    let hash = manifest::sha256(normalised.to_string().as_bytes());
    let document = Document {
        ok: true,
        trades: &report.trades,
        open_positions: &report.open_positions,
        rejected_orders: &report.rejected_orders,
        equity: &report.equity,
        metrics: &report.metrics.values,
        definitions: &report.metrics.definitions,
        events: config.output.events.then_some(report.events.as_slice()),
        meta: Meta {
            run_id: run_id(&hash, provenance),
            rng_seed: provenance.seed,
            engine: Engine { name: "omega", version: VERSION },
            config: ConfigMeta { hash: &hash, normalised: &normalised },
            semantics: config.semantics,
            dataset: DatasetWithHash { meta: &provenance.dataset, manifest_sha256: &provenance.manifest_hash },
            inputs: &provenance.entries,
            environment: &environment.overrides,
            ignored_keys: &config.ignored_keys,
            warnings: &provenance.warnings,
            counters: report.counters,
            timings_ns: timings,
        },
    };
    // Growing would copy the text over and over.
    let size = FRAME_BYTES + report.trades.len() * TRADE_BYTES + report.equity.equity.len() * POINT_BYTES;
    let mut text = Vec::with_capacity(size);
    serde_json::to_writer(&mut text, &document).map_err(fail)?;
    String::from_utf8(text)
        .map_err(|_| RunError::new(Category::Runtime, codes::SERIALIZATION_FAILED, "the result text is not UTF-8"))
}

/// Puts the time of writing into the text that was written: the field is the last one of the document.
pub(crate) fn with_serialise_time(mut text: String, ns: u64) -> String {
    const FIELD: &str = "\"serialise\":0";
    if let Some(at) = text.rfind(FIELD) {
        text.replace_range(at..at + FIELD.len(), &format!("\"serialise\":{ns}"));
    }
    text
}
