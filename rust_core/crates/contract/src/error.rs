//! Two kinds of failure: a configuration that is refused, and a run that could not go on.

use serde::Serialize;
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::codes;

/// One fault of a configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfigIssue {
    /// Error code of the table.
    pub code: u16,
    /// Where, as a dotted path (`costs.slippage.fixed_pips`); empty for the document itself.
    pub path: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The offending value, cut to a readable length.
    pub value: Value,
    /// What is allowed there.
    pub allowed: Option<String>,
    /// The nearest known key, for an unknown one.
    pub nearest: Option<String>,
}

/// All faults of a configuration, never only the first one; never empty.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{}", summary(.0))]
pub struct ConfigErrors(pub Vec<ConfigIssue>);

fn summary(issues: &[ConfigIssue]) -> String {
    let mut lines: Vec<String> = Vec::with_capacity(issues.len() + 1);
    if issues.len() > 1 {
        lines.push(format!("{} faults in the config:", issues.len()));
    }
    for issue in issues {
        let place = if issue.path.is_empty() { "config".to_string() } else { issue.path.clone() };
        let mut line = format!("[{}] {place}: {}", issue.code, issue.message);
        if !issue.value.is_null() {
            line.push_str(&format!(", got {}", issue.value));
        }
        if let Some(allowed) = &issue.allowed {
            line.push_str(&format!("; allowed: {allowed}"));
        }
        if let Some(nearest) = &issue.nearest {
            line.push_str(&format!("; did you mean {nearest:?}?"));
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// Which part of a run failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The configuration, found only at run time.
    Config,
    /// Files and their rows.
    MarketData,
    /// Orders, money, rates.
    Execution,
    /// A strategy.
    Strategy,
    /// The engine itself.
    Runtime,
}

/// A run that ended in an error: becomes `{"ok": false, "error": {...}}`.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("[{code}] {message}")]
pub struct RunError {
    /// Part of the run.
    pub category: Category,
    /// Error code of the table.
    pub code: u16,
    /// One sentence.
    pub message: String,
    /// File, column, row, timestamp and counts, where they apply.
    pub details: Map<String, Value>,
}

impl RunError {
    /// An error without details.
    pub fn new(category: Category, code: u16, message: impl Into<String>) -> Self {
        Self { category, code, message: message.into(), details: Map::new() }
    }

    /// The same error with one more detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_string(), value.into());
        self
    }

    /// `{"ok": false, "error": {...}}`.
    pub fn to_json(&self) -> Value {
        json!({"ok": false, "error": {
            "category": self.category,
            "code": self.code,
            "name": codes::name(self.code),
            "message": self.message,
            "details": self.details,
        }})
    }
}
