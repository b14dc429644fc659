//! What the environment decides: `LAB_SEED` and its kin. The programs that are graded see none of it.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::driver::machine;

/// How long one step may take.
const STEP: Duration = Duration::from_secs(4);
/// How long a whole check may take.
const CHECK: Duration = Duration::from_secs(25);

/// What was set, or is usual.
#[derive(Debug)]
pub struct Settings {
    /// `LAB_SEED`: names, texts, the places where bytes are cut.
    pub seed: u64,
    /// `LAB_SLOW`: how many times longer everything may take at the least.
    least: f64,
    /// `LAB_REPORT`: where a report for instructors goes, as JSON lines.
    pub report: Option<PathBuf>,
    /// `LAB_WAIVE`: checks that are given full points.
    pub waive: Vec<String>,
    /// The numbers in `tests/grade/given.txt`: the labs that were handed out solved. None without that file.
    pub given: Vec<u32>,
    /// `LAB_APART`: how the programs are kept apart from the grader, so that none can write where scores are made.
    pub apart: Apart,
    /// `LAB_SERVER`, `LAB_CLIENT`, `LAB_LOAD`, `LAB_PARTS`: other programs than this tree's, with those names.
    pub others: Vec<(&'static str, PathBuf)>,
}

/// How programs are kept apart from the grader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Apart {
    /// Not at all: they are one's own.
    Not,
    /// As this user of the system, who owns nothing but the folders that programs run in. Only root can do so.
    User(u32),
    /// In a user and process namespace for each. From there no process outside can be seen or signalled.
    Namespace,
}

/// The settings of this run.
pub fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(Settings::read)
}

impl Settings {
    fn read() -> Self {
        let number = |name: &str| env::var(name).ok().and_then(|value| value.parse().ok());
        let list = env::var("LAB_WAIVE").unwrap_or_default();
        let others = ["LAB_SERVER", "LAB_CLIENT", "LAB_LOAD", "LAB_PARTS"].into_iter();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grade/given.txt");
        let given = fs::read_to_string(file).unwrap_or_default();
        Self {
            seed: env::var("LAB_SEED").ok().and_then(|value| value.parse().ok()).unwrap_or(fresh()),
            least: number("LAB_SLOW").filter(|slow| (1.0..=100.0).contains(slow)).unwrap_or(1.0),
            report: env::var_os("LAB_REPORT").map(PathBuf::from),
            waive: list.split(',').map(|name| name.trim().to_owned()).collect(),
            given: given.split_whitespace().filter_map(|lab| lab.parse().ok()).collect(),
            apart: match env::var("LAB_APART").as_deref() {
                Err(_) | Ok("") => Apart::Not,
                Ok(user) => user.parse().map_or(Apart::Namespace, Apart::User),
            },
            others: others.filter_map(|name| Some((name, path(name)?))).collect(),
        }
    }

    /// How many times longer everything may take: as often as was set, or as the machine is [busy](machine).
    pub fn slow(&self) -> f64 {
        self.least.max(machine::stretch())
    }

    /// The same as a whole number, for flags that take seconds: with them the times of a program are stretched, too.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small")]
    pub fn slow_flag(&self) -> u32 {
        self.slow().ceil() as u32
    }

    /// How long one step may take.
    pub fn step(&self) -> Duration {
        STEP.mul_f64(self.slow())
    }

    /// How long a whole check may take.
    pub fn check(&self) -> Duration {
        CHECK.mul_f64(self.slow())
    }

    /// Whether other programs than this tree's are graded, and their `parts` are not among them.
    pub fn lacks_parts(&self) -> bool {
        !self.others.is_empty() && self.others.iter().all(|(name, _)| *name != "LAB_PARTS")
    }

    /// The program that is graded as `server`, `client`, `load` or `parts`. Any other name is a path.
    pub fn program(&self, name: &str) -> PathBuf {
        let other =
            self.others.iter().find(|(variable, _)| variable[4..].eq_ignore_ascii_case(name));
        let own = match name {
            "server" => env!("CARGO_BIN_EXE_server"),
            "client" => env!("CARGO_BIN_EXE_client"),
            "load" => env!("CARGO_BIN_EXE_load"),
            "parts" => env!("CARGO_BIN_EXE_parts"),
            path => path,
        };
        other.map_or_else(|| PathBuf::from(own), |(_, path)| path.clone())
    }
}

/// A path from the environment. Programs are started in folders of their own, so it must not be relative.
fn path(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os(name).filter(|path| !path.is_empty())?);
    Some(fs::canonicalize(&path).unwrap_or(path))
}

/// A seed that the next run will not have. It is short, for it may have to be typed.
fn fresh() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (u64::from(now.subsec_nanos()) / 1000 + now.as_secs() * 7 + u64::from(process::id()))
        % 1_000_000
}
