"""The words of the protocol document that no type holds. Pure.

Tables name what code reads and writes; ``tests/harness/engines/test_protocol.py`` holds them against it.
"""

from __future__ import annotations

from collections.abc import Mapping

HEAD = """
# The engine protocol

<!-- Generated: `{command}` writes this page from the types that the suite decodes. -->

An engine is a command that the parity suite starts, in the folder of the `engines.toml` that names it. It reads
requests from stdin and writes replies to stdout: one JSON object for each, on one line of UTF-8. It answers in the
order in which it is asked, and it is asked the next case when it has answered. Its error output is its own.

`parity/examples/engine.py` is a whole engine. This is version {protocol} of the protocol. A Python function that
takes the request as a dict and returns the reply can be an engine, too (`callable`); it has neither hello nor ids.

Everything is strict. An unknown key, a missing one, `3.0` for `3`, `3` for `3.0`, `true` for `1`, NaN, infinity, one
key twice or half a surrogate pair makes an answer malformed: the case is `incomparable`, and the report says where
the fault lies. Two values are equal when their types and their bits are.
"""

HELLO = """
The first line of an engine, before it is asked anything, says that it speaks this version:

```json
{"hello": {"protocol": 2, "name": "mine", "version": "1.4", "capabilities": {"events": true, "switches": false}}}
```

An engine that says hello repeats the `id` of every request in its reply.
"""
HELLO_KEYS = (
    ("`protocol`", "whole number", "2"),
    ("`name`", "text, optional", "for people; reports use the name in `engines.toml`"),
    ("`version`", "text, optional", "of the engine"),
    ("`capabilities`", "object, optional", "what it can do; what is left out is as if the engine had not said it"),
)
CAPABILITIES = (
    ("`events`", "boolean", "it can give a trace; without one, cases are compared by their results alone"),
    ("`switches`", "boolean", "it obeys `switches`"),
    ("`gates`", "list of texts", "the gates that its trace names (see Bounds)"),
    ("`unknown`", "list of texts", "fields that none of its outcomes holds"),
)

REQUEST = "One case. Paths are absolute; an engine reads these files and nothing else."
REQUEST_KEYS = (
    ("`id`", "whole number", "repeated in the reply; never used twice"),
    ("`op`", "text", '`"run"`'),
    ("`config`", "object", "a V1 config; `execution_costs_file` and `symbol_specs_file` in it are paths of YAML files"),
    ("`data_root`", "text", "folder of `<SYMBOL>/<SYMBOL>_<TIMEFRAME>_<BID or ASK>.parquet`"),
    ("`news_file`", "text", "the calendar as CSV: `Start`, `Currency`, `Impact`, `Name`, `Id`"),
    ("`news_parquet`", "text", "the same calendar as Parquet"),
    ("`switches`", "object", 'name of a semantics switch -> `"v1"` or `"v2"`; what is not named is at `v1`'),
    ("`events`", "boolean", "whether a trace is wanted; never true for an engine that has none"),
    (
        "`gates`",
        "boolean",
        "whether the trace should name gates, and `extra` hold the `config` that the engine made of"
        " this one; true only where the engines differ, and an engine may ignore it",
    ),
)

REPLY = """
Either `outcome` or `failure`:

```json
{"id": 7, "outcome": {"trades": [], "open_positions": [], "equity": [[1736208000000000000, 10000.0]],
 "balance": 10000.0, "fees_total": 0.0, "metrics": {"total_trades": 0}}, "bars": 1}
```

(on one line, and with all metrics).
"""
REPLY_KEYS = (
    ("`id`", "whole number", "the request's"),
    ("`outcome`", "object", "what the run came to: an outcome or a refusal"),
    ("`failure`", "text", "why the engine has no answer, in its own words; the case is `incomparable`"),
    ("`bars`", "whole number, optional", "bars played; compared where both engines say how many"),
    ("`unknown`", "list of texts, optional", "fields that this outcome does not hold; the outcome may have it as well"),
    ("`extra`", "object, optional", "the engine's own figures; never compared"),
)

OUTCOME = "What is compared. Times are ns since the epoch (UTC), money is in the account's currency."
OUTCOME_KEYS: Mapping[str, tuple[str, str]] = {
    "trades": ("list of objects", "closed positions, in the order below"),
    "open_positions": ("list of objects", "orders and positions alive after the last bar, in the order of their ids"),
    "equity": ("list of pairs", "a point `[timestamp_ns, equity]` for each bar played"),
    "balance": ("number", "cash after the last bar"),
    "fees_total": ("number", "all fees booked"),
    "metrics": ("object", "name -> number, whole number, text or null"),
    "events": ("list of objects, optional", "the trace, where the request wants one and the engine has one"),
    "unknown": ("list of texts, optional", "fields that this outcome does not hold"),
}
TRADES = "Trades are in the order of their exit times; those that leave at one time, in the order of their order ids."
OPEN_POSITIONS = """
The id of a scripted order is its place in `orders`, from 0. Every other order has the number of its signal, from 0;
signals whose orders are rejected count.
"""
EQUITY = """
The first point is that of the first tradable bar. V1's own curve begins with a point in the year 2000, at the initial
balance: it is no bar, and an outcome leaves it out. Times rise strictly. With every switch at `v1`, equity is cash:
open positions are not marked.
"""
METRICS = """
With `metrics_definition` at `v1` these, and no others. `decimals` is how a value is rounded (half to even, as
Python's `round` does); money ends in `_eur` whatever the account's currency is. A run without a closed trade has 0
everywhere.
"""
METRIC_ROWS = (
    ("`total_trades`", "whole number", "", "closed positions"),
    ("`active_days`", "whole number", "", "UTC dates with an entry or an exit"),
    ("`net_profit_eur`", "number", "2", "sum of results, before fees"),
    ("`net_profit_after_fees_eur`", "number", "2", "cash less initial balance, entry fees of open positions included"),
    ("`fees_total_eur`", "number", "2", "all fees booked"),
    ("`gross_profit_eur`", "number", "2", "sum of the results above 0"),
    ("`gross_loss_eur`", "number", "2", "sum of the results below 0, without its sign"),
    ("`avg_result_eur`", "number", "2", "mean result"),
    ("`winrate_percent`", "number", "2", "share of results above 0, in per cent"),
    ("`avg_r_multiple`", "number", "3", "mean result in units of initial risk (R)"),
    ("`total_r_multiple`", "number", "3", "sum of R"),
    ("`profit_factor`", "number", "2", "gross profit over gross loss; 0 without losses"),
    ("`drawdown_eur`", "number", "2", "largest fall of the equity from its highest value so far"),
    ("`drawdown_percent`", "number", "2", "that, rounded, over the initial balance, in per cent"),
    (
        "`initial_drawdown_eur`",
        "number",
        "2",
        "largest fall of the equity below the initial balance; 0 if there is none",
    ),
    ("`sharpe_trade`", "number", "3", "mean R over its deviation (ddof 1); 0 below two trades or without deviation"),
    (
        "`sortino_trade`",
        "number",
        "3",
        "mean R over the root of the mean square of R below 0; 0 below two trades or none",
    ),
)

TRACE = """
Events are in the order in which things happen. With every switch at `v1` a bar goes so: the strategy's signals, each
with what comes of it (`order_placed`, `order_rejected`, or `filled` with its `fee`); then every order and position in
the order of their ids, each with all that happens to it (`triggered`, `filled`, `fee`, `exit_checked`, `closed`,
`fee`), timeouts last; then `equity`. An event that did not happen is left out. `bar` counts tradable bars from 0, and
`timestamp_ns` is the time of that bar. Traces are compared where both engines have one, `gate` apart.
"""

REFUSAL = """
In place of an outcome, under the one key `error`:

```json
{"id": 7, "outcome": {"error": {"category": "EMPTY_INPUT", "code": 1010, "message": "no bar of EURUSD"}}}
```

Two refusals agree when their codes do. `category` is the name of the code, as texts about a refusal show it
(`1010 EMPTY_INPUT`), or a word of the engine's own. A refusal is an answer: what keeps an engine from answering is a
`failure`.
"""
REFUSALS_MET = "What drawn and pinned cases meet:"
MET = (
    ("1010", "EMPTY_INPUT", "no bar lies between start and end"),
    ("1008", "MISSING_REQUIRED_FIELD", "no rate leads from the currency of a result or a fee to the account's"),
    ("4000", "INTERNAL_ERROR", "fixed and anchored sessions together, at the first bar that V1 evaluates"),
)
CODES = "All codes:"

UNKNOWN = """
A field that an engine does not know is left out of its outcomes and named: in `unknown` of `engines.toml` or of the
hello for every outcome, in `unknown` of a reply for one. Such a field is no difference and no equality: reports count
it, and the last line says what was not known. A field that is named and given all the same makes the answer
malformed. These can be unknown, and single metrics as `metrics.NAME`:
"""

LIMITS = """
`[reference.limits]` and `[candidate.limits]` of an `engines.toml` say what may be drawn; what an engine leaves out is
never drawn. A limit that neither names excludes nothing. Each limit is a list of values, `true` for all of them or
`false` for none; strategies, symbols, timeframes, oddities and scenarios have to keep a value.
"""

TOML = """
Two tables, `[reference]` and `[candidate]`, each with exactly one of `builtin`, `command` and `callable`. A file that
cannot be used ends the run with exit code 2, before the first case.
"""
TOML_KEYS: Mapping[str, str] = {
    "name": "how reports call it: 1 to 40 characters, another one than the other engine's; `V1`, `V2` and `reference` "
    "are names of the suite's own engines",
    "builtin": '`"v1"` or `"v2"`',
    "command": 'list of words; the first one is a program, or `"python"` for the interpreter of the suite',
    "callable": '`"module:function"`; the folder of the file is searched first',
    "timeout": "seconds, more than 0",
    "memory_mb": "MiB of address space; 8192 for `builtin`, no bound for `command` where it is left out",
    "in_process": "`true` runs V2 in the process of the suite, for profiling; it has no time limit there",
    "events": "`false`: the engine has no trace",
    "unknown": "list of fields that none of its outcomes holds",
    "limits": "table of what may be drawn",
}

BOUNDS = "What goes beyond a bound costs the verdict on that case, and no more."

FAILURES = """
The case is `incomparable`, the report names the cause, the engine and every process it has started is killed, and the
next case finds a fresh one:

- it cannot be started, ends (with which exit code or signal, and its last line of error output), runs out of memory,
  or closes its input or output;
- it gives no answer in time, or does not read its request in time;
- its line is too long, is no JSON object, or holds something that this page does not name;
- it answers another request, or one without an id, or before it is asked;
- it says so itself (`failure`);
- it answers one case in two ways: the candidate is asked every case twice, with and without its trace, the reference
  every sixteenth case and whenever there is a difference.

An engine that ends after an answer is started again for the next case. The report says how often.

Each engine runs below a process of the suite, its keeper, which kills whatever the engine leaves behind. On Linux that
is every process that descends from the engine: what loses its parent becomes a child of the keeper. Other systems, as
macOS, have no such rule. There a process escapes if it leaves the engine's session, clears its environment and loses
its parent. On any system the same holds for an engine that kills its keeper.
"""

WITHOUT_IDS = """
Engines written before there were ids need not change: without a hello, and with a first reply that has no `id`, an
engine is taken to have none. Then the suite can only go by the order of lines. A byte that arrives before it was
asked for makes the next answer `incomparable`; after the first answer of each process the suite waits {settles} s for
such a byte. With ids a line too many can never be taken for an answer, so send them.
"""
