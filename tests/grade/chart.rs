//! The story that has failed, drawn as a sequence chart: an SVG beside the script that plays it once more.
//!
//! Time runs down. The line on the left is the program that is graded, each other one is somebody of the story, and
//! an arrow is what one of them has sent. The words say all that the colours do.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::driver::story::{lock, scene};

/// The variable that asks for it.
const ASKED: &str = "LAB_CHART";
/// How far apart the lines are, and the rows.
const LANE: usize = 190;
const ROW: usize = 22;
/// Where the first line stands, and where the first row does.
const LEFT: usize = 90;
const TOP: usize = 70;
/// How many letters of a text are shown.
const SHOWN: usize = 90;
/// The room for a text behind the last line.
const REST: usize = 700;
/// What stands between a name and its bytes, and whether the arrow leads to the program.
const ARROWS: [(&str, bool); 4] =
    [(" -> ", true), (" <- ", false), (" ~> ", true), (" <~ ", false)];
const STYLE: &str = "<style>
text { font: 12px monospace; white-space: pre; fill: #1a1a1a; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.page, .behind { fill: #ffffff; }
.head { font-weight: bold; }
.step { font-style: italic; }
.life { stroke: #8a8a8a; stroke-dasharray: 3 3; }
.sent { stroke: #1a4fa0; stroke-width: 1.5; }
.tip { fill: #1a4fa0; }
.fails { fill: none; stroke: #b00020; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #ececec; stroke: #16181c; }
.page, .behind { fill: #16181c; }
.sent { stroke: #8ab4f8; }
.tip { fill: #8ab4f8; }
.fails { stroke: #ff8a80; }
}
</style>";

/// Draws it if `LAB_CHART=1` asks for it, and gives the line that says where it is.
pub fn chart(check: &str, story: &[String], why: &str, folder: &Path) -> Option<String> {
    env::var_os(ASKED).filter(|value| !value.is_empty() && value != "0")?;
    let file = folder.join("story.svg");
    let written = write(&file, &draw(check, story, why));
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown = file.strip_prefix(here).unwrap_or(&file).display();
    Some(match written {
        Ok(()) => format!("chart:   {shown}"),
        Err(error) => format!("chart:   cannot write {shown}: {error}"),
    })
}

/// Writes the file; the folder may be missing, for not every story can be played.
fn write(file: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    fs::write(file, text)
}

/// A row of the chart.
enum Row<'a> {
    /// A step begins.
    Step(&'a str),
    /// Somebody sends something to the program, or hears it from the program.
    Sent { who: &'a str, to_program: bool, text: &'a str },
    /// Something was left out.
    Rest(&'a str),
}

/// What a line of the story says: steps begin with their numbers, and what was sent stands deeper.
fn row(line: &str) -> Row<'_> {
    let text = line.trim_start();
    if line.len() - text.len() < 7 {
        return Row::Step(text);
    }
    let found = ARROWS.iter().filter_map(|(arrow, to)| Some((text.find(arrow)?, *arrow, *to)));
    match found.min_by_key(|(at, ..)| *at) {
        Some((at, arrow, to_program)) => {
            Row::Sent { who: &text[..at], to_program, text: &text[at + arrow.len()..] }
        }
        None => Row::Rest(text),
    }
}

/// The whole chart.
fn draw(check: &str, story: &[String], why: &str) -> String {
    let rows: Vec<Row> = story.iter().map(|line| row(line)).collect();
    let mut lanes = vec!["your program"];
    for row in &rows {
        if let Row::Sent { who, .. } = row
            && !lanes.contains(who)
        {
            lanes.push(who);
        }
    }
    let reasons: Vec<&str> = why.lines().collect();
    let end = TOP + ROW * (rows.len() + 1);
    let (width, height) = (LEFT + LANE * (lanes.len() - 1) + REST, end + ROW * (reasons.len() + 3));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n\
         {STYLE}\n<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n",
        escaped(check),
        escaped(&story.join("\n"))
    );
    text(&mut svg, 10, 20, "head", check);
    for (number, who) in lanes.iter().enumerate() {
        let x = LEFT + LANE * number;
        let is_program = lock(&scene().cast).iter().any(|heard| heard.title == **who);
        let prints = if is_program { "'s output" } else { "" };
        line(&mut svg, ("life", x, TOP - 20), (x, end));
        text(&mut svg, x.saturating_sub(40), TOP - 28, "head", &format!("{who}{prints}"));
    }
    for (number, row) in rows.iter().enumerate() {
        draw_row(&mut svg, row, &lanes, TOP + ROW * number);
    }
    let high = ROW * (reasons.len() + 1) + 8;
    let _ = writeln!(
        svg,
        "<rect class=\"fails\" x=\"10\" y=\"{end}\" width=\"{}\" height=\"{high}\"/>",
        width - 20
    );
    for (number, reason) in ["here it fails:"].iter().chain(&reasons).enumerate() {
        let style = if number == 0 { "head" } else { "why" };
        text(&mut svg, 20, end + ROW * (number + 1) - 4, style, reason);
    }
    svg + "</svg>\n"
}

/// One row, at this height.
fn draw_row(svg: &mut String, row: &Row, lanes: &[&str], y: usize) {
    match row {
        Row::Step(title) => {
            let _ = writeln!(
                svg,
                "<rect class=\"behind\" x=\"0\" y=\"{}\" width=\"{}\" height=\"{ROW}\"/>",
                y - 14,
                LEFT + LANE * lanes.len()
            );
            text(svg, 10, y + 2, "step", title);
        }
        Row::Rest(words) => text(svg, LEFT + 12, y, "rest", words),
        Row::Sent { who, to_program, text: bytes } => {
            let lane = lanes.iter().position(|lane| lane == who).unwrap_or_default();
            let x = LEFT + LANE * lane;
            let (from, to) = if *to_program { (x, LEFT) } else { (LEFT, x) };
            line(svg, ("sent", from, y), (to, y));
            let back = if *to_program { to + 8 } else { to - 8 };
            let _ = writeln!(
                svg,
                "<path class=\"tip\" d=\"M{to} {y} L{back} {} L{back} {} Z\"/>",
                y - 4,
                y + 4
            );
            text(svg, x + 10, y + 4, "bytes", bytes);
        }
    }
}

/// A line from one point to another.
fn line(svg: &mut String, (style, x1, y1): (&str, usize, usize), (x2, y2): (usize, usize)) {
    let _ =
        writeln!(svg, "<line class=\"{style}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
}

/// A text, cut if it is long.
fn text(svg: &mut String, x: usize, y: usize, style: &str, words: &str) {
    let mut shown: String = words.chars().take(SHOWN).collect();
    if shown.len() < words.len() {
        shown.push('…');
    }
    let _ = writeln!(svg, "<text class=\"{style}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&shown));
}

/// A text as it stands in XML. Control characters must not stand there at all.
fn escaped(words: &str) -> String {
    let plain = |letter: char| if letter.is_control() && letter != '\n' { ' ' } else { letter };
    let words: String = words.chars().map(plain).collect();
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
