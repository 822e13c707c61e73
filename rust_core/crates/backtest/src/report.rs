//! The result text.

use std::collections::BTreeMap;

use omega_contract::outcome::{Definition, EquityCurve, OpenPosition, RejectedOrder, Trade};
use omega_contract::semantics::Semantics;
use omega_contract::{Category, Config, RunError, codes};
use omega_engine::{Counters, Event, Report};
use omega_market::manifest::{self, Entry};
use serde::Serialize;
use serde_json::Value;

use crate::{DatasetMeta, Environment, Provenance, Timings, VERSION, text};

/// About as many bytes as a result takes beside its arrays.
const FRAME_BYTES: usize = 16 << 10;

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
    let text = document.text().map_err(fail)?;
    String::from_utf8(text)
        .map_err(|_| RunError::new(Category::Runtime, codes::SERIALIZATION_FAILED, "the result text is not UTF-8"))
}

impl Document<'_> {
    /// The document as serde would write it, field by field, with `text` for the long arrays.
    fn text(&self) -> serde_json::Result<Vec<u8>> {
        // Growing would copy the text over and over.
        let size =
            FRAME_BYTES + self.trades.len() * text::TRADE_BYTES + self.equity.equity.len() * 3 * text::NUMBER_BYTES;
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(b"{\"ok\":true,\"trades\":");
        text::trades(&mut out, self.trades)?;
        out.extend_from_slice(b",\"open_positions\":");
        serde_json::to_writer(&mut out, self.open_positions)?;
        out.extend_from_slice(b",\"rejected_orders\":");
        serde_json::to_writer(&mut out, self.rejected_orders)?;
        out.extend_from_slice(b",\"equity\":{\"timestamp_ns\":");
        text::whole_numbers(&mut out, &self.equity.timestamp_ns)?;
        out.extend_from_slice(b",\"equity\":");
        text::numbers(&mut out, &self.equity.equity)?;
        out.extend_from_slice(b",\"balance\":");
        text::numbers(&mut out, &self.equity.balance)?;
        out.extend_from_slice(b"},\"metrics\":");
        serde_json::to_writer(&mut out, self.metrics)?;
        out.extend_from_slice(b",\"definitions\":");
        serde_json::to_writer(&mut out, self.definitions)?;
        if let Some(events) = self.events {
            out.extend_from_slice(b",\"events\":");
            serde_json::to_writer(&mut out, events)?;
        }
        out.extend_from_slice(b",\"meta\":");
        serde_json::to_writer(&mut out, &self.meta)?;
        out.push(b'}');
        Ok(out)
    }
}

/// Puts the time of writing into the text that was written: the field is the last one of the document.
pub(crate) fn with_serialise_time(mut text: String, ns: u64) -> String {
    const FIELD: &str = "\"serialise\":0";
    if let Some(at) = text.rfind(FIELD) {
        text.replace_range(at..at + FIELD.len(), &format!("\"serialise\":{ns}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_written_as_serde_would_write_it() {
        let values = BTreeMap::from([("total_trades", Value::from(0))]);
        let (normalised, definitions, environment) = (Value::Null, BTreeMap::new(), BTreeMap::new());
        let equity = EquityCurve { timestamp_ns: vec![1, 2], equity: vec![1.5, 2.0], balance: vec![1.0, 2.0] };
        let dataset = DatasetMeta {
            symbol: "EURUSD".to_string(),
            timeframe: "M1",
            rows: 2,
            first_ns: Some(1),
            last_ns: None,
            governance: omega_market::Governance::default(),
        };
        let meta = Meta {
            run_id: "00".to_string(),
            rng_seed: 1,
            engine: Engine { name: "omega", version: VERSION },
            config: ConfigMeta { hash: "00", normalised: &normalised },
            semantics: Semantics::all(omega_contract::semantics::Setting::V2),
            dataset: DatasetWithHash { meta: &dataset, manifest_sha256: "00" },
            inputs: &[],
            environment: &environment,
            ignored_keys: &[],
            warnings: &[],
            counters: Counters::default(),
            timings_ns: Timings::default(),
        };
        let mut document = Document {
            ok: true,
            trades: &[],
            open_positions: &[],
            rejected_orders: &[],
            equity: &equity,
            metrics: &values,
            definitions: &definitions,
            events: None,
            meta,
        };
        for events in [None, Some([].as_slice())] {
            document.events = events;
            let written = document.text().ok().and_then(|text| String::from_utf8(text).ok());
            assert_eq!(written, serde_json::to_string(&document).ok());
        }
    }
}
