//! The arguments of libtest, as far as cargo, nextest and editors use them, `--hint` and `--watch`.

use crate::check::Check;

/// Options of libtest that have a value and mean nothing here.
const WITH_VALUE: [&str; 7] =
    ["--test-threads", "--format", "--color", "--logfile", "--shuffle-seed", "-Z", "--report-time"];
/// Switches of libtest that mean nothing here.
const SWITCHES: [&str; 13] = [
    "--nocapture",
    "--no-capture",
    "--show-output",
    "--quiet",
    "-q",
    "--test",
    "--bench",
    "--force-run-in-process",
    "--exclude-should-panic",
    "--fail-fast",
    "--shuffle",
    "--ensure-time",
    "--include-ignored",
];

/// What is to be done.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "libtest has so many switches")]
pub struct Arguments {
    filters: Vec<String>,
    skips: Vec<String>,
    exact: bool,
    /// Only those that libtest would ignore: there are none.
    ignored: bool,
    /// Only the names.
    pub list: bool,
    /// Help with this check, up to this step.
    pub hint: Option<(String, usize)>,
    /// Again, whenever a file has changed.
    pub watch: bool,
    /// How to call it.
    pub help: bool,
}

impl Arguments {
    /// Reads them.
    ///
    /// # Errors
    /// A sentence about the first that is not known.
    pub fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut found, mut words) = (Self::default(), words);
        while let Some(word) = words.next() {
            let (option, inline) = match word.split_once('=') {
                Some((option, value)) if option.starts_with('-') => {
                    (option, Some(value.to_owned()))
                }
                _ => (word.as_str(), None),
            };
            let mut value = || inline.clone().or_else(|| words.next());
            let missing = || format!("{option} needs a value");
            match option {
                "--exact" => found.exact = true,
                "--list" => found.list = true,
                "--ignored" => found.ignored = true,
                "--watch" => found.watch = true,
                "--help" | "-h" => found.help = true,
                "--skip" => found.skips.push(value().ok_or_else(missing)?),
                "--hint" => found.hint = Some((value().ok_or_else(missing)?, 1)),
                _ if WITH_VALUE.contains(&option) => drop(value()),
                _ if SWITCHES.contains(&option) => {}
                _ if option.starts_with('-') => return Err(format!("unknown option {word}")),
                _ => found.filters.push(word),
            }
        }
        if let (Some(hint), [step]) = (&mut found.hint, found.filters.as_slice()) {
            hint.1 = step.parse().map_err(|_| "the steps of a hint are 1, 2 and 3".to_owned())?;
        }
        Ok(found)
    }

    /// Whether somebody has chosen among the checks.
    pub fn choose(&self) -> bool {
        !self.filters.is_empty() || !self.skips.is_empty()
    }

    /// Whether this check is to be run.
    pub fn want(&self, check: &Check) -> bool {
        let fits = |filter: &String| self.fits(filter, check.name);
        let is_chosen = self.filters.is_empty() || self.filters.iter().any(fits);
        is_chosen && !self.ignored && !self.skips.iter().any(fits)
    }

    /// Whether a filter is meant for the check of this name. `lab1` is lab 1 alone, and not lab 10, too.
    fn fits(&self, filter: &str, name: &str) -> bool {
        let number = filter.strip_prefix("lab").unwrap_or_default();
        let is_lab = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
        match name.split_once("::") {
            _ if self.exact => name == filter,
            Some((lab, _)) if is_lab => lab == filter,
            _ => name.contains(filter),
        }
    }

    /// What was asked for.
    pub fn filters(&self) -> &[String] {
        &self.filters
    }
}
