//! Two kinds of failure: a configuration that is refused, and a run that could not go on.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::bound::Bound;
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
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub allowed: Option<Allowed>,
    /// The nearest known key, for an unknown one.
    pub nearest: Option<String>,
}

/// What a key takes. Display and JSON give the sentence of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// In words.
    Text(String),
    /// Numbers inside a bound.
    Within(Bound),
    /// Numbers inside a bound, or null.
    WithinOrNull(Bound),
}

impl Allowed {
    /// The bound of a number; `None` where the words are all there is.
    pub fn bound(&self) -> Option<Bound> {
        match self {
            Self::Text(_) => None,
            Self::Within(bound) | Self::WithinOrNull(bound) => Some(*bound),
        }
    }
}

impl From<&str> for Allowed {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<String> for Allowed {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bound> for Allowed {
    fn from(bound: Bound) -> Self {
        Self::Within(bound)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Within(bound) => bound.fmt(f),
            Self::WithinOrNull(bound) => write!(f, "{bound}, or null"),
        }
    }
}

impl Serialize for Allowed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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
