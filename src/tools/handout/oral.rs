//! Questions for an oral, made from the student's own tree: one token of one of the student's functions is changed.
//!
//! ```text
//! handout --oral ../anna --into ../oral/anna
//!
//! ../oral/anna/                  a fresh tree with anna's sources, one of them changed
//! ../oral/anna/QUESTION.md       what the student reads
//! ../oral/anna.answer.txt        what the instructor reads: the place, both lines, the rule
//! ```
//!
//! The author of the function finds the place from the first story that the grader tells. The question is a
//! whole tree. The answer lies beside the tree, in a file of its own, so that it is not shown with it.
//!
//! The rule works on the text. It knows no types, and it may change something that no check sees: the answer's file
//! says how to get another question.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::handin::Handin;
use super::mark::{LABS, Mark};
use super::scanner::{code, is_letter, letters, line};
use super::tree::{Open, Solution, put};
use crate::random::Dice;

/// The tokens that are swapped, and what the mistake is called. The first one that stands at a place counts.
const SWAPS: [(&str, &str, &str); 22] = [
    (" == ", " != ", "equal has become unequal"),
    (" != ", " == ", "unequal has become equal"),
    (" <= ", " < ", "the limit itself is left out"),
    (" >= ", " > ", "the limit itself is left out"),
    (" < ", " <= ", "the limit itself is let in"),
    (" > ", " >= ", "the limit itself is let in"),
    (" && ", " || ", "both has become either"),
    (" || ", " && ", "either has become both"),
    (" += ", " -= ", "it counts down, not up"),
    (" -= ", " += ", "it counts up, not down"),
    (" + ", " - ", "a sum has become a difference"),
    (" - ", " + ", "a difference has become a sum"),
    (".is_some()", ".is_none()", "there has become not there"),
    (".is_none()", ".is_some()", "not there has become there"),
    (".is_ok()", ".is_err()", "success has become failure"),
    (".is_err()", ".is_ok()", "failure has become success"),
    (".any(", ".all(", "one has become all"),
    (".all(", ".any(", "all has become one"),
    (".min(", ".max(", "the smaller one has become the larger one"),
    (".max(", ".min(", "the larger one has become the smaller one"),
    (".pop_front()", ".pop_back()", "the oldest has become the newest"),
    (".push_back(", ".push_front(", "the end of the line has become its beginning"),
];
/// What a stub has and a written function has not.
const STUBS: [&str; 2] = ["todo!", "not_yet!"];
/// What the student reads.
const QUESTION: &str = "# Your tree, but for one token\n\n\
    One token in one of your own functions of lab {lab} is not as you wrote it.\n\n    \
    cargo test lab{lab}\n\n\
    Read the first story that fails. Say which line it is, what stood there, and why the story ends as it does.\n\
    If every check is green: which story would show the change?\n";

/// A question about a hand-in, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OralQuestion {
    /// The lab of the function.
    pub lab: u32,
    /// The source that is changed, by its path, and its new text.
    pub path: String,
    /// The whole text of the source with the change.
    pub text: String,
    /// What the instructor reads.
    pub answer: String,
}

/// A change of one token. It keeps the types, as far as that can be seen in the text, so the tree still compiles.
struct TokenChange {
    /// The bytes of the source that are replaced.
    place: Range<usize>,
    /// What is put there.
    new: String,
    /// What the mistake is called.
    rule: &'static str,
}

/// Writes a question about a hand-in into a fresh tree, and the answer into a file beside the tree. Gives the path of
/// the answer. Without a `lab` any function may be chosen. The same `seed` gives the same question.
///
/// # Errors
/// A sentence: the hand-in has none of the functions, or something cannot be read or written.
pub fn oral(
    root: &Path,
    handin: &Path,
    into: &Path,
    lab: Option<u32>,
    seed: u64,
) -> Result<PathBuf, String> {
    let (mut handin, solution) = (Handin::read(handin)?, Solution::read(root)?);
    handin.keep_to(&solution);
    let question = Questions::about(&solution, &handin, lab)?.ask(seed);
    let answer = beside(into)?;
    solution.write(into, Open::From(*LABS.start()))?;
    handin.put(&solution, into, |_| true)?;
    put(into, &question.path, &question.text)?;
    put(into, "QUESTION.md", &QUESTION.replace("{lab}", &question.lab.to_string()))?;
    put(Path::new(""), &answer.display().to_string(), &question.answer)?;
    Ok(answer)
}

/// The file for the answer: beside the tree, with its name. The folder of the tree may not exist yet.
fn beside(into: &Path) -> Result<PathBuf, String> {
    let name = into.file_name().ok_or(format!("{} has no name", into.display()))?;
    Ok(into.with_file_name(format!("{}.answer.txt", name.display())))
}

/// A function that the student has written, and what can be changed in it.
struct Choice<'a> {
    /// The path of the source, the same in the hand-in and in the solution.
    path: &'a str,
    /// The student's source.
    text: &'a str,
    /// The solution's mark: which lab, and which function.
    mark: &'a Mark,
    /// What can be changed in the body; never empty.
    changes: Vec<TokenChange>,
}

/// All questions that can be asked about a hand-in.
pub struct Questions<'a>(Vec<Choice<'a>>);

impl<'a> Questions<'a> {
    /// Looks for the functions of this lab, or of every lab, that the hand-in has written.
    ///
    /// # Errors
    /// A sentence: there is none.
    pub fn about(
        solution: &'a Solution,
        handin: &'a Handin,
        lab: Option<u32>,
    ) -> Result<Questions<'a>, String> {
        let mut choices = Vec::new();
        for (path, marks) in solution.marks() {
            let Some((path, text)) = handin.texts().find(|(theirs, _)| *theirs == path) else {
                continue;
            };
            let Ok(code) = code(text) else { continue };
            for mark in marks.iter().filter(|mark| lab.is_none_or(|lab| mark.lab == lab)) {
                let body = body(text, &code, mark);
                let changes = body.map_or(Vec::new(), |body| changes(&code, body));
                if !changes.is_empty() {
                    choices.push(Choice { path, text, mark, changes });
                }
            }
        }
        if choices.is_empty() {
            return Err("the hand-in has written none of these functions".to_owned());
        }
        Ok(Questions(choices))
    }

    /// Chooses the function first and then the token, so that a long function is not likelier than a short one.
    pub fn ask(&self, seed: u64) -> OralQuestion {
        let mut dice = Dice::new(seed);
        let choice = &self.0[below(&mut dice, self.0.len())];
        let change = &choice.changes[below(&mut dice, choice.changes.len())];
        let mut text = choice.text.to_owned();
        text.replace_range(change.place.clone(), &change.new);
        let (lab, path) = (choice.mark.lab, choice.path.to_owned());
        OralQuestion { lab, path, text, answer: answer(choice, change, seed) }
    }
}

/// A number below `end`, which is no larger than a list.
fn below(dice: &mut Dice, end: usize) -> usize {
    usize::try_from(dice.below(end as u64)).unwrap_or_default()
}

/// The answer: where, what stood there, what stands there now, and by which rule.
fn answer(choice: &Choice, change: &TokenChange, seed: u64) -> String {
    let Choice { path, text, mark: Mark { lab, function, .. }, .. } = choice;
    let start = text[..change.place.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[change.place.end..].find('\n').map_or(text.len(), |at| change.place.end + at);
    let (head, tail) = (&text[start..change.place.start], &text[change.place.end..end]);
    let (before, now) = (&text[start..end], format!("{head}{}{tail}", change.new));
    let number = line(text, change.place.start);
    format!(
        "lab {lab}, {function}, {path}:{number} (seed {seed})\n\
         rule:   {}\n\
         before: {}\n\
         now:    {}\n\n\
         Try it first: `cargo test lab{lab}` in the tree must compile, and fail. If it does not, ask for another\n\
         question by another --seed, or ask the student which check would see the change.\n",
        change.rule,
        before.trim(),
        now.trim(),
    )
}

/// The body of a marked function in the student's source: by the mark's comment if it is still there, and else the
/// first function of that name. `None` if it is a stub. The end of the body is the brace that closes it.
fn body(text: &str, code: &str, mark: &Mark) -> Option<Range<usize>> {
    let comment = format!("// LAB {}: {}", mark.lab, mark.task);
    let name = mark.function.rsplit("::").next().unwrap_or_default();
    let from = text.find(&comment).unwrap_or(0);
    let head = format!("fn {name}");
    let begins = |at: &usize| code[at + head.len()..].starts_with(['(', '<']);
    let at = code[from..].match_indices(&head).map(|(at, _)| from + at).find(begins)?;
    let open = at + code[at..].find('{')?;
    let mut depth = 0;
    let length = code[open..].find(|sign| {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        depth == 0
    })?;
    let body = open + 1..open + length;
    (!STUBS.iter().any(|stub| code[body.clone()].contains(stub))).then_some(body)
}

/// Every change that a rule allows in a body.
fn changes(code: &str, body: Range<usize>) -> Vec<TokenChange> {
    let places = body.clone().filter(|at| code.is_char_boundary(*at));
    places.filter_map(|at| change(code, at)).filter(|change| change.place.end <= body.end).collect()
}

/// The change of the token that begins here, if a rule fits.
fn change(code: &str, at: usize) -> Option<TokenChange> {
    let rest = &code[at..];
    let swap = SWAPS.iter().find(|(old, ..)| rest.starts_with(old));
    if let Some((old, new, rule)) = swap {
        // `if let … && …` has no `||`.
        let is_fixed = *old == " && " && is_let_chain(code, at);
        return (!is_fixed).then(|| TokenChange {
            place: at..at + old.len(),
            new: (*new).to_owned(),
            rule,
        });
    }
    let before = code[..at].chars().next_back().unwrap_or(' ');
    if rest.starts_with('!') && " (|".contains(before) && rest[1..].starts_with(is_letter) {
        let (new, rule) = (String::new(), "a `not` is missing");
        return Some(TokenChange { place: at..at + 1, new, rule });
    }
    if is_letter(before) || before == '.' && !code[..at].ends_with("..") {
        return None;
    }
    let word = &rest[..letters(rest)];
    let (new, rule) = match word {
        "true" => ("false".to_owned(), "yes has become no"),
        "false" => ("true".to_owned(), "no has become yes"),
        number if number.len() == 1 && !is_fraction(&rest[word.len()..]) => {
            (number.parse::<u32>().ok()?.checked_add(1)?.to_string(), "a number is one too large")
        }
        _ => return None,
    };
    Some(TokenChange { place: at..at + word.len(), new, rule })
}

/// Whether the condition around this place has a `let` in it. The condition begins behind the last `;` or
/// brace before it, and ends at the next `;` or `{`.
fn is_let_chain(code: &str, at: usize) -> bool {
    let start = code[..at].rfind([';', '{', '}']).unwrap_or(0);
    let end = code[at..].find([';', '{']).map_or(code.len(), |length| at + length);
    let condition = &code[start..end];
    ["if let ", "while let ", "&& let "].iter().any(|chain| condition.contains(chain))
}

/// Whether a number goes on behind its whole part.
fn is_fraction(rest: &str) -> bool {
    rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_digit()))
}
