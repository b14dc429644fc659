//! A run over a link as a picture: the windows, the queue, the round trip and the timers, all against time.

use std::fmt::Write as _;
use std::iter;

use super::bottleneck::{Bottleneck, Flow};
use crate::tools::chart::{
    LEFT, RIGHT, Scale, begin, nice_step, plain, polyline, push, write_text,
};

/// The height of the picture.
const HEIGHT: f64 = 816.0;
/// The height of a panel, and of the pause between two.
const PANEL: f64 = 176.0;
const PAUSE: f64 = 80.0;
/// The top of the first panel.
const TOP: f64 = 68.0;
/// How many points a line has: two for each place across.
const POINTS: u64 = 1_288;
/// The names of the flows: there are no more colours that all readers can tell apart (M. Okabe and K. Ito, 2008).
const NAMES: [&str; 4] = ["flow 1", "flow 2", "flow 3", "flow 4"];
/// The most flows.
pub const MOST_FLOWS: usize = NAMES.len();

/// The colours of the data. Flows also differ by their dashes, for those who print.
const LIGHT: &str = "\
.f0 { stroke: #0072b2 } .f1 { stroke: #d55e00; stroke-dasharray: 7 2 }
.f2 { stroke: #009e73; stroke-dasharray: 2 2 } .f3 { stroke: #a3457f; stroke-dasharray: 9 2 2 2 }
.all { stroke: #77756f; stroke-width: 1 } .queue { fill: #b9b7af; stroke: none }
.most { stroke: #1a1a19; stroke-dasharray: 3 3 } .drop { stroke-dasharray: none }";
/// The same in the dark.
const DARK: &str = "\
.f0 { stroke: #56b4e9 } .f1 { stroke: #f08a3c } .f2 { stroke: #2fc79a } .f3 { stroke: #e39cc6 }
.all { stroke: #a8a69d } .queue { fill: #5d5b55 } .most { stroke: #f4f3ee }";

/// A value at each time, in ms.
type Values = Vec<(u64, u64)>;

/// What was seen of one flow, since it began.
#[derive(Debug, Default)]
struct Trace {
    window: Values,
    timer: Values,
    /// How many messages were dropped so far.
    dropped: Values,
}

/// All that is drawn.
#[derive(Debug, Default)]
pub struct Picture {
    places: u64,
    /// The longest queue since the time before.
    queue: Values,
    round_trip: Values,
    flows: Vec<Trace>,
}

/// A picture that is being drawn, with its axis of time.
#[derive(Debug)]
struct Drawing {
    svg: String,
    across: Scale,
}

/// A number that is small enough to be drawn.
fn real(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The style of a flow.
fn style(flow: usize) -> String {
    format!("f{flow}")
}

impl Trace {
    /// Notes how a flow does.
    fn sees(&mut self, flow: &Flow, now: u64) {
        let congestion = &flow.sender.sending.congestion;
        let timer = u64::try_from(congestion.timeout().as_millis()).unwrap_or(u64::MAX);
        self.window.push((now, congestion.window()));
        self.timer.push((now, timer));
        self.dropped.push((now, flow.dropped));
    }
}

impl Picture {
    /// Lets a link run until this time, of `all` that will be drawn, and watches it.
    pub fn watch(&mut self, link: &mut Bottleneck, until: u64, all: u64) {
        self.places = link.settings.places as u64;
        self.flows.resize_with(link.flows.len(), Trace::default);
        while link.now < until {
            let mut waiting = 0;
            for _ in 0..(all / POINTS).max(1).min(until - link.now) {
                link.runs(1);
                waiting = waiting.max(link.waiting());
            }
            self.queue.push((link.now, waiting));
            self.round_trip.push((link.now, link.flows[0].round_trip));
            for (trace, flow) in self.flows.iter_mut().zip(&link.flows) {
                if link.now >= flow.begins {
                    trace.sees(flow, link.now);
                }
            }
        }
    }

    /// Draws it.
    pub fn draw(&self, title: &str) -> String {
        let label = "Windows, queue, round trip and timers against time";
        let end = real(self.queue.last().map_or(1, |(at, _)| *at)) / 1_000.0;
        let across = Scale { low: 0.0, high: end, from: LEFT, to: RIGHT, logarithmic: false };
        let mut drawing = Drawing { svg: begin(HEIGHT, label, LIGHT, DARK), across };
        write_text(&mut drawing.svg, LEFT, 24.0, "", title);
        self.windows(&mut drawing);
        self.queue(&mut drawing);
        self.times(&mut drawing);
        drawing.svg + "</svg>\n"
    }

    /// Draws the upper panel.
    fn windows(&self, drawing: &mut Drawing) {
        let windows = self.flows.iter().map(|flow| &flow.window);
        let up = drawing.panel(0, "Window, in messages", highest(windows.clone()));
        for (flow, window) in windows.enumerate() {
            drawing.line(&style(flow), window, up);
        }
        let names = NAMES.iter().take(self.flows.len()).enumerate();
        drawing.legend(0, names.map(|(flow, name)| (style(flow), (*name).to_owned())).collect());
    }

    /// Draws the panel in the middle: the queue as an area, its end as a line, and a stroke for what was dropped.
    fn queue(&self, drawing: &mut Drawing) {
        let up = drawing.panel(1, "Queue, in messages", self.places);
        drawing.area("queue", &self.queue, up);
        let end = up.place(real(self.places));
        push(
            &mut drawing.svg,
            format_args!("<path class=\"line most\" d=\"M{LEFT} {end:.1}H{RIGHT}\"/>"),
        );
        for (flow, trace) in self.flows.iter().enumerate() {
            let before = iter::once(0).chain(trace.dropped.iter().map(|(_, dropped)| *dropped));
            let more = trace.dropped.iter().zip(before).filter(|((_, now), before)| now > before);
            let times: Vec<u64> = more.map(|((at, _), _)| *at).collect();
            drawing.strokes(
                &format!("drop {}", style(flow)),
                &times,
                end + 2.0 + 11.0 * real(flow as u64),
            );
        }
        let what = "full; strokes below: dropped, of each flow";
        drawing.legend(1, vec![("most".to_owned(), what.to_owned())]);
    }

    /// Draws the lower panel.
    fn times(&self, drawing: &mut Drawing) {
        let timers = self.flows.iter().map(|flow| &flow.timer);
        let most = highest(timers.clone().chain([&self.round_trip]));
        let up = drawing.panel(2, "Times, in ms", most);
        drawing.line("all", &self.round_trip, up);
        for (flow, timer) in timers.enumerate() {
            drawing.line(&style(flow), timer, up);
        }
        let timers = (0..self.flows.len()).map(|flow| (style(flow), format!("timer {}", flow + 1)));
        let round_trip = ("all".to_owned(), "round trip".to_owned());
        drawing.legend(2, [round_trip].into_iter().chain(timers).collect());
    }
}

/// The highest of some values, but at least 1.
fn highest<'a>(all: impl Iterator<Item = &'a Values>) -> u64 {
    all.flatten().map(|(_, value)| *value).max().unwrap_or(0).max(1)
}

impl Drawing {
    /// The top of a panel, from 0.
    fn top(number: u32) -> f64 {
        TOP + f64::from(number) * (PANEL + PAUSE)
    }

    /// Draws a panel without its data: the title, the grid for values up to `most`, and the axis of time. Returns the
    /// scale of its values.
    fn panel(&mut self, number: u32, title: &str, most: u64) -> Scale {
        let (top, bottom) = (Drawing::top(number), Drawing::top(number) + PANEL);
        let (up, step) = Scale::upwards(real(most), bottom, top);
        let (svg, across) = (&mut self.svg, self.across);
        write_text(svg, LEFT, top - 14.0, "title", title);
        up.draw_grid(svg, step);
        push(svg, format_args!("<path class=\"axis\" d=\"M{LEFT} {bottom:.1}H{RIGHT}\"/>"));
        let step = nice_step(across.high / 12.0);
        let ticks = std::iter::successors(Some(0.0), |tick| Some(tick + step));
        for tick in ticks.take_while(|tick| *tick <= across.high) {
            let x = across.place(tick);
            push(svg, format_args!("<path class=\"axis\" d=\"M{x:.1} {bottom:.1}v5\"/>"));
            write_text(svg, x, bottom + 20.0, "middle", &plain(tick));
        }
        write_text(svg, f64::midpoint(LEFT, RIGHT), bottom + 38.0, "middle", "time, in s");
        up
    }

    /// The places of some values. Of equal ones in a row only the two ends are needed.
    fn points(&self, values: &Values, up: Scale) -> Vec<(f64, f64)> {
        let is_needed = |at: usize| {
            let value = values.get(at).map(|(_, value)| value);
            let before = values.get(at.wrapping_sub(1)).map(|(_, value)| value);
            value != before || value != values.get(at + 1).map(|(_, value)| value)
        };
        let needed = values.iter().enumerate().filter(|(at, _)| is_needed(*at));
        let place =
            |at: u64, value: u64| (self.across.place(real(at) / 1_000.0), up.place(real(value)));
        needed.map(|(_, (at, value))| place(*at, *value)).collect()
    }

    /// Draws values as a line.
    fn line(&mut self, class: &str, values: &Values, up: Scale) {
        let points = self.points(values, up);
        polyline(&mut self.svg, class, &points);
    }

    /// Draws values as an area.
    fn area(&mut self, class: &str, values: &Values, up: Scale) {
        let mut path = format!("M{LEFT} {:.1}", up.from);
        for (x, y) in self.points(values, up) {
            let _ = write!(path, "L{x:.1} {y:.1}"); // a String takes all
        }
        push(&mut self.svg, format_args!("<path class=\"{class}\" d=\"{path}V{:.1}z\"/>", up.from));
    }

    /// Draws a stroke at each of these times, downwards from `top`.
    fn strokes(&mut self, class: &str, times: &[u64], top: f64) {
        let mut path = String::new();
        for time in times {
            let x = self.across.place(real(*time) / 1_000.0);
            let _ = write!(path, "M{x:.1} {top:.1}v9"); // a String takes all
        }
        push(&mut self.svg, format_args!("<path class=\"line {class}\" d=\"{path}\"/>"));
    }

    /// Draws the names of lines above a panel, on the right.
    fn legend(&mut self, number: u32, names: Vec<(String, String)>) {
        let (mut x, y) = (RIGHT, Drawing::top(number) - 14.0);
        for (class, name) in names.into_iter().rev() {
            write_text(&mut self.svg, x, y, "name end", &name);
            x -= 6.4 * real(name.len() as u64) + 38.0;
            let y = y - 4.5;
            push(
                &mut self.svg,
                format_args!("<path class=\"line {class}\" d=\"M{x:.1} {y:.1}h26\"/>"),
            );
            x -= 18.0;
        }
    }
}
