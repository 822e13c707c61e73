//! Faults planted on purpose, which prove that the parity suite finds them.
//!
//! Only a build with the feature `planted-faults` holds any; without it `planted` is `false` at compile time and every
//! branch on it is removed. `make selftest` builds with the feature, plants one fault after another, and fails when
//! one of them goes unnoticed.

macro_rules! faults {
    ($($fault:ident = $name:literal: $says:literal,)*) => {
        /// A planted fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault { $(#[doc = $says] $fault,)* }

        /// Names by which faults are planted, in the order of the enumeration.
        pub const NAMES: &[&str] = &[$($name),*];
    };
}

faults! {
    StopIsStrict = "stop-is-strict": "a stop that is touched exactly is not hit (`<` for `<=`)",
    TargetIsStrict = "target-is-strict": "a target that is touched exactly is not hit",
    NoPipBuffer = "no-pip-buffer": "levels are hit without the pip buffer",
    TargetBeforeStop = "target-before-stop": "a bar that touches both levels takes the target",
    MovedStopUnmarked = "moved-stop-unmarked": "an edited stop is reported as a plain one",
    LimitTargetUnconfirmed = "limit-target-unconfirmed": "a limit order's fill bar takes the target without its close",
    CloseOnTargetConfirms = "close-on-target-confirms": "a close on the target confirms it (`>=` for `>`)",
    ShortExitsOnBid = "short-exits-on-bid": "shorts are closed on the bid side",
    ExitOnEntryBar = "exit-on-entry-bar": "a market order can be closed on its own bar (off by one)",
    TriggerOnPlacementBar = "trigger-on-placement-bar": "a pending order can trigger on its own bar (off by one)",
    StopEntryIsStrict = "stop-entry-is-strict": "a stop order whose level is touched exactly does not trigger",
    LimitOnBid = "limit-on-bid": "a long limit order triggers on the bid's low",
    BufferOfSymbol = "buffer-of-symbol": "the buffer is the symbol's even when nothing is open yet",
    NearStopPending = "near-stop-pending": "the least stop distance holds for pending orders too",
    NearStopIgnored = "near-stop-ignored": "the least stop distance is not checked",
    ExitSlipsAgainst = "exit-slips-against": "exits slip against the position",
    TimeoutPaysFee = "timeout-pays-fee": "a timeout is charged the exit fee",
    LongExitFeeMissed = "long-exit-fee-missed": "longs pay no exit fee",
    EntryTimeIsFill = "entry-time-is-fill": "a pending order's entry time is its fill bar",
    FeeRoundsUp = "fee-rounds-up": "fees are rounded half up instead of half even",
    MinimumFeeUnscaled = "minimum-fee-unscaled": "the least fee ignores the fee multiplier",
    FeeSideIgnored = "fee-side-ignored": "entry and exit are both charged, whatever the tariff says",
    LotsRoundNearest = "lots-round-nearest": "lots are rounded to the nearest step instead of down",
    NoVolumeCap = "no-volume-cap": "lots are not capped at the largest volume",
    InverseRateTimes = "inverse-rate-times": "an inverse rate multiplies instead of divides",
    DrawSkippedAtTarget = "draw-skipped-at-target": "a target takes no random draw",
    DrawOf27Bits = "draw-of-27-bits": "random numbers have 26 bits less",
    TimeoutIsStrict = "timeout-is-strict": "a position times out one bar late (`>` for `>=`)",
    TimeoutOnOtherSide = "timeout-on-other-side": "a timeout closes at the other side's close",
    EditsOneBarLate = "edits-one-bar-late": "edits of levels come one bar late",
    ManagerWithoutSession = "manager-without-session": "the position manager runs without a session wrapper",
    SessionEndExcluded = "session-end-excluded": "the last minute of a session does not belong to it",
    SessionAtOpen = "session-at-open": "sessions are tested on the open time of a bar",
    AnchorWithoutSummer = "anchor-without-summer": "an anchored session ignores daylight saving",
    CooldownOneBarLong = "cooldown-one-bar-long": "a cooldown in candles lasts one bar more",
    ExitCooldownUnarmed = "exit-cooldown-unarmed": "the cooldown after an exit is never armed",
    NewsEndExcluded = "news-end-excluded": "the last moment of a news window does not belong to it",
    NewsOfAnyCurrency = "news-of-any-currency": "news of any currency block",
    ShortStopOnBidRange = "short-stop-on-bid-range": "scenario 1's short stop uses the ATR of the bid",
    LevelsUnrounded = "levels-unrounded": "a strategy's levels are not rounded",
    TargetDistanceIgnored = "target-distance-ignored": "scenario 3 ignores the least distance of its target",
    TargetIsOpen = "target-is-open": "scenario 2 aims at the bar's open instead of the Bollinger mid",
    RulesLongFirst = "rules-long-first": "the rules are asked long before short",
    RangeWithoutGaps = "range-without-gaps": "the true range ignores the close before",
    PopulationDeviation = "population-deviation": "deviations divide by n instead of n - 1",
    KalmanStartsSure = "kalman-starts-sure": "the Kalman filter starts from drift instead of noise",
    VolatilityOneBarEarly = "volatility-one-bar-early": "the GARCH volatility sees the return of its own bar",
    HysteresisOneShort = "hysteresis-one-short": "a regime needs one bar less to count as settled",
    ChainAnyIsAll = "chain-any-is-all": "scenario 6's mode `any` asks all timeframes",
    HigherBarEarly = "higher-bar-early": "a higher-timeframe bar is visible before it is complete (look-ahead)",
    HigherStaleEarly = "higher-stale-early": "a higher-timeframe bar is stale one bar early",
    TrendIgnoresExtra = "trend-ignores-extra": "the second trend filter is ignored",
    FirstDuplicateWins = "first-duplicate-wins": "of rows with one time the first wins",
    WeekendKept = "weekend-kept": "bars outside the trading week are kept",
    EndDayExcluded = "end-day-excluded": "the bar at midnight of the end date is left out",
    JoinTakesBid = "join-takes-bid": "a bar that only the bid has gets the bid's prices on both sides",
    BreakEvenWins = "winners-count-break-even": "trades without result count as wins",
    DrawdownUnrounded = "drawdown-unrounded": "the relative drawdown is taken from the unrounded one",
    SharpeOfPopulation = "sharpe-of-population": "the Sharpe ratio divides by n instead of n - 1",
    TradesByOrder = "trades-by-order": "trades are listed by order id instead of exit time",
    EquityBeforeExits = "equity-before-exits": "the point of a bar with an exit shows the balance before it",
    PanicOnTwoExits = "panic-on-two-exits": "two exits on one bar end in a panic",
}

#[cfg(feature = "planted-faults")]
mod planting {
    use super::{Fault, NAMES};
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    static PLANTED: AtomicU64 = AtomicU64::new(0);
    const _: () = assert!(NAMES.len() <= 64);

    /// Whether a fault is planted.
    pub fn planted(fault: Fault) -> bool {
        PLANTED.load(Relaxed) >> (fault as u64) & 1 == 1
    }

    /// Plants the faults of a list separated by commas, in place of those before.
    ///
    /// # Panics
    /// For a name that no fault has: a selftest of a fault that is not there would prove nothing.
    pub fn plant(names: &str) {
        let bit = |name: &str| {
            let place = NAMES.iter().position(|known| *known == name);
            1u64 << place.unwrap_or_else(|| panic!("there is no planted fault {name:?}; there are {NAMES:?}"))
        };
        PLANTED.store(names.split(',').filter(|n| !n.is_empty()).fold(0, |mask, n| mask | bit(n)), Relaxed);
    }
}

#[cfg(feature = "planted-faults")]
pub use planting::{plant, planted};

/// Never: this build holds no faults.
#[cfg(not(feature = "planted-faults"))]
#[inline(always)]
pub const fn planted(_: Fault) -> bool {
    false
}
