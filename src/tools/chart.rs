//! What all charts here are drawn with: an SVG file without a script, which follows the reader's choice of light or
//! dark.

use std::fmt::{Display, Write as _};

/// The width of a picture.
pub const WIDTH: f64 = 760.0;
/// The left end of each panel.
pub const LEFT: f64 = 84.0;
/// The right end of each panel.
pub const RIGHT: f64 = 728.0;

/// Fonts, and the colours of all that is no data. A chart adds the colours of its data.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #5c5b57 }
.title { font-size: 16px; font-weight: 600; fill: #1a1a19 } .name { fill: #1a1a19 }
.end { text-anchor: end } .middle { text-anchor: middle }
.page { fill: #fcfcfb } .grid { stroke: #e1e0d9 } .axis { stroke: #5c5b57 }
.line { fill: none !important; stroke-width: 2; stroke-linejoin: round }";
/// The same in the dark.
const DARK: &str = "\
text { fill: #b5b4ab } .title, .name { fill: #f4f3ee }
.page { fill: #1a1a19 } .grid { stroke: #373734 } .axis { stroke: #b5b4ab }";

/// A scale: maps a value to a place in the picture.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    /// The place of the lowest value.
    pub from: f64,
    /// The place of the highest value.
    pub to: f64,
    /// Whether equal steps multiply the value, instead of adding to it.
    pub logarithmic: bool,
}

impl Scale {
    /// A scale from zero upwards that has room for `most`, and the step of its grid.
    pub fn upwards(most: f64, from: f64, to: f64) -> (Scale, f64) {
        let step = nice_step(most / 4.0);
        let steps = (most / step).ceil().max(1.0);
        (Scale { low: 0.0, high: step * steps, from, to, logarithmic: false }, step)
    }

    /// Returns the place of a value. SVG counts from the top, so an upward axis goes from a larger place to a
    /// smaller one. A logarithmic scale has no place below its lowest value.
    pub fn place(&self, value: f64) -> f64 {
        let part = if self.logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + part * (self.to - self.from)
    }

    /// Draws the grid of an upward scale, a line at each step.
    pub fn draw_grid(&self, svg: &mut String, step: f64) {
        let ticks = std::iter::successors(Some(self.low), |tick| Some(tick + step));
        for tick in ticks.take_while(|tick| *tick <= self.high + step / 2.0) {
            grid(svg, self.place(tick), &short(tick));
        }
    }
}

/// Begins a picture of this height. `label` is read out instead of it; `light` and `dark` are the colours of its data.
pub fn begin(height: f64, label: &str, light: &str, dark: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{label}\">\n\
         <style>\n{STYLE}\n{light}\n@media (prefers-color-scheme: dark) {{\n{DARK}\n{dark}\n}}\n</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    )
}

/// Draws a line across a panel, with its value on the left. Two or more of them are what a reader measures by.
pub fn grid(svg: &mut String, y: f64, label: &str) {
    push(svg, format_args!("<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>"));
    write_text(svg, LEFT - 10.0, y + 4.5, "end", label);
}

/// Draws a line through these points.
pub fn polyline(svg: &mut String, class: &str, points: &[(f64, f64)]) {
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    push(svg, format_args!("<polyline class=\"line {class}\" points=\"{}\"/>", path.join(" ")));
}

/// Draws a text. Nothing in it comes from outside, so nothing is escaped. Its class gives its size, its colour, and
/// which of its ends stands at the point.
pub fn write_text(svg: &mut String, x: f64, y: f64, class: &str, text: &str) {
    push(svg, format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
}

/// Appends an element on a line of its own.
pub fn push(svg: &mut String, element: impl Display) {
    let _ = writeln!(svg, "{element}"); // a String takes all
}

/// Returns the smallest of 1, 2, 5, 10, 20, 50 … that is not below `least`: the distance of two lines of the grid,
/// which people can read without calculating.
pub fn nice_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|step| step * power)
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(power)
}

/// Formats a number for an axis, with its thousands or millions: 50, 200 k, 2.5 M. Labels must be short, for they
/// stand left of the axis.
fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} M", plain(value / 1e6)),
        value if value >= 1e3 => format!("{} k", plain(value / 1e3)),
        value => plain(value),
    }
}

/// Formats a number without needless zeros. Three decimals hide that powers of ten are not exact in binary.
pub fn plain(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}
