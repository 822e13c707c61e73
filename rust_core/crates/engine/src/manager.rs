//! The position manager: holding times and level edits.

use omega_contract::config::Config;
use omega_contract::strategy::{LevelEdit, Strategy as Choice};
use omega_contract::time::MINUTE_NS;
use omega_contract::{Category, RunError, codes};

use crate::order::Order;
use crate::policy::{ManagerReach, Policies};

/// Holds positions for a limited time and edits their levels.
pub struct Manager<'a> {
    enabled: bool,
    holding_ns: Option<f64>,
    only: &'a [String],
    pub edits: &'a [LevelEdit],
    reach: ManagerReach,
    wrappers: usize,
    since_fill: bool,
}

impl<'a> Manager<'a> {
    pub fn new(config: &'a Config, policies: &Policies, wrappers: usize) -> Self {
        let rules = &config.trade_management;
        let (own, own_minutes, edits): (bool, Option<f64>, &[LevelEdit]) = match &config.strategy {
            Choice::ScriptedOrders(p) => (p.use_position_manager, p.max_holding_minutes, &p.edits),
            Choice::MeanReversionZScore(_) => (false, None, &[]),
        };
        let minutes = if rules.enabled { rules.max_holding_minutes.or(own_minutes) } else { own_minutes };
        Self {
            enabled: rules.enabled || own,
            holding_ns: minutes.map(|m| m * MINUTE_NS as f64),
            only: &rules.only_scenarios,
            edits,
            reach: policies.manager_reach,
            wrappers,
            since_fill: policies.holding_since_fill,
        }
    }

    /// Behind two wrappers V1 cannot find the manager and fails on its first bar, whatever there is to manage.
    pub fn check_reach(&self) -> Result<(), RunError> {
        if self.reach == ManagerReach::OneWrapper && self.wrappers > 1 {
            let message = "sessions and anchored_sessions together hide the position manager (timeout_reach v1)";
            return Err(RunError::new(Category::Runtime, codes::INTERNAL_ERROR, message));
        }
        Ok(())
    }

    /// Whether the manager runs.
    pub fn reachable(&self) -> bool {
        self.enabled && (self.reach == ManagerReach::Enabled || self.wrappers == 1)
    }

    pub fn edit(&self, order: &mut Order, bar: usize) {
        for edit in self.edits.iter().filter(|e| e.bar == bar as i64 && e.order == order.request.id) {
            order.sl = edit.sl.unwrap_or(order.sl);
            order.tp = edit.tp.unwrap_or(order.tp);
        }
    }

    /// Whether an open position has been held for as long as it may be.
    pub fn expired(&self, order: &Order, now: i64) -> bool {
        let Some(limit) = self.holding_ns.filter(|_| order.is_open()) else {
            return false;
        };
        let since = match order.fill {
            Some(fill) if self.since_fill => fill.ts,
            _ => order.placed_ts,
        };
        let included =
            self.only.is_empty() || order.request.scenario.as_ref().is_some_and(|label| self.only.contains(label));
        included && (now - since) as f64 >= limit
    }
}
