//! What a run was fed with: one entry per input file, and hashes over them.

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Path relative to its root.
    pub path: String,
    /// Kind of file.
    pub kind: &'static str,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Rows, for tables.
    pub rows: Option<usize>,
    /// First timestamp in ns, for tables.
    pub first_ns: Option<i64>,
    /// Last timestamp in ns, for tables.
    pub last_ns: Option<i64>,
}

/// An input file whose content is still to be hashed.
#[derive(Debug, Clone)]
pub struct Input {
    /// What is known about it.
    pub entry: Entry,
    /// Its bytes.
    pub content: Bytes,
}

impl Input {
    /// A file that is no table.
    pub fn plain(path: String, kind: &'static str, content: Bytes) -> Self {
        Self { entry: Entry { path, kind, sha256: String::new(), rows: None, first_ns: None, last_ns: None }, content }
    }
}

/// SHA-256 as hexadecimal text.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes over all inputs.
pub fn size(inputs: &[Input]) -> usize {
    inputs.iter().map(|input| input.content.len()).sum()
}

/// Hashes the files, sorts their entries by (path, kind) and hashes the entries' canonical JSON (sorted keys, no
/// spaces).
pub fn finish(inputs: Vec<Input>) -> (Vec<Entry>, String) {
    let hashed = |input: Input| Entry { sha256: sha256(&input.content), ..input.entry };
    let mut entries: Vec<Entry> = inputs.into_iter().map(hashed).collect();
    entries.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    let canonical = serde_json::to_value(&entries).map(|value| value.to_string()).unwrap_or_default();
    let hash = sha256(canonical.as_bytes());
    (entries, hash)
}
