//! A chart of several reports: throughput above, latency below, both against the number of members.
//!
//! The axis of members and that of latency are logarithmic: what multiplies the members by ten, or the latency, is the
//! same step anywhere.

use crate::tools::chart::{LEFT, RIGHT, Scale, begin, grid, plain, polyline, push, write_text};
use crate::tools::load::measure::{PERCENTILES, Report, whole};

/// The height of the picture.
const HEIGHT: f64 = 680.0;
/// The least distance of two labels on the axis of members. A label that would be closer is left out.
const LABEL: f64 = 44.0;

/// The colours of the lines. The percentiles are shades of one colour, because they are steps of one quantity. Their
/// points also differ in shape, for readers who are colour-blind, or print.
const LIGHT: &str = "\
.c0 { fill: #86b6ef; stroke: #86b6ef } .c1 { fill: #4a8fe0; stroke: #4a8fe0 }
.c2 { fill: #2464b4; stroke: #2464b4 } .c3 { fill: #123a70; stroke: #123a70 }
.c4 { fill: #c2410c; stroke: #c2410c } .c5 { fill: #2464b4; stroke: #2464b4 }";
/// The same in the dark.
const DARK: &str = "\
.c0 { fill: #2f66a8; stroke: #2f66a8 } .c2 { fill: #86b6ef; stroke: #86b6ef }
.c3 { fill: #d3e5fb; stroke: #d3e5fb } .c4 { fill: #fb923c; stroke: #fb923c }
.c5 { fill: #86b6ef; stroke: #86b6ef }";
/// The number of the style of the throughput's line. The styles before it are the percentiles'.
const RATE: usize = PERCENTILES.len();

/// Draws the chart: the throughput of each report in the upper panel, its percentiles of latency in the lower one.
/// The reports must be in order of their members.
pub fn draw(reports: &[Report]) -> String {
    let mut svg = begin(HEIGHT, "Throughput and latency against members", LIGHT, DARK);
    let across = members(reports);
    throughput(&mut svg, reports, across);
    latency(&mut svg, reports, across);
    svg.push_str("</svg>\n");
    svg
}

/// The horizontal scale of both panels, from the smallest size to the largest. A single size lies in the middle.
fn members(reports: &[Report]) -> Scale {
    let size = |report: Option<&Report>| whole(report.map_or(1, |report| report.members) as u64);
    let (low, high) = (size(reports.first()), size(reports.last()));
    let (low, high) = if low < high { (low, high) } else { (low / 2.0, low * 2.0) };
    Scale { low, high, from: LEFT + 24.0, to: RIGHT - 24.0, logarithmic: true }
}

/// Draws the upper panel. Its axis begins at zero, so that twice the height is twice the throughput.
fn throughput(svg: &mut String, reports: &[Report], across: Scale) {
    let most = reports.iter().map(Report::throughput).fold(1.0, f64::max);
    let (up, step) = Scale::upwards(most, 300.0, 64.0);
    write_text(svg, LEFT, 32.0, "title", "Throughput: deliveries per second");
    up.draw_grid(svg, step);
    frame(svg, reports, across, up);
    series(svg, RATE, reports.iter().map(|report| (report, report.throughput())), across, up);
}

/// Draws the lower panel, from the power of ten below the lowest value to the one above the highest. The names of the
/// percentiles stand above the lines, each with the point of its line.
fn latency(svg: &mut String, reports: &[Report], across: Scale) {
    let all = reports.iter().flat_map(|report| report.latency).map(milliseconds);
    let (least, most) = all.fold((f64::MAX, 0.001_f64), |(least, most), value| {
        (least.min(value.max(0.001)), most.max(value))
    });
    let (low, high) = (least.min(most).log10().floor(), most.log10().ceil());
    let high = if high > low { high } else { low + 1.0 };
    let (bottom, top) = (10_f64.powf(low), 10_f64.powf(high));
    let up = Scale { low: bottom, high: top, from: 632.0, to: 412.0, logarithmic: true };
    write_text(svg, LEFT, 370.0, "title", "Latency: from saying to hearing, in ms");
    let ticks = std::iter::successors(Some(bottom), |tick| Some(tick * 10.0));
    for tick in ticks.take_while(|tick| *tick <= top * 1.5) {
        grid(svg, up.place(tick), &plain(tick));
    }
    frame(svg, reports, across, up);
    for (index, (_, name)) in PERCENTILES.iter().enumerate() {
        let values = reports.iter().map(|report| (report, milliseconds(report.latency[index])));
        series(svg, index, values, across, up);
        let x = LEFT + 8.0 + 84.0 * whole(index as u64);
        mark(svg, index, x, 391.0);
        write_text(svg, x + 12.0, 396.0, "name", name);
    }
}

/// Converts microseconds to milliseconds.
fn milliseconds(micros: u32) -> f64 {
    f64::from(micros) / 1000.0
}

/// Draws the horizontal axis of a panel, with a tick for each size that was measured. A label is left out if it would
/// touch the one before.
fn frame(svg: &mut String, reports: &[Report], across: Scale, up: Scale) {
    push(svg, format_args!("<path class=\"axis\" d=\"M{LEFT} {:.1}H{RIGHT}\"/>", up.from));
    let mut free = LEFT - LABEL;
    for report in reports {
        let x = across.place(whole(report.members as u64));
        push(svg, format_args!("<path class=\"axis\" d=\"M{x:.1} {:.1}v5\"/>", up.from));
        if x >= free {
            write_text(svg, x, up.from + 20.0, "middle", &report.members.to_string());
            free = x + LABEL;
        }
    }
    write_text(svg, f64::midpoint(LEFT, RIGHT), up.from + 38.0, "middle", "members");
}

/// Draws a line through the values, with a point at each. The line only guides the eye: nothing was measured
/// between two points.
fn series<'a>(
    svg: &mut String,
    style: usize,
    values: impl Iterator<Item = (&'a Report, f64)>,
    across: Scale,
    up: Scale,
) {
    let place = |(report, value): (&Report, f64)| {
        (across.place(whole(report.members as u64)), up.place(value))
    };
    let points: Vec<(f64, f64)> = values.map(place).collect();
    polyline(svg, &format!("c{style}"), &points);
    for (x, y) in points {
        mark(svg, style, x, y);
    }
}

/// Draws one point, in the shape of its line. The shapes are paths, relative to the point, so that one element does
/// for all.
fn mark(svg: &mut String, style: usize, x: f64, y: f64) {
    let shape = match style {
        0 => "m-4 -4h8v8h-8z",                               // a square
        1 => "m0 -5l5 5l-5 5l-5 -5z",                        // a diamond
        2 => "m0 -5l5 9h-10z",                               // a triangle
        3 => "m0 5l5 -9h-10z",                               // one on its tip
        4 => "m-5 -2h3v-3h4v3h3v4h-3v3h-4v-3h-3z",           // a cross
        _ => "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0", // a circle
    };
    push(svg, format_args!("<path class=\"c{style}\" d=\"M{x:.1} {y:.1}{shape}\"/>"));
}
