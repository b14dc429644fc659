//! The options of a measurement, as the command line gives them.
//!
//! The defaults are a room in which ten members talk as fast as the server lets them.

use std::path::PathBuf;
use std::time::Duration;

/// The size of the room, the talk in it, and where the results go.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The numbers of members, one run for each.
    pub members: Vec<usize>,
    /// The most members that send messages.
    pub speakers: usize,
    /// How many messages a run has in all; `None` if only its time ends it.
    pub messages: Option<u64>,
    /// The longest time that members send.
    pub time: Duration,
    /// The bytes of each text.
    pub size: usize,
    /// Messages per second and speaker; 0 for as fast as the messages return.
    pub rate: u32,
    /// Without a rate, how many of a speaker's messages may be outstanding (a sliding window).
    pub window: u64,
    /// A running server as `HOST:PORT`; `None` to start one for each run. A running server must have no rate limit,
    /// and room for all members.
    pub server: Option<String>,
    /// The file of the key by which members speak TLS; without one they do not.
    pub key: Option<PathBuf>,
    /// The file for the chart, if one is wanted.
    pub svg: Option<PathBuf>,
    /// The file for the table as comma-separated values, if one is wanted.
    pub csv: Option<PathBuf>,
}

impl Default for LoadOptions {
    fn default() -> LoadOptions {
        LoadOptions {
            members: Vec::new(),
            speakers: 10,
            messages: None,
            time: Duration::from_secs(5),
            size: 64,
            rate: 0,
            window: 8,
            server: None,
            key: None,
            svg: None,
            csv: None,
        }
    }
}
