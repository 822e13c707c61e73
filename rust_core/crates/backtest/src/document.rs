//! The shape of a result. `report` writes it in two parts, by hand where that pays; the schema, and the test that holds
//! the writing to serde's way, are made from this.

use std::collections::BTreeMap;

use omega_contract::outcome::{Definition, EquityCurve, OpenPosition, RejectedOrder, Trade};
use omega_engine::Event;
use serde::Serialize;
use serde_json::Value;

use crate::meta::Meta;

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

#[cfg(test)]
mod tests {
    use omega_contract::semantics::{Semantics, Setting};
    use omega_engine::metrics::MetricReport;
    use omega_engine::{Counters, Report};

    use super::*;
    use crate::meta::{ConfigMeta, DatasetMeta, DatasetWithHash, Engine, Timings, VERSION};
    use crate::report::{closed, findings};

    #[test]
    fn a_document_is_written_as_serde_would_write_it() {
        let values = BTreeMap::from([("total_trades", Value::from(0))]);
        let (normalised, environment) = (Value::Null, BTreeMap::new());
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
            semantics: Semantics::all(Setting::V2),
            dataset: DatasetWithHash { meta: &dataset, manifest_sha256: "00" },
            inputs: &[],
            environment: &environment,
            ignored_keys: &[],
            warnings: &[],
            counters: Counters::default(),
            timings_ns: Timings::default(),
        };
        let report = Report {
            trades: vec![],
            open_positions: vec![],
            rejected_orders: vec![],
            equity: EquityCurve { timestamp_ns: vec![1, 2], equity: vec![1.5, 2.0], balance: vec![1.0, 2.0] },
            metrics: MetricReport { values, definitions: BTreeMap::new() },
            events: vec![],
            counters: Counters::default(),
        };
        let document = Document {
            ok: true,
            trades: &report.trades,
            open_positions: &report.open_positions,
            rejected_orders: &report.rejected_orders,
            equity: &report.equity,
            metrics: &report.metrics.values,
            definitions: &report.metrics.definitions,
            events: None,
            meta,
        };
        let written =
            |with_events, meta: &Meta| findings(&report, with_events).and_then(|text| closed(text, meta)).ok();
        assert_eq!(written(false, &document.meta), serde_json::to_string(&document).ok());
        let document = Document { events: Some(&report.events), ..document };
        assert_eq!(written(true, &document.meta), serde_json::to_string(&document).ok());
    }
}
