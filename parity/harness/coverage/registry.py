"""Semantic coverage: which branches of the specification's rules the cases have taken. Pure.

The branches are counted from the events of an engine's trace together with the bars and the config they happened on,
never from what a case was meant to do. A branch that no trace shows has not been tested, however many cases ran.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parity.harness.model.spellings import REFUSED, TAKEN

#: name -> what must have happened. The first word of a name is its chapter; chapters are in the order of the report.
BRANCHES: Mapping[str, str] = {
    # 2 market data
    "data M1": "a fill on M1 bars",
    "data M5": "a fill on M5 bars",
    "data history": "a fill with bars of history before the start",
    "data no history": "a fill without any history",
    "data midnight bar": "the last traded bar opens at midnight of the end date",
    "data end cut": "bars after the end date are not traded",
    "data nothing left": "no bar in the window: refused with 1010",
    "data duplicate": "a time with two rows lies on a traded bar",
    "data unsorted": "rows out of order, all traded in order",
    "data bid only": "a bar without ask is not traded",
    "data ask only": "a bar without bid is not traded",
    "data gap": "a bar is missing on both sides between traded ones",
    "data weekend": "bars outside the trading week are not traded",
    "data summer": "a fill in summer time",
    "higher completed": "a filter reads the last completed higher bar",
    "higher look-ahead": "a filter reads the running higher bar",
    "higher close mode": "a filter reads higher bars at the close of the decision",
    "higher stale set": "a filter under a configured stale limit",
    "higher stale gap": "a filter with higher bars missing",
    # 4.1 the bar
    "bar two signals": "two signals on one bar",
    "bar two exits": "two exits on one bar",
    "bar fill and exit": "an order fills on the bar on which another position exits",
    "bar entry after exit": "a signal on the bar after an exit",
    "bar entry bar skipped": "a level of a market order is touched on its own bar and nothing happens",
    "bar open at end": "a position is open after the last bar",
    "bar pending at end": "an order waits after the last bar",
    # 4.2 exits
    "exit stop long": "a long is stopped", "exit stop short": "a short is stopped",
    "exit target long": "a long takes its target", "exit target short": "a short takes its target",
    "exit stop buffer long": "a long is stopped by the pip buffer alone",
    "exit stop buffer short": "a short is stopped by the pip buffer alone",
    "exit target buffer long": "a long takes its target by the buffer alone",
    "exit target buffer short": "a short takes its target by the buffer alone",
    "exit stop edge": "the price touches stop and buffer exactly",
    "exit target edge": "the price touches target and buffer exactly",
    "exit near miss": "a bar misses the edge of a level by one tick",
    "exit tie long": "one bar touches both levels of a long",
    "exit tie short": "one bar touches both levels of a short",
    "exit gap stop long": "a long's bar opens beyond its stop", "exit gap stop short": "a short's bar opens beyond it",
    "exit gap target": "a bar opens beyond the target",
    "exit moved stop": "a stop that was edited is hit", "exit moved target": "a target that was edited is hit",
    "exit fill bar stop": "a pending order is stopped on its fill bar",
    "exit fill bar target stop": "a stop order takes its target on its fill bar",
    "exit fill bar target limit": "a limit order's close confirms its target on the fill bar",
    "exit fill bar unconfirmed": "a limit order touches its target on the fill bar without the close",
    "exit fill bar equal": "a limit order closes exactly on its target on the fill bar",
    "exit first open pip": "the buffer comes from a position that was open before",
    "exit default pip": "the buffer is the default one although the symbol's is another",
    "exit wrong side": "an exit of an order whose stop lay on the wrong side",
    # 4.3 pending orders
    "pending limit long": "a buy limit fills", "pending limit short": "a sell limit fills",
    "pending stop long": "a buy stop fills", "pending stop short": "a sell stop fills",
    "pending limit exact": "a limit's level is touched exactly",
    "pending stop exact": "a stop's level is touched exactly",
    "pending gap": "a bar opens beyond the entry level",
    "pending later": "an order waits for more than one bar", "pending own bar": "the placement bar reaches the level",
    "pending two fills": "two orders fill on one bar", "pending beside open": "an order fills while a position is open",
    "pending no risk": "a pending order with its stop at the entry fills",
    # 4.4 market orders
    "market long": "a market buy", "market short": "a market sell", "market own price": "a market order with a price",
    "market near stop": "a market order is dropped for its near stop",
    # 4.5 the manager
    "manager timeout long": "a long times out", "manager timeout short": "a short times out",
    "manager timeout exact": "a timeout exactly at the limit", "manager zero minutes": "a timeout on the entry bar",
    "manager since placement": "a pending order's time runs from its placement",
    "manager unreached": "a holding time passes and no session wrapper lets the manager run",
    "manager disabled": "a holding time passes with the manager switched off",
    "manager two wrappers": "two wrappers: refused with 4000",
    "manager edit stop": "an edit of a stop in time", "manager edit target": "an edit of a target in time",
    "manager edit unreached": "an edit comes without a session wrapper",
    # 5 costs and sizes
    "cost slip entry long": "a long entry slips", "cost slip entry short": "a short entry slips",
    "cost slip stop": "a stop slips", "cost slip target": "a target slips",
    "cost no slip timeout": "a timeout does not",
    "cost no slip pending": "a pending entry does not", "cost slip random": "a random slippage",
    "cost slip multiplier": "slippage times a multiplier",
    "cost per lot": "a fee per lot", "cost per million": "a fee per million", "cost percent": "a fee in per cent",
    "cost side both": "fees on both sides", "cost side entry": "fees on entries only",
    "cost side exit": "fees on exits only", "cost minimum": "the least fee",
    "cost multiplier": "fees times a multiplier",
    "cost per symbol": "a fee of the symbol's own block", "cost fee currency": "a fee in another currency",
    "cost tie": "a fee that lies between two cents", "cost free": "a fill without fee",
    "cost timeout free": "a timeout pays no exit fee where others do",
    "rate same": "no conversion", "rate direct": "a direct rate", "rate inverse": "an inverse rate",
    "rate through USD": "two rates", "rate missing": "no rate: refused with 1008",
    "size minimum": "the smallest volume", "size stepped": "a volume on the grid", "size cap": "the largest volume",
    "size yen": "a volume of a JPY symbol", "size index": "a volume of an index",
    # 7 strategies
    **{f"rule {side} {n}": f"scenario {n} goes {side}" for n in range(1, 7) for side in ("long", "short")},
    "rule long only": "longs only", "rule short only": "shorts only",
    "rule positive threshold": "a threshold on the other side of zero",
    "rule target distance": "scenario 3 with a least distance", "rule second entry": "a second trade of one run",
    "trend above": "a trade under the filter `above`", "trend below": "a trade under the filter `below`",
    "trend extra": "a trade under the second filter", "trend auto": "a trade under the timeframe AUTO",
    "trend blocks": "bars to trade, none traded, under a filter without its timeframe",
    "volatility local": "scenario 4 on its local window", "volatility simple": "simple instead of log returns",
    "volatility unstable": "an unstable model gives no trade of scenario 4",
    "regime garch": "scenario 5 by GARCH", "regime range": "scenario 5 by ATR",
    "regime hysteresis": "scenario 5 with hysteresis", "regime one": "one cluster",
    "chain all": "scenario 6, all timeframes", "chain any": "scenario 6, any timeframe",
    "chain higher": "scenario 6 on a higher timeframe",
    "session inside": "a signal inside a window", "session outside": "an order outside the windows is lost",
    "session wraps": "a window over midnight", "session empty": "an empty list of windows",
    "session edge": "a signal on the last minute of a window", "session close time": "a signal only by its close time",
    "anchor inside": "a signal inside an anchored window", "anchor outside": "an order outside it is lost",
    "cooldown candles": "an order is lost to the cooldown in candles",
    "cooldown entry": "an order is lost to the cooldown after an entry",
    "cooldown exit": "an order is lost to the cooldown after an exit",
    "cooldown over": "a signal on the first bar after a cooldown",
    "news blocks": "no signal within a window of relevant news, signals outside",
    "news irrelevant": "a signal within the window of news that do not matter",
    # 3.1 configs as people write them
    **{f"spelled {spelling.name}": f"orders under {spelling.what}" for spelling in TAKEN},
    **{f"refused {spelling.name}": f"{spelling.what}: refused" for spelling in REFUSED},
}  # fmt: skip


@dataclass
class Coverage:
    """Hits per branch, of each engine by itself; only engines that give a trace can be counted."""

    hits: dict[str, Counter[str]] = field(default_factory=dict)
    #: Engines that gave a trace; of the others only refusals were counted.
    traced: set[str] = field(default_factory=set)
    #: Cases in which an engine ran and gave no trace, by engine.
    untraced: Counter[str] = field(default_factory=Counter)

    def add(self, engine: str, branches: Iterable[str], *, traced: bool = True) -> None:
        """Counts one case; KeyError for a branch that is not in the list. A refusal has no trace."""
        if traced:
            self.traced.add(engine)
        found = set(branches)
        unknown = found - BRANCHES.keys()
        if unknown:
            raise KeyError(f"no such branch: {', '.join(sorted(unknown))}")
        self.hits.setdefault(engine, Counter()).update(found)

    def add_untraced(self, engine: str) -> None:
        """Counts a case of which an engine gave no trace."""
        self.untraced[engine] += 1

    def merge(self, other: Coverage) -> None:
        """Adds the counts of another process."""
        for engine, counts in other.hits.items():
            self.hits.setdefault(engine, Counter()).update(counts)
        self.untraced.update(other.untraced)
        self.traced |= other.traced

    def count(self, branch: str) -> int:
        """Cases in which every engine that gives a trace took a branch: the least of the counts."""
        return min((self.hits[engine][branch] for engine in self.traced), default=0)

    def missing(self) -> list[str]:
        """Branches that not every engine with a trace has taken."""
        return [name for name in BRANCHES if self.count(name) == 0]

    def rare(self, below: int) -> list[str]:
        """Branches taken, but seldom."""
        return [name for name in BRANCHES if 0 < self.count(name) < below]

    def lines(self) -> list[str]:
        """The report: hits per branch by chapter."""
        taken = len(BRANCHES) - len(self.missing())
        who = {0: "no engine", 1: f"{next(iter(self.traced), '')} alone"}.get(len(self.traced), "both engines")
        out = [f"Rule branches taken by {who}: {taken} of {len(BRANCHES)} (cases that took each)"]
        out += [f"  {engine} gave no trace of {count} cases: its branches there could not be counted"
                for engine, count in self.untraced.items()]  # fmt: skip
        chapters: dict[str, list[str]] = {}
        for name in BRANCHES:
            chapter, _, rest = name.partition(" ")
            chapters.setdefault(chapter, []).append(f"{rest} {self.count(name)}")
        out += [f"  {chapter:11} {', '.join(entries)}" for chapter, entries in chapters.items()]
        if self.missing():
            out.append(f"  NEVER TAKEN: {', '.join(self.missing())}")
        return out
