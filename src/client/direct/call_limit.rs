//! How many CALLs a client acts on, by whatever way they ask it to find the caller.
//!
//! A server can say of any address that somebody there calls. So what it can make a client send to others is bounded:
//! each CALL leads to a few datagrams or connections, and there are not many of them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most CALLs in a minute that are acted on.
pub const MAX_CALLS: usize = 30;
/// That minute.
const MINUTE: Duration = Duration::from_secs(60);

/// When this client has acted on CALLs, for the last minute.
///
/// ```
/// use p2p_chat::client::direct::call_limit::{CallLimit, MAX_CALLS};
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let mut limit = CallLimit::default();
/// assert!((0..MAX_CALLS).all(|_| limit.allows(start)));
/// assert!(!limit.allows(start + Duration::from_secs(59)));
/// assert!(limit.allows(start + Duration::from_secs(60)));
/// ```
#[derive(Debug, Default)]
pub struct CallLimit(VecDeque<Instant>);

impl CallLimit {
    /// Whether one more CALL may be acted on. Then it counts. A CALL that is not allowed does not count, so a flood of
    /// them does not make the wait longer.
    pub fn allows(&mut self, now: Instant) -> bool {
        self.0.retain(|acted| now.duration_since(*acted) < MINUTE);
        let allows = self.0.len() < MAX_CALLS;
        self.0.extend(allows.then_some(now));
        allows
    }
}
