//! What a run was fed with: one entry per input file, and hashes over them.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

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

/// Bytes hashed at a time, which takes some 40 us.
const STEP: usize = 64 << 10;
/// Bytes from which on a thread for their hashes pays.
const WORTH_A_THREAD: usize = 256 << 10;

/// Files on their way to being hashed, in steps that whoever has time may take, several threads at once, too.
#[derive(Debug)]
pub struct Hashing(Vec<Begun>);

#[derive(Debug)]
struct Begun {
    input: Input,
    hashed: AtomicUsize,
    /// Locked while a step is taken.
    digest: Mutex<Sha256>,
}

impl Begun {
    fn left(&self) -> usize {
        self.input.content.len() - self.hashed.load(Ordering::Relaxed)
    }
}

impl Hashing {
    /// Of all inputs.
    pub fn new(inputs: Vec<Input>) -> Self {
        let begun = |input| Begun { input, hashed: AtomicUsize::new(0), digest: Mutex::default() };
        Self(inputs.into_iter().map(begun).collect())
    }

    /// Whether what is left is worth a thread.
    pub fn is_long(&self) -> bool {
        self.0.iter().map(Begun::left).sum::<usize>() >= WORTH_A_THREAD
    }

    /// Hashes the next bytes of the file that has most left and that no other thread is at, so that files which are
    /// equally long end at the same time. False when there is none.
    pub fn step(&self) -> bool {
        // Looked at once: other threads change it while these are sorted.
        let mut files: Vec<(usize, &Begun)> = self.0.iter().map(|file| (file.left(), file)).collect();
        files.retain(|(left, _)| *left > 0);
        files.sort_by_key(|(left, _)| Reverse(*left));
        let free = files.into_iter().find_map(|(_, file)| file.digest.try_lock().ok().map(|digest| (file, digest)));
        let Some((file, mut digest)) = free else { return false };
        let from = file.hashed.load(Ordering::Relaxed);
        let end = file.input.content.len().min(from + STEP);
        digest.update(&file.input.content[from..end]);
        file.hashed.store(end, Ordering::Relaxed);
        true
    }

    /// Hashes what is left, sorts the entries by (path, kind) and hashes their canonical JSON (sorted keys, no spaces).
    pub fn finish(self) -> (Vec<Entry>, String) {
        let rest = || while self.step() {};
        if self.is_long() {
            std::thread::scope(|scope| {
                scope.spawn(rest);
                rest();
            });
        }
        rest();
        let entry = |Begun { input, digest, .. }: Begun| {
            let digest = digest.into_inner().unwrap_or_else(PoisonError::into_inner);
            Entry { sha256: hexadecimal(&digest.finalize()), ..input.entry }
        };
        let mut entries: Vec<Entry> = self.0.into_iter().map(entry).collect();
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
        let sizes = [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP + 7, WORTH_A_THREAD, WORTH_A_THREAD + STEP + 1];
        let content = |size: usize| Bytes::from((0..size).map(|i| (i * i % 251) as u8).collect::<Vec<u8>>());
        let inputs = sizes.map(|size| Input::plain(format!("{size:09}"), "kind", content(size)));
        let begun = Hashing::new(inputs.to_vec());
        for _ in 0..5 {
            assert!(begun.step());
        }
        assert!(begun.is_long());
        let (entries, hash) = begun.finish();
        let found: Vec<&str> = entries.iter().map(|entry| entry.sha256.as_str()).collect();
        assert_eq!(found, sizes.map(|size| sha256(&content(size))));
        assert_eq!(hash, sha256(serde_json::to_value(&entries).unwrap().to_string().as_bytes()));
        let shared = Hashing::new(inputs.to_vec());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| while shared.step() {});
            }
        });
        assert_eq!(shared.finish(), (entries, hash));
        let nothing = Hashing::new(vec![]);
        assert!(!nothing.step() && !nothing.is_long());
    }
}
