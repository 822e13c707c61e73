//! What crosses V2's boundary: configuration in, outcome or error out.
//!
//! Decides what a valid configuration is and how results look. Leaves out everything that runs: no files, no
//! engine, no clock.

pub mod bound;
pub mod codes;
pub mod config;
pub mod error;
pub mod inputs;
pub mod outcome;
mod parse;
mod reader;
pub mod semantics;
pub mod strategy;
pub mod time;

pub use bound::Bound;
pub use config::Config;
pub use error::{Allowed, Category, ConfigErrors, ConfigIssue, RunError};
pub use semantics::{Semantics, Setting};
