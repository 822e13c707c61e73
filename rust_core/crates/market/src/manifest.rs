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

    /// The entry with the hash of the content, which is let go.
    pub fn hashed(self) -> Entry {
        Entry { sha256: sha256(&self.content), ..self.entry }
    }
}

/// SHA-256 as hexadecimal text.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sorts entries by (path, kind) and hashes their canonical JSON (sorted keys, no spaces).
pub fn sorted_with_hash(mut entries: Vec<Entry>) -> (Vec<Entry>, String) {
    entries.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    let canonical = serde_json::to_value(&entries).map(|value| value.to_string()).unwrap_or_default();
    let hash = sha256(canonical.as_bytes());
    (entries, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_sorted_and_their_hash_covers_the_content_of_every_file() {
        let input = |path: &str, kind, content: &'static str| {
            Input::plain(path.to_string(), kind, Bytes::from(content)).hashed()
        };
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, appendix B.1
        let files = [input("b", "x", "abc"), input("a", "y", ""), input("a", "x", "abc")];
        let (entries, hash) = sorted_with_hash(files.to_vec());
        let order: Vec<(&str, &str)> = entries.iter().map(|entry| (entry.path.as_str(), entry.kind)).collect();
        assert_eq!(order, [("a", "x"), ("a", "y"), ("b", "x")]);
        assert_eq!(entries[0].sha256, abc);
        let text = |path: &str, kind: &str, sha256: &str| {
            format!(
                r#"{{"first_ns":null,"kind":"{kind}","last_ns":null,"path":"{path}","rows":null,"sha256":"{sha256}"}}"#
            )
        };
        let empty = sha256(b"");
        let canonical = [text("a", "x", abc), text("a", "y", &empty), text("b", "x", abc)].join(",");
        assert_eq!(hash, sha256(format!("[{canonical}]").as_bytes()));
        let backwards = files.into_iter().rev().collect();
        assert_eq!(sorted_with_hash(backwards), (entries, hash));
    }
}
