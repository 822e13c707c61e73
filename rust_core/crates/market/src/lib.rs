//! Files -> validated, aligned columns. The only crate that reads files.
//!
//! Decides which rows a run sees and refuses data that breaks the rules. Leaves out what the rows mean to a
//! strategy.

mod align;
mod arrow_hint;
mod candles;
mod clean;
pub mod costs;
pub mod dataset;
mod govern;
pub mod manifest;
pub mod news;
mod parquet_file;
mod sides;
mod source;
mod yaml;

pub use dataset::{Dataset, Governance};
pub use source::Paths;
