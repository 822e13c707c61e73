//! What a run was fed with: one entry per input file, and hashes over them.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// SHA-256 as hexadecimal text.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sorts the entries by (path, kind) and hashes their canonical JSON (sorted keys, no spaces).
pub fn finish(mut entries: Vec<Entry>) -> (Vec<Entry>, String) {
    entries.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    let canonical = serde_json::to_value(&entries).map(|value| value.to_string()).unwrap_or_default();
    let hash = sha256(canonical.as_bytes());
    (entries, hash)
}
