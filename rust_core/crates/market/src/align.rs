//! Which bar of a higher timeframe each primary bar may see: the look-ahead guard.

/// Rules of one alignment; lengths in ns.
pub struct Rules {
    /// Added to a primary bar's time to get the time of decision.
    pub decision_shift: i64,
    /// Added to a higher bar's time to get its end.
    pub end_shift: i64,
    /// Off: the newest bar that has begun is visible, complete or not.
    pub completed_only: bool,
    /// Primary bars after which a higher bar is stale.
    pub stale_limit: usize,
}

/// Index of the visible higher bar for each primary bar; `None` when there is none or it is stale.
pub fn visible(primary: &[i64], higher: &[i64], rules: &Rules) -> Vec<Option<u32>> {
    let mut next = 0;
    let mut since = 0;
    let mut out = Vec::with_capacity(primary.len());
    for (i, &ts) in primary.iter().enumerate() {
        let known = |j: usize| {
            if rules.completed_only {
                higher[j] + rules.end_shift <= ts + rules.decision_shift
            } else {
                higher[j] <= ts
            }
        };
        let before = next;
        while next < higher.len() && known(next) {
            next += 1;
        }
        if next != before {
            since = i;
        }
        let fresh = next > 0 && i - since <= rules.stale_limit;
        out.push(fresh.then(|| (next - 1) as u32));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_visible_only_after_its_end_and_until_it_is_stale() {
        let rules = Rules { decision_shift: 0, end_shift: 10, completed_only: true, stale_limit: 2 };
        let seen = visible(&[0, 5, 10, 15, 20, 25, 30], &[0], &rules);
        assert_eq!(seen, [None, None, Some(0), Some(0), Some(0), None, None]);
    }
}
