//! Indicators, strategies, execution, portfolio, metrics. Pure: no files, no clock, no randomness that is not
//! handed in.

mod broker;
mod curve;
mod events;
mod exits;
mod gates;
pub mod indicators;
mod inputs;
mod manager;
mod mersenne;
pub mod metrics;
mod money;
mod order;
mod policy;
mod random;
mod rounding;
mod run;
mod strategy;
mod threads;
pub mod volatility;

pub use events::{Event, Gate, Stop};
pub use inputs::Inputs;
pub use run::{Counters, Report, Run};
