//! The window against replays: each number once, and nothing that is too old to be known.

use std::collections::HashSet;

use p2p_chat::tls::ReplayWindow;

use crate::driver::dice::Dice;

/// A window in which these came, one after the other. Each must be welcome.
fn after(numbers: &[u64]) -> ReplayWindow {
    let mut window = ReplayWindow::default();
    for number in numbers {
        assert!(window.may_come(*number), "{number} in {numbers:?}");
        window.note(*number);
    }
    window
}

#[test]
fn a_number_comes_once() {
    for first in [0, 1, 63, 64, 65, 1000, u64::MAX - 1, u64::MAX] {
        let window = after(&[first]);
        assert!(!window.may_come(first), "{first} twice");
    }
}

#[test]
fn a_number_that_was_overtaken_comes_and_then_comes_no_more() {
    let mut window = after(&[10, 12]);
    for number in [11, 9, 0] {
        assert!(window.may_come(number), "{number}");
        window.note(number);
        assert!(!window.may_come(number), "{number} twice");
    }
    assert!(!window.may_come(10) && !window.may_come(12));
}

#[test]
fn the_window_is_64_wide() {
    for highest in [64, 100, u64::MAX] {
        let window = after(&[highest]);
        assert!(window.may_come(highest - 63), "the last one inside");
        assert!(!window.may_come(highest - 64), "the first one outside");
    }
}

#[test]
fn a_leap_forgets_what_falls_out_and_nothing_else() {
    for (leap, old_is_known) in [(1, true), (63, true), (64, true), (65, true), (1 << 40, true)] {
        let mut window = after(&[5, 7]);
        window.note(7 + leap);
        assert_eq!(!window.may_come(7), old_is_known, "7 after a leap of {leap}");
        // 6 never came: it is welcome as long as it lies in the window.
        assert_eq!(window.may_come(6), leap < 63, "6 after a leap of {leap}");
        assert!(window.may_come(8 + leap));
    }
}

#[test]
fn a_forged_number_moves_nothing() {
    let window = after(&[3]);
    let before = window.clone();
    assert!(window.may_come(u64::MAX));
    assert_eq!(window, before, "asking changes the window");
    assert!(window.may_come(4));
}

#[test]
fn it_is_as_a_set_of_all_numbers_with_a_lower_end() {
    let mut dice = Dice::of("tls_replay_window");
    let (mut window, mut came, mut highest) = (ReplayWindow::default(), HashSet::new(), 0_u64);
    for _ in 0..20_000 {
        let near = highest.saturating_sub(70) + dice.below(140) as u64;
        let number = if dice.below(200) == 0 { near + dice.below(500) as u64 } else { near };
        let is_old = highest >= 64 && number <= highest - 64;
        let expected = !is_old && !came.contains(&number);
        assert_eq!(window.may_come(number), expected, "{number}, the highest is {highest}");
        // A few are forged: their tags are wrong, and nothing is noted.
        if expected && dice.below(5) != 0 {
            window.note(number);
            came.insert(number);
            highest = highest.max(number);
        }
    }
    assert!(came.len() > 2_000, "only {} came", came.len());
}
