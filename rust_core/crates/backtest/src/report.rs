//! The result text.

use std::collections::BTreeMap;

use omega_contract::semantics::Semantics;
use omega_contract::{Category, Config, RunError, codes};
use omega_engine::{Counters, Report};
use omega_market::manifest::{self, Entry};
use serde::Serialize;
use serde_json::Value;

use crate::{DatasetMeta, Environment, Provenance, Timings, VERSION, text};

/// About as many bytes as a result takes beside its arrays.
const FRAME_BYTES: usize = 16 << 10;

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Meta<'a> {
    pub run_id: String,
    /// The seed in force, also when the operating system gave it.
    pub rng_seed: u64,
    pub engine: Engine,
    pub config: ConfigMeta<'a>,
    pub semantics: Semantics,
    pub dataset: DatasetWithHash<'a>,
    pub inputs: &'a [Entry],
    pub environment: &'a BTreeMap<&'static str, String>,
    pub ignored_keys: &'a [String],
    pub warnings: &'a [String],
    pub counters: Counters,
    pub timings_ns: Timings,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Engine {
    pub name: &'static str,
    pub version: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ConfigMeta<'a> {
    pub hash: &'a str,
    pub normalised: &'a Value,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct DatasetWithHash<'a> {
    #[serde(flatten)]
    pub meta: &'a DatasetMeta,
    pub manifest_sha256: &'a str,
}

fn run_id(config_hash: &str, provenance: &Provenance) -> String {
    let mut text = format!("{config_hash}:{}", provenance.manifest_hash);
    for byte in provenance.entropy.iter().flatten() {
        text.push_str(&format!("{byte:02x}"));
    }
    manifest::sha256(text.as_bytes())[..16].to_string()
}

fn fail(error: serde_json::Error) -> RunError {
    RunError::new(Category::Runtime, codes::SERIALIZATION_FAILED, format!("the result cannot be written: {error}"))
}

/// The text of everything but `meta`, field by field as serde would write it, with `text` for the long arrays. It needs
/// no hash, so it is written while large files are hashed.
pub(crate) fn findings(report: &Report, with_events: bool) -> Result<Vec<u8>, RunError> {
    let write = || -> serde_json::Result<Vec<u8>> {
        // Growing would copy the text over and over.
        let size =
            FRAME_BYTES + report.trades.len() * text::TRADE_BYTES + report.equity.equity.len() * 3 * text::NUMBER_BYTES;
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(b"{\"ok\":true,\"trades\":");
        text::trades(&mut out, &report.trades)?;
        out.extend_from_slice(b",\"open_positions\":");
        serde_json::to_writer(&mut out, &report.open_positions)?;
        out.extend_from_slice(b",\"rejected_orders\":");
        serde_json::to_writer(&mut out, &report.rejected_orders)?;
        out.extend_from_slice(b",\"equity\":{\"timestamp_ns\":");
        text::whole_numbers(&mut out, &report.equity.timestamp_ns)?;
        out.extend_from_slice(b",\"equity\":");
        text::numbers(&mut out, &report.equity.equity)?;
        out.extend_from_slice(b",\"balance\":");
        text::numbers(&mut out, &report.equity.balance)?;
        out.extend_from_slice(b"},\"metrics\":");
        serde_json::to_writer(&mut out, &report.metrics.values)?;
        out.extend_from_slice(b",\"definitions\":");
        serde_json::to_writer(&mut out, &report.metrics.definitions)?;
        if with_events {
            out.extend_from_slice(b",\"events\":");
            serde_json::to_writer(&mut out, &report.events)?;
        }
        Ok(out)
    };
    write().map_err(fail)
}

/// The whole text: `findings` and what identifies the run.
pub(crate) fn complete(
    findings: Vec<u8>,
    config: &Config,
    environment: &Environment,
    counters: Counters,
    provenance: &Provenance,
    timings: Timings,
) -> Result<String, RunError> {
    let normalised = serde_json::to_value(config).map_err(fail)?;
    let hash = manifest::sha256(normalised.to_string().as_bytes());
    let meta = Meta {
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
        counters,
        timings_ns: timings,
    };
    closed(findings, &meta)
}

pub(crate) fn closed(findings: Vec<u8>, meta: &Meta) -> Result<String, RunError> {
    let mut out = findings;
    out.extend_from_slice(b",\"meta\":");
    serde_json::to_writer(&mut out, meta).map_err(fail)?;
    out.push(b'}');
    String::from_utf8(out)
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
