//! Connections that have not shown yet what they are: a limited number, of which the oldest gives way.
//!
//! A limit that refuses the next one would let idle connections keep everybody out. Here a new connection always comes
//! in, and the oldest that is still idle is disconnected.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Weak};

/// The newcomers of a listener.
#[derive(Debug)]
pub struct Newcomers {
    limit: usize,
    /// The oldest first. Those that have shown what they are, or are gone, hold no value any more.
    held: VecDeque<Weak<Newcomer>>,
}

/// A connection that has not shown yet what it is. Its thread drops this when it has.
#[derive(Debug)]
pub struct Newcomer(Arc<TcpStream>);

impl Newcomers {
    /// No newcomers yet, and at most `limit` later.
    pub fn new(limit: usize) -> Newcomers {
        Newcomers { limit, held: VecDeque::new() }
    }

    /// Lets a connection in. If there are too many, the oldest one is disconnected.
    pub fn admit(&mut self, stream: &Arc<TcpStream>) -> Arc<Newcomer> {
        self.held.retain(|newcomer| newcomer.strong_count() > 0);
        if self.held.len() >= self.limit
            && let Some(oldest) = self.held.pop_front().and_then(|oldest| oldest.upgrade())
        {
            let _ = oldest.0.shutdown(Shutdown::Both); // it may have gone by itself
        }
        let newcomer = Arc::new(Newcomer(Arc::clone(stream)));
        self.held.push_back(Arc::downgrade(&newcomer));
        newcomer
    }
}
