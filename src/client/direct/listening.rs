//! Where this client listens: on the address at which its server sees it, TCP and UDP with one port number.
//!
//! The client must listen before it has a connection to the server, so it begins with the address that the server's
//! name suggests. The connection then decides: a name may have several addresses (`localhost` is often 127.0.0.1 and
//! `::1`), and others are told the one from which this client has connected.

use std::io;
use std::iter;
use std::net::SocketAddr;

use crate::client::direct::secure::Tickets;
use crate::client::direct::tcp::listener::{self, Callers};
use crate::client::direct::udp::socket::{self, Datagrams};
use crate::client::event::Events;
use crate::client::ui::Screen;
use crate::io_error::cause_at;
use crate::net::interface;
use crate::net::pair::{self, Pair};

/// The sockets on which this client listens.
pub struct Listening {
    /// The way to the loop, for the threads of the sockets.
    events: Events,
    /// What the listening threads share.
    callers: Callers,
    /// The addresses of the sockets. They have one port number.
    addresses: Vec<SocketAddr>,
    /// Addresses on which listening has failed. The user was told.
    failed: Vec<SocketAddr>,
}

impl Listening {
    /// Starts to listen on these sockets.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(
        (pair, twin): (Pair, Option<Pair>),
        datagrams: &mut Datagrams,
        events: &Events,
    ) -> io::Result<Listening> {
        let (events, callers) = (events.clone(), Callers::default());
        let (addresses, failed) = (Vec::new(), Vec::new());
        let mut listening = Listening { events, callers, addresses, failed };
        for pair in iter::once(pair).chain(twin) {
            listening.add(pair, datagrams)?;
        }
        Ok(listening)
    }

    /// The tickets with which callers may make their connections secure.
    pub fn tickets(&self) -> Tickets {
        self.callers.tickets.clone()
    }

    /// The address on which this client has listened from the start.
    pub fn first(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Handles that the connection to the server stands, on which this client has the address `own`: listens there,
    /// too, unless it does already.
    pub fn cover(&mut self, own: SocketAddr, datagrams: &mut Datagrams, screen: &mut Screen) {
        (datagrams.interface, datagrams.local) = (interface::of(&own), Some(own.ip()));
        let mut place = own;
        place.set_port(self.first().port());
        let covers = |bound: &SocketAddr| {
            let any = bound.ip().is_unspecified();
            bound.ip() == place.ip() || (any && (bound.is_ipv6() || place.is_ipv4()))
        };
        if self.addresses.iter().any(covers) || self.failed.contains(&place) {
            return;
        }
        let bound = pair::bind(place).map_err(|(_, error)| error);
        match bound.and_then(|(pair, _)| self.add(pair, datagrams)) {
            Ok(()) => screen.line(format_args!("listening on {place}, too")),
            Err(error) => {
                let why = cause_at(place.port(), &error);
                screen.line(format_args!("cannot listen on {place}, where others look: {why}"));
                self.failed.push(place);
            }
        }
    }

    /// Starts the threads of a pair of sockets.
    fn add(&mut self, (listener, socket): Pair, datagrams: &mut Datagrams) -> io::Result<()> {
        let own = listener.local_addr()?;
        listener::listen(listener, &self.callers, &self.events)?;
        socket::listen(&socket, self.events.clone())?;
        datagrams.add(socket, own);
        self.addresses.push(own);
        Ok(())
    }
}
