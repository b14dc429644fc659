//! Lab 12, congestion. The grader asks your sender in virtual time, and is its clock, its user and its network.

mod flows;
mod growth;
mod link;
mod loss;
mod samples;
mod sender;
mod timer;

use crate::check::Check;

/// Its checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "lab12::the_timer_follows_the_round_trip",
        says: "A message waits 200 ms for its ACK if nothing is known, and then as long as RFC 6298 makes \
               of the times before: not below 200 ms, not above 800.",
        points: 1,
        rule: "RFC 6298, 2: computing the retransmission timer, with G = 50 ms and K = 4",
        needs: &[],
        run: timer::the_timer_follows_the_round_trip,
    },
    Check {
        name: "lab12::what_was_sent_twice_measures_nothing",
        says: "The ACK of a message that was sent twice moves no mean, nor does an Upto, nor a second ACK in \
               one round trip; but after three copies in a row the timer doubles.",
        points: 1,
        rule: "RFC 6298, 3 (Karn's algorithm) and 5.5: back off the timer",
        needs: &["lab12::the_timer_follows_the_round_trip"],
        run: samples::what_was_sent_twice_measures_nothing,
    },
    Check {
        name: "lab12::a_loss_halves_the_window_once",
        says: "Whatever is lost of one window, half of it may be in flight afterwards, and of the next loss \
               half of that; a single lost message does not stop the others.",
        points: 1,
        rule: "RFC 5681, 3.1: equation (4); RFC 5681, 3.2: one reduction for one window of data",
        needs: &[],
        run: loss::a_loss_halves_the_window_once,
    },
    Check {
        name: "lab12::after_silence_the_window_begins_at_one",
        says: "When nothing came back for long, one new message goes out in each timeout; then the window \
               doubles in each round trip up to its threshold, and grows by one in each after that.",
        points: 1,
        rule: "RFC 5681, 3.1: slow start and congestion avoidance",
        needs: &[],
        run: growth::after_silence_the_window_begins_at_one,
    },
    Check {
        name: "lab12::flows_fill_the_link_and_share_it",
        says: "Over a link with a rate, a queue and a delay one flow has 80 % of the rate and two have \
               shares with Jain's index at least .9, with few copies; without congestion there are none, and \
               a way that has become slower is not flooded with them.",
        points: 1,
        rule: "RFC 5681, 3.1, with all the rules before; R. Jain and others, 1984: the index of fairness",
        needs: &[],
        run: flows::flows_fill_the_link_and_share_it,
    },
];
