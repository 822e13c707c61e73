//! Both candle files of a timeframe at once: their columns are decoded on two threads, and times that both files store
//! in the same bytes are decoded once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use omega_contract::{Category, RunError, codes};

use crate::candles::Candles;
use crate::parquet_file::{Source, shielded, with_source};

/// Content of a candle file and the name that messages show.
pub struct File {
    pub content: Bytes,
    pub shown: String,
}

/// Bytes of both files from which on a second thread pays.
pub const WORTH_A_THREAD: u64 = 512 << 10;

/// A column of a file, in the order in which faults are reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Times,
    Prices(&'static str),
    Volume,
}

const VOLUME: &str = "Volume";
const PARTS: [Part; 6] =
    [Part::Times, Part::Prices("Open"), Part::Prices("High"), Part::Prices("Low"), Part::Prices("Close"), Part::Volume];

#[derive(Clone)]
enum Decoded {
    Times(Arc<Vec<i64>>, bool),
    Numbers(Vec<f64>),
    Volume(Option<Vec<f64>>),
}

/// What becomes of the volume, which only the rules for files need.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    Kept,
    /// Checked while it is decoded, and kept only when a check fails.
    Checked,
}

/// Candles of a file.
pub struct Decoding {
    /// The candles; without volume when that was checked.
    pub candles: Candles,
    /// Whether times rise strictly and the volume was found to be finite and not negative.
    pub in_order: bool,
}

fn lost() -> RunError {
    RunError::new(Category::Runtime, codes::INTERNAL_ERROR, "the reader thread died")
}

/// Both results; on two threads where that pays. The second is an error when its thread died.
pub fn both<T: Send>(
    on_two_threads: bool,
    one: impl FnOnce() -> Result<T, RunError>,
    other: impl FnOnce() -> Result<T, RunError> + Send,
) -> [Result<T, RunError>; 2] {
    if !on_two_threads {
        return [one(), other()];
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        [one(), other.join().unwrap_or_else(|_| Err(lost()))]
    })
}

/// Reads the candles of both sides: `UTC time` (timestamp\[ns, UTC\]), four float64 prices, any numeric volume. Each
/// side may fail on its own.
pub fn read(files: [&File; 2], volume: Volume, on_two_threads: bool) -> [Result<Decoding, RunError>; 2] {
    let [bid, ask] = files;
    match (open_source(bid), open_source(ask)) {
        (Ok(bid), Ok(ask)) => decode([&bid, &ask], volume, on_two_threads),
        (bid, ask) => [bid, ask].map(|source| {
            let source = source?;
            candles(|part| decode_part(&source, part, volume))
        }),
    }
}

/// The volume of a file whose candles came without.
pub fn volumes(content: &Bytes, shown: &str) -> Result<Vec<f64>, RunError> {
    with_source(content.clone(), shown, |source| source.volumes(VOLUME))
}

fn open_source(file: &File) -> Result<Source<'_>, RunError> {
    shielded(&file.shown, || Source::open(file.content.clone(), &file.shown))
}

fn decode(sources: [&Source; 2], volume: Volume, on_two_threads: bool) -> [Result<Decoding, RunError>; 2] {
    let [bid, ask] = sources;
    let shared = ask.stores_times_like(bid);
    // Times compress worst and take longest: they come first, so that no thread is left alone with them at the end.
    let tasks: Vec<(usize, Part)> = PARTS
        .iter()
        .flat_map(|part| [(0, *part), (1, *part)])
        .filter(|task| !(shared && *task == (1, Part::Times)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = BTreeMap::new();
        while let Some((side, part)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.insert((*side, *part), decode_part(sources[*side], *part, volume));
        }
        Ok(done)
    };
    let mut done = BTreeMap::new();
    for part in both(on_two_threads, work, work) {
        match part {
            Ok(part) => done.extend(part),
            Err(error) => return [Err(error.clone()), Err(error)],
        }
    }
    if shared && let Some(Ok(times)) = done.get(&(0, Part::Times)) {
        done.insert((1, Part::Times), Ok(times.clone()));
    }
    [0, 1].map(|side| candles(|part| done.remove(&(side, part)).unwrap_or_else(|| Err(lost()))))
}

fn decode_part(source: &Source, part: Part, volume: Volume) -> Result<Decoded, RunError> {
    shielded(source.shown(), || match part {
        Part::Times => source.times_with_order().map(|(times, rising)| Decoded::Times(Arc::new(times), rising)),
        Part::Prices(name) => Ok(Decoded::Numbers(source.prices(name)?)),
        Part::Volume if volume == Volume::Checked && source.is_plain_volume(VOLUME)? => Ok(Decoded::Volume(None)),
        Part::Volume => Ok(Decoded::Volume(Some(source.volumes(VOLUME)?))),
    })
}

/// Candles of decoded parts; the first fault in the order of the parts.
fn candles(mut part: impl FnMut(Part) -> Result<Decoded, RunError>) -> Result<Decoding, RunError> {
    let Decoded::Times(ts, rising) = part(Part::Times)? else { return Err(lost()) };
    let mut prices = |name| match part(Part::Prices(name))? {
        Decoded::Numbers(column) => Ok(column),
        _ => Err(lost()),
    };
    let (open, high, low, close) = (prices("Open")?, prices("High")?, prices("Low")?, prices("Close")?);
    let Decoded::Volume(volume) = part(Part::Volume)? else { return Err(lost()) };
    let in_order = rising && volume.is_none();
    Ok(Decoding { candles: Candles { ts, open, high, low, close, volume: volume.unwrap_or_default() }, in_order })
}
