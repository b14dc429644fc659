//! A network between a client and a server that can break: it passes bytes on, until it does not.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The network. Connections that are frozen stay so for ever, as with a machine that was unplugged.
#[derive(Clone, Debug)]
pub struct Lane {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

/// How it stands.
#[derive(Debug, Default)]
struct State {
    /// Where it leads, if anywhere: else who connects is hung up on.
    to: Option<SocketAddr>,
    /// The connections that were made before this one's number are frozen.
    frozen_before: usize,
    /// How many connections were made.
    made: usize,
    /// Both ends of each connection.
    ends: Vec<TcpStream>,
    /// All bytes that went by, in both directions.
    heard: Vec<u8>,
    /// Whether the next piece is changed.
    lies: bool,
}

impl Lane {
    /// A network to this server.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { to: Some(server), ..State::default() };
        let lane = Self { address, state: Arc::new((Mutex::new(state), Condvar::new())) };
        let own = lane.clone();
        begins(move || listener.incoming().for_each(|near| own.carries(near.unwrap())));
        lane
    }

    /// Where the client connects.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing passes on the connections that there are, and nobody is told. New ones work.
    pub fn freezes(&self) {
        let mut state = self.state();
        state.frozen_before = state.made;
    }

    /// Hangs up on everybody, and on everybody who comes.
    pub fn breaks(&self) {
        let mut state = self.state();
        state.to = None;
        for end in state.ends.drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// All bytes that went by.
    pub fn heard(&self) -> Vec<u8> {
        self.state().heard.clone()
    }

    /// Changes a bit of what comes next.
    pub fn lies(&self) {
        self.state().lies = true;
    }

    /// From now on it leads to this server.
    pub fn leads_to(&self, server: SocketAddr) {
        self.state().to = Some(server);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries what goes over a connection, in two threads.
    fn carries(&self, near: TcpStream) {
        let mut state = self.state();
        let Some(far) = state.to.and_then(|to| TcpStream::connect(to).ok()) else { return };
        let number = state.made;
        state.made += 1;
        for (from, to) in [(&near, &far), (&far, &near)] {
            let (from, to, own) =
                (from.try_clone().unwrap(), to.try_clone().unwrap(), self.clone());
            begins(move || own.passes(number, from, to));
        }
        state.ends.extend([near, far]);
    }

    /// Passes bytes on in one direction.
    fn passes(&self, number: usize, mut from: TcpStream, mut to: TcpStream) {
        let mut piece = [0; 4096];
        while let Ok(count) = from.read(&mut piece) {
            let mut state = self.state();
            while number < state.frozen_before {
                state = self.state.1.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if std::mem::take(&mut state.lies) {
                piece[count.saturating_sub(1)] ^= 1;
            }
            state.heard.extend_from_slice(&piece[..count]);
            drop(state);
            if count == 0 || to.write_all(&piece[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}

/// Starts a thread, which ends with the test.
fn begins(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name("lane".to_owned()).spawn(work).unwrap();
}
