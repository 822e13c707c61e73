//! Metrics of a finished run: the legacy set or the current one.

mod current;
mod legacy;
mod report;
mod sample;

use omega_contract::outcome::Trade;

use crate::broker::Ledger;
use crate::curve::Figures;
use crate::policy::MetricSet;

pub use report::MetricReport;

pub(crate) fn compute(set: MetricSet, trades: &[Trade], ledger: &Ledger, figures: &Figures) -> MetricReport {
    match set {
        MetricSet::Legacy => legacy::compute(trades, ledger, figures),
        MetricSet::Current => current::compute(trades, ledger, figures),
    }
}
