//! The strategies: which orders a bar's close asks for.

mod chain;
mod cluster;
mod mean_reversion;
mod trend;
mod view;

use omega_contract::inputs::Pair;
use omega_contract::strategy::{Direction, ScriptedOrders, Strategy as Choice};

use crate::events::Stop;
use crate::gates::NewsGate;
use crate::inputs::Inputs;
use crate::order::Request;
use crate::policy::Policies;
use mean_reversion::MeanReverter;

pub use view::View;

/// A strategy ready to run.
pub enum Strategy<'a> {
    Scripted(Scripted<'a>),
    MeanReversion(Box<MeanReverter<'a>>),
}

impl<'a> Strategy<'a> {
    pub fn new(inputs: &Inputs<'a>, policies: &Policies, tick: f64) -> Self {
        let config = inputs.config;
        match &config.strategy {
            Choice::ScriptedOrders(params) => Self::Scripted(Scripted::new(params, inputs.bars)),
            Choice::MeanReversionZScore(params) => {
                let gate = config.news_filter.enabled.then(|| NewsGate::new(config, policies, inputs.news));
                Self::MeanReversion(Box::new(MeanReverter::new(params, inputs, gate, policies, tick)))
            }
        }
    }

    /// The first bar from `index` on (`bar` from the start) on which there may be an order; none: never again.
    pub fn next(&self, index: usize, start: usize) -> Option<usize> {
        match self {
            Self::Scripted(strategy) => {
                let due = |when: i64| usize::try_from(when).map_or(index, |bar| (start + bar).max(index));
                strategy.due.get(strategy.next).map(|(when, _)| due(*when))
            }
            Self::MeanReversion(strategy) => strategy.next(index),
        }
    }

    /// As `next`, while there is an open position.
    pub fn next_while_open(&self, index: usize, start: usize) -> Option<usize> {
        match self {
            Self::Scripted(_) => self.next(index, start),
            // One position at a time.
            Self::MeanReversion(_) => None,
        }
    }

    /// Orders of one bar, in order.
    pub fn orders(&mut self, view: &View) -> Vec<Request> {
        match self {
            Self::Scripted(strategy) => strategy.orders(view),
            Self::MeanReversion(strategy) => strategy.order(view).into_iter().collect(),
        }
    }

    /// What of the strategy's own stops it on a bar on which it gives no order, for the trace: a gate for both
    /// directions, or one for each.
    pub fn stops(&mut self, view: &View) -> Vec<Stop> {
        match self {
            Self::Scripted(_) => vec![],
            Self::MeanReversion(strategy) => strategy.stops(view),
        }
    }
}

/// Places given orders.
pub struct Scripted<'a> {
    params: &'a ScriptedOrders,
    bars: &'a Pair,
    /// Order indices by bar, ascending; `next` is the first one not yet due.
    due: Vec<(i64, usize)>,
    next: usize,
}

impl<'a> Scripted<'a> {
    fn new(params: &'a ScriptedOrders, bars: &'a Pair) -> Self {
        let mut due: Vec<(i64, usize)> = params.orders.iter().enumerate().map(|(i, o)| (o.bar, i)).collect();
        due.sort_unstable();
        Self { params, bars, due, next: 0 }
    }

    fn orders(&mut self, view: &View) -> Vec<Request> {
        let bar = view.bar as i64;
        while self.due.get(self.next).is_some_and(|(when, _)| *when < bar) {
            self.next += 1;
        }
        let mut out = vec![];
        while let Some((when, id)) = self.due.get(self.next).copied()
            && when == bar
        {
            self.next += 1;
            let order = &self.params.orders[id];
            let market = match order.direction {
                Direction::Long => self.bars.ask.close[view.index],
                Direction::Short => self.bars.bid.close[view.index],
            };
            out.push(Request {
                id: id as i64,
                direction: order.direction,
                kind: order.kind,
                price: order.entry.unwrap_or(market),
                sl: order.sl,
                tp: order.tp,
                scenario: order.scenario.clone(),
            });
        }
        out
    }
}
