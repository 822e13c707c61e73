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
    hexadecimal(&Sha256::digest(content))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes over all inputs.
pub fn size(inputs: &[Input]) -> usize {
    inputs.iter().map(|input| input.content.len()).sum()
}

/// Bytes hashed at a time, which takes some 40 us.
const STEP: usize = 64 << 10;

/// Files on their way to being hashed, in steps that whoever has time may take.
#[derive(Debug, Default)]
pub struct Hashing {
    waiting: Vec<Input>,
    digest: Sha256,
    hashed: usize,
    entries: Vec<Entry>,
}

impl Hashing {
    /// Of all inputs.
    pub fn new(inputs: Vec<Input>) -> Self {
        Self { waiting: inputs, ..Self::default() }
    }

    /// Hashes the next bytes; false when there are none left.
    pub fn step(&mut self) -> bool {
        let Some(input) = self.waiting.last() else { return false };
        let end = input.content.len().min(self.hashed + STEP);
        self.digest.update(&input.content[self.hashed..end]);
        self.hashed = end;
        if end == input.content.len()
            && let Some(input) = self.waiting.pop()
        {
            let sha256 = hexadecimal(&self.digest.finalize_reset());
            self.entries.push(Entry { sha256, ..input.entry });
            self.hashed = 0;
        }
        true
    }

    /// Hashes what is left, sorts the entries by (path, kind) and hashes their canonical JSON (sorted keys, no spaces).
    pub fn finish(mut self) -> (Vec<Entry>, String) {
        while self.step() {}
        let mut entries = self.entries;
        entries.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
        let canonical = serde_json::to_value(&entries).map(|value| value.to_string()).unwrap_or_default();
        let hash = sha256(canonical.as_bytes());
        (entries, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hashed_in_steps_have_the_hashes_of_their_content() {
        let sizes = [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP + 7];
        let content = |size: usize| Bytes::from((0..size).map(|i| (i * i % 251) as u8).collect::<Vec<u8>>());
        let inputs = sizes.map(|size| Input::plain(format!("{size:09}"), "kind", content(size)));
        let mut begun = Hashing::new(inputs.to_vec());
        for _ in 0..5 {
            assert!(begun.step());
        }
        let (entries, hash) = begun.finish();
        let found: Vec<&str> = entries.iter().map(|entry| entry.sha256.as_str()).collect();
        assert_eq!(found, sizes.map(|size| sha256(&content(size))));
        assert_eq!(hash, sha256(serde_json::to_value(&entries).unwrap().to_string().as_bytes()));
        assert!(!Hashing::new(vec![]).step());
    }
}
