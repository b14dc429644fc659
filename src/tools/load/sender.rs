//! A speaker: how fast it speaks, and the body of its thread.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::member::Member;
use super::message::TestMessage;
use super::record::Run;

/// The most messages in one write.
const BATCH: u64 = 64;

/// How a speaker speaks.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The most messages.
    pub messages: u64,
    /// The bytes of each text.
    pub size: usize,
    /// Messages per second; 0 for as fast as they come back.
    pub rate: u32,
    /// How many may be on their way, if there is no rate.
    pub window: u64,
    /// When it ends, whatever is left.
    pub until: Instant,
}

/// Speaks until the plan is done, then says that it was the last. Gives how many messages were
/// written, without that mark.
pub fn speak(member: &Arc<Member>, plan: &Plan, run: &Run) -> u64 {
    let begun = Instant::now();
    let mut blocks = String::new();
    let mut sent = 0;
    while sent < plan.messages && Instant::now() < plan.until {
        let Some(ready) = ready(member, plan, begun, sent) else { return sent };
        blocks.clear();
        for number in sent + 1..=ready {
            // With a rate it is the time when it was due: a server that makes speakers wait must not
            // look better for it.
            let time = if plan.rate > 0 { due(plan, begun, number) } else { Instant::now() };
            let message =
                TestMessage { speaker: member.index, number, said: Some(run.micros(time)) };
            message.write(&run.name, plan.size, &mut blocks);
        }
        if member.write(&blocks).is_err() {
            return sent; // its listening thread knows why
        }
        sent = ready;
    }
    blocks.clear();
    let end = TestMessage { speaker: member.index, number: sent + 1, said: None };
    end.write(&run.name, plan.size, &mut blocks);
    // Without it the others wait in vain, which ends by itself.
    let _ = member.write(&blocks);
    sent
}

/// Waits until something may be said, or the plan's end. Gives the highest number that may be said by
/// then; `None` when nobody hears it any more.
fn ready(member: &Member, plan: &Plan, begun: Instant, sent: u64) -> Option<u64> {
    let most = (sent + BATCH).min(plan.messages);
    if plan.rate == 0 {
        // One that is lost on its way back counts as back as soon as a later one is.
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
    let reordered = (sent + 1..=most).take_while(|number| due(plan, begun, *number) <= now).last();
    Some(reordered.unwrap_or(sent + 1))
}

/// When the message of this number is due at the plan's rate.
fn due(plan: &Plan, begun: Instant, number: u64) -> Instant {
    let nanos = u128::from(number - 1) * 1_000_000_000 / u128::from(plan.rate.max(1));
    begun + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
