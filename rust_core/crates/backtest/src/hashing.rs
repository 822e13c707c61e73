//! Background hashing: the input files are hashed on threads of their own while the bars are played.
//!
//! Decides which thread hashes which file. Leaves out what the hashes mean: `market::manifest` knows.
//!
//! The threads end before `during` returns. A pool of threads would save starting them, but it would not survive a fork
//! of the process.

use std::cmp::Reverse;

use omega_market::manifest::{Entry, Input};

/// Threads that hash, at most: both files of a timeframe are about as long.
const THREADS: usize = 2;
/// Bytes of a file from which on a thread pays.
const WORTH_A_THREAD: usize = 128 << 10;

/// Does `work` while long files are hashed on background threads. Returns its result, and the entries of all files in
/// no particular order.
pub fn during<T>(files: Vec<Input>, work: impl FnOnce() -> T) -> (T, Vec<Entry>) {
    let (long, short): (Vec<Input>, Vec<Input>) =
        files.into_iter().partition(|file| file.content.len() >= WORTH_A_THREAD);
    std::thread::scope(|scope| {
        let hash = |files: Vec<Input>| files.into_iter().map(Input::hashed).collect::<Vec<Entry>>();
        let threads: Vec<_> = shares(long).into_iter().map(|files| scope.spawn(move || hash(files))).collect();
        let result = work();
        let mut entries = hash(short);
        for thread in threads {
            entries.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        (result, entries)
    })
}

/// The files of each thread, dealt out by length, longest first.
fn shares(mut files: Vec<Input>) -> Vec<Vec<Input>> {
    files.sort_by_key(|file| Reverse(file.content.len()));
    let threads = THREADS.min(files.len());
    let mut shares = vec![vec![]; threads];
    for (i, file) in files.into_iter().enumerate() {
        shares[i % threads].push(file);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_market::manifest::sha256;

    fn content(size: usize) -> Vec<u8> {
        (0..size).map(|i| (i * i % 251) as u8).collect()
    }

    fn files(sizes: &[usize]) -> Vec<Input> {
        sizes.iter().map(|size| Input::plain(format!("{size:09}"), "kind", content(*size).into())).collect()
    }

    #[test]
    fn every_file_has_the_hash_of_its_content_whatever_thread_took_it() {
        let sizes = [0, 1, WORTH_A_THREAD - 1, WORTH_A_THREAD, WORTH_A_THREAD + 1, 3 * WORTH_A_THREAD, 7];
        for count in 0..=sizes.len() {
            let (result, mut entries) = during(files(&sizes[..count]), || 42);
            entries.sort();
            let mut wanted = sizes[..count].to_vec();
            wanted.sort_unstable();
            let found: Vec<&str> = entries.iter().map(|entry| entry.sha256.as_str()).collect();
            assert_eq!(found, wanted.iter().map(|size| sha256(&content(*size))).collect::<Vec<String>>());
            assert_eq!(result, 42);
        }
    }

    #[test]
    fn long_files_are_dealt_out_by_length() {
        let lengths = |sizes: &[usize]| {
            let length = |file: &Input| file.content.len();
            shares(files(sizes)).iter().map(|share| share.iter().map(length).collect()).collect::<Vec<Vec<usize>>>()
        };
        assert_eq!(lengths(&[1, 9, 3, 8, 4]), [vec![9, 4, 1], vec![8, 3]]);
        assert_eq!(lengths(&[5]), [[5]]);
        assert!(lengths(&[]).is_empty());
    }

    #[test]
    fn a_panic_of_the_work_reaches_the_caller() {
        let caught = std::panic::catch_unwind(|| during(files(&[WORTH_A_THREAD]), || panic!("broken")));
        assert!(caught.is_err());
    }
}
