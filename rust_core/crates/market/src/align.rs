//! Which bar of a higher timeframe each primary bar may see: the look-ahead guard.

/// Rules of one alignment; lengths in ns.
pub struct Rules {
    /// Added to a primary bar's time to get the time of decision.
    pub decision_shift: i64,
    /// Added to a higher bar's time to get its end.
    pub end_shift: i64,
    /// Off: a bar becomes visible at the primary bar with its own time, complete or not.
    pub completed_only: bool,
    /// Primary bars after which a higher bar is stale.
    pub stale_limit: usize,
}

/// Index of the visible higher bar for each primary bar; `None` when there is none or it is stale.
pub fn visible(primary: &[i64], higher: &[i64], rules: &Rules) -> Vec<Option<u32>> {
    let (mut next, mut since) = (0, 0);
    let mut shown = None;
    let mut out = Vec::with_capacity(primary.len());
    for (i, &ts) in primary.iter().enumerate() {
        let before = shown;
        if rules.completed_only {
            while next < higher.len() && higher[next] + rules.end_shift <= ts + rules.decision_shift {
                next += 1;
            }
            shown = next.checked_sub(1);
        } else {
            // A bar whose time no primary bar has is never seen.
            next += higher[next..].partition_point(|t| *t < ts);
            if higher.get(next) == Some(&ts) {
                shown = Some(next);
            }
        }
        if shown != before {
            since = i;
        }
        out.push(shown.filter(|_| i - since <= rules.stale_limit).map(|j| j as u32));
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

    #[test]
    fn with_look_ahead_a_bar_is_visible_from_its_own_time_on_and_never_without_a_primary_bar_there() {
        let seen = |shift, primary: &[i64]| {
            let rules = Rules { decision_shift: shift, end_shift: 10, completed_only: false, stale_limit: 3 };
            visible(primary, &[0, 10, 20, 30], &rules)
        };
        let expected = [None, Some(1), Some(1), Some(1), Some(3), Some(3)];
        for shift in [0, 5] {
            assert_eq!(seen(shift, &[5, 10, 15, 25, 30, 35]), expected);
        }
        assert_eq!(seen(0, &[10, 11, 12, 13, 14, 15]), [Some(1), Some(1), Some(1), Some(1), None, None]);
    }
}
