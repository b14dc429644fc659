//! Stubs: they replace the bodies of marked functions in the students' tree.
//!
//! ```text
//! loud                              quiet
//!
//! // LAB 3: list everybody          // LAB 8: note a sign of life
//! fn listing(all: Vec<Peer>) {      fn heard(&mut self, now: Instant) -> bool {
//!     let _ = &all;                     let _ = (&self, &now);
//!     todo!("LAB 3: …")                 not_yet!("LAB 8: …");
//! }                                     false
//!                                   }
//! ```

use std::fmt::Write as _;

use super::mark::Mark;

/// The macro that quiet stubs call. It stands in the students' `lib.rs`, before the modules.
pub const NOT_YET: &str = r#"/// A stub that must not be in the way: it says once what is missing, and the program goes on without.
macro_rules! not_yet {
    ($task:literal) => {{
        use std::io::Write as _;
        static SAID: std::sync::Once = std::sync::Once::new();
        SAID.call_once(|| drop(writeln!(std::io::stderr(), "not yet implemented: {}", $task)));
    }};
}

"#;

/// Returns the source with a stub for every mark that is `open`.
///
/// The mark stays, because students search for it. Its stand-in goes away, open or not: it would give a hint.
pub fn leave_open(source: &str, marks: &[Mark], open: impl Fn(&Mark) -> bool) -> String {
    let (mut text, mut done) = (String::with_capacity(source.len()), 0);
    for mark in marks {
        text.push_str(&source[done..mark.comment.start]);
        let _ = write!(text, "// LAB {}: {}", mark.lab, mark.task); // a String takes all writes
        done = mark.comment.end;
        if open(mark) {
            let indent = source[..mark.comment.start].rsplit('\n').next().unwrap_or("");
            text.push_str(&source[done..mark.body.start]);
            text.push_str(&stub(mark, indent));
            done = mark.body.end;
        }
    }
    text.push_str(&source[done..]);
    text
}

/// The body of a stub. It uses every argument, so that the compiler does not warn about one.
fn stub(mark: &Mark, indent: &str) -> String {
    let mut lines = Vec::new();
    let used: Vec<String> = mark.arguments.iter().map(|name| format!("&{name}")).collect();
    match used.as_slice() {
        [] => {}
        [one] => lines.push(format!("let _ = {one};")),
        _ => lines.push(format!("let _ = ({});", used.join(", "))),
    }
    let task = format!("LAB {}: {}", mark.lab, mark.task).replace('\\', r"\\").replace('"', "\\\"");
    match &mark.stand_in {
        None => {
            // The macro takes a format, in which a brace stands for more.
            let task = task.replace('{', "{{").replace('}', "}}");
            lines.push(format!("{}!(\"{task}\")", "todo"));
        }
        Some(value) => {
            lines.push(format!("not_yet!(\"{task}\");"));
            if value != "()" {
                lines.push(value.clone());
            }
        }
    }
    let between = format!("\n{indent}    ");
    format!("{{{between}{}\n{indent}}}", lines.join(&between))
}
