//! Stubs: what stands in the place of a marked function's body.

use std::fmt::Write as _;

use super::mark::Mark;

/// What stands in the students' lib.rs before its modules: quiet stubs use it.
pub const NOT_YET: &str = r#"/// A stub that must not be in the way: it says once what is missing, and the program goes on without.
macro_rules! not_yet {
    ($task:literal) => {{
        use std::io::Write as _;
        static SAID: std::sync::Once = std::sync::Once::new();
        SAID.call_once(|| drop(writeln!(std::io::stderr(), "not yet implemented: {}", $task)));
    }};
}

"#;

/// The source with stubs for the marks that are `open`. What stands in meanwhile goes out of all marks.
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

/// The body of a stub. It uses every argument, so that none is a warning.
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
