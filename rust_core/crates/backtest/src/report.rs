//! The result text.

use omega_contract::{Category, Config, RunError, codes};
use omega_engine::{Counters, Report};
use omega_market::manifest;

use crate::environment::Environment;
use crate::meta::{ConfigMeta, DatasetWithHash, Engine, Meta, Provenance, Timings, VERSION};
use crate::text::{self, Pieces};

/// About as many bytes as `meta` takes.
const META_BYTES: usize = 8 << 10;

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

/// The text of everything but `meta`, field by field, as serde would write it, with `text` for the long arrays.
pub(crate) fn findings(report: &Report, with_events: bool) -> Result<String, RunError> {
    let mut pieces = Pieces::default();
    pieces.plain("{\"ok\":true,\"trades\":");
    pieces.trades(&report.trades);
    pieces.plain(",\"open_positions\":");
    pieces.records(&report.open_positions);
    pieces.plain(",\"rejected_orders\":");
    pieces.records(&report.rejected_orders);
    pieces.plain(",\"equity\":{\"timestamp_ns\":");
    pieces.whole_numbers(&report.equity.timestamp_ns);
    pieces.plain(",\"equity\":");
    pieces.numbers(&report.equity.equity);
    pieces.plain(",\"balance\":");
    pieces.numbers(&report.equity.balance);
    pieces.plain("},\"metrics\":");
    pieces.value(&report.metrics.values);
    pieces.plain(",\"definitions\":");
    pieces.value(&report.metrics.definitions);
    if with_events {
        pieces.plain(",\"events\":");
        pieces.records(&report.events);
    }
    pieces.write(META_BYTES).map_err(fail)
}

/// The whole text: `findings` and what identifies the run.
pub(crate) fn complete(
    findings: String,
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

pub(crate) fn closed(findings: String, meta: &Meta) -> Result<String, RunError> {
    let mut out = findings;
    out.push_str(",\"meta\":");
    text::by_serde(&mut out, meta).map_err(fail)?;
    out.push('}');
    Ok(out)
}

/// Puts the time of writing into the text that was written: the field is the last one of the document.
pub(crate) fn with_serialise_time(mut text: String, ns: u64) -> String {
    const FIELD: &str = "\"serialise\":0";
    if let Some(at) = text.rfind(FIELD) {
        text.replace_range(at..at + FIELD.len(), &format!("\"serialise\":{ns}"));
    }
    text
}
