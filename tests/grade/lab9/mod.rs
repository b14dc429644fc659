//! Lab 9, measuring: percentiles, loss, order, a report. Your `load` measures a server that the grader plays,
//! and whose faults are known.

mod audience;
mod faults;
mod latency;

use crate::check::Check;
use crate::driver::dice::Dice;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab9::a_run_without_faults_has_none",
        says: "Everything arrives at once and in order: the table says so, and the exit code is 0.",
        points: 1,
        rule: "MANUAL.md, measuring: the table",
        needs: &[],
        run: latency::a_run_without_faults_has_none,
    },
    Check {
        name: "lab9::a_percentile_is_a_value_that_was_measured",
        says: "Of 4, 5, 10 and 1,000 values the percentiles are exactly those of the nearest rank; \
               of none they are 0. A tenth that is 200 ms late shows in p99 and not in p50, and the \
               pauses count in deliveries/s.",
        points: 1,
        rule: "src/tools/load/measure.rs, percentile: nearest rank",
        needs: &["lab9::a_run_without_faults_has_none"],
        run: percentiles,
    },
    Check {
        name: "lab9::what_is_lost_is_counted",
        says: "Some messages never reach one member, at the end, too, or of two speakers, or \
               numbers of the room are left out: each counts as lost once, and the exit code is 1.",
        points: 1,
        rule: "src/tools/load/measure.rs, Order: what is skipped is lost; MANUAL.md, measuring: the exit code",
        needs: &["lab9::a_run_without_faults_has_none"],
        run: faults::what_is_lost_is_counted,
    },
    Check {
        name: "lab9::what_is_out_of_order_is_counted",
        says: "Some messages come late, also in the middle of a gap, others come twice, or in \
               another order than the room's: each counts as disorder, none as lost, and the exit \
               code is 1.",
        points: 1,
        rule: "src/tools/load/measure.rs, Order: what comes after all is reordered; what comes again is a duplicate",
        needs: &["lab9::a_run_without_faults_has_none"],
        run: faults::what_is_out_of_order_is_counted,
    },
];

/// Of few values exactly, and of many what they are for.
fn percentiles(dice: &mut Dice) {
    latency::a_percentile_is_a_value_that_was_measured(dice);
    latency::a_tenth_that_is_late_shows_in_p99_and_not_in_p50(dice);
}
