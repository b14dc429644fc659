//! What the person who measures decides.

use std::path::PathBuf;
use std::time::Duration;

/// How to measure: the size of the room, the talk in it, and where the results go.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The sizes of the room, one run each.
    pub members: Vec<usize>,
    /// How many of the members speak, at most.
    pub speakers: usize,
    /// How many messages a run has in all, if that is to end it.
    pub messages: Option<u64>,
    /// When a run ends at the latest.
    pub time: Duration,
    /// The bytes of each text.
    pub size: usize,
    /// Messages per second and speaker; 0 for as fast as they come back.
    pub rate: u32,
    /// How many of a speaker's messages may be on their way, if there is no rate.
    pub window: u64,
    /// A server that runs already, as `HOST:PORT`; else one is started for each run.
    pub server: Option<String>,
    /// Where the chart goes.
    pub svg: Option<PathBuf>,
    /// Where the table goes as comma-separated values.
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
            svg: None,
            csv: None,
        }
    }
}
