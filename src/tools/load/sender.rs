//! A speaker's sending thread: how fast it sends, and when it stops.
//!
//! There are two ways to load a server. With a rate the load is *open*: messages are due at fixed times, whatever
//! the server does. Without one it is *closed*: a window of messages is outstanding, and each one that returns lets
//! the next one go, so the server itself sets the pace.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::member::Member;
use super::message::TestMessage;
use super::record::Run;

/// The most messages in one write. A busy chat server sees small writes, not one huge one.
const BATCH: u64 = 64;

/// What one speaker sends, and how fast. All speakers of a run have the same plan, except for a message more or less.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The most messages to send.
    pub messages: u64,
    /// The length of each text in bytes.
    pub size: usize,
    /// Messages per second; 0 for as fast as the messages return.
    pub rate: u32,
    /// Without a rate, how many messages may be outstanding.
    pub window: u64,
    /// When the speaker stops, even if it has not sent all its messages.
    pub until: Instant,
}

/// Sends messages until the plan is done, and then a last one that marks the end. Returns how many were written,
/// without the mark.
pub fn speak(member: &Arc<Member>, plan: &Plan, run: &Run) -> u64 {
    let begun = Instant::now();
    let mut blocks = String::new();
    let mut sent = 0;
    while sent < plan.messages && Instant::now() < plan.until {
        let Some(ready) = ready(member, plan, begun, sent) else { return sent };
        blocks.clear();
        for number in sent + 1..=ready {
            // With a rate this is the time when the message was due. A server that holds up its senders must not look
            // better for it.
            let time = if plan.rate > 0 { due(plan, begun, number) } else { Instant::now() };
            let message =
                TestMessage { speaker: member.index, number, said: Some(run.micros(time)) };
            message.write(&run.name, plan.size, &mut blocks);
        }
        if member.write(&blocks).is_err() {
            return sent; // the reading thread knows why
        }
        sent = ready;
    }
    blocks.clear();
    let end = TestMessage { speaker: member.index, number: sent + 1, said: None };
    end.write(&run.name, plan.size, &mut blocks);
    // If this fails, the others wait for the mark in vain, until the run gives up.
    let _ = member.write(&blocks);
    sent
}

/// Waits until a message may be sent, or until the plan's end: by the clock if the load is open, for a message that
/// returns if it is closed. Returns the highest number that may be sent by then; `None` if the connection is over.
fn ready(member: &Member, plan: &Plan, begun: Instant, sent: u64) -> Option<u64> {
    let most = (sent + BATCH).min(plan.messages);
    if plan.rate == 0 {
        // A message that is lost on its way back counts as returned as soon as a later one returns.
        let returned = member.await_return(sent, plan.window, plan.until)?;
        return Some(returned.saturating_add(plan.window).clamp(sent, most));
    }
    let next = due(plan, begun, sent + 1);
    if next > plan.until {
        thread::sleep(plan.until.saturating_duration_since(Instant::now()));
        return Some(sent);
    }
    thread::sleep(next.saturating_duration_since(Instant::now()));
    let now = Instant::now();
    let highest = (sent + 1..=most).take_while(|number| due(plan, begun, *number) <= now).last();
    Some(highest.unwrap_or(sent + 1))
}

/// Returns when a message is due at the plan's rate. It is computed from the number and not by adding up intervals,
/// so no rounding error grows.
fn due(plan: &Plan, begun: Instant, number: u64) -> Instant {
    let nanos = u128::from(number - 1) * 1_000_000_000 / u128::from(plan.rate.max(1));
    begun + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
