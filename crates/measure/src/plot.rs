//! Latency against load as an SVG that a browser shows well on light and dark pages. It draws what was measured and
//! measures nothing.
//!
//! Written by hand: one chart of lines with two logarithmic axes. The `plotters` crate, whose newest release 0.3.7 is
//! of September 2024, would give lines neither ids nor words for the mouse in its SVG, puts points on
//! whole pixels, and without a font engine guesses how wide words are.

use std::fmt::Write;

use crate::latency::Latency;
use crate::load::Point;

/// One way to ask, at several loads.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// As the legend has it, such as `in process`.
    pub name: &'a str,
    /// By rising concurrency.
    pub points: &'a [Point],
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Plot<'a> {
    /// What was measured.
    pub title: &'a str,
    /// On what, and how.
    pub subtitle: &'a str,
    /// At most as many as there are [`COLOURS`].
    pub series: &'a [Series<'a>],
}

/// A colour for each series; they differ also for eyes that do not tell red from green.
pub const COLOURS: [&str; 2] = ["#0b6fb8", "#c8590a"];

/// A percentile as it is drawn.
struct Percentile {
    name: &'static str,
    dashes: &'static str,
    of: fn(&Latency) -> f64,
}

/// The percentiles that are drawn.
const PERCENTILES: [Percentile; 3] = [
    Percentile { name: "p50", dashes: "none", of: |latency| latency.p50 },
    Percentile { name: "p95", dashes: "9 5", of: |latency| latency.p95 },
    Percentile { name: "p99", dashes: "2 4", of: |latency| latency.p99 },
];

// All sizes are in the units of the view box, which are pixels at its natural size.
const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 408.0;
/// Room between the axes' ends and the first and last load.
const INSET: f64 = 36.0;

/// Where numbers lie on a logarithmic axis.
struct Axis {
    /// The number at the axis's start and at its end.
    numbers: (f64, f64),
    /// Where these two are drawn.
    places: (f64, f64),
}

impl Axis {
    fn at(&self, number: f64) -> f64 {
        let (low, high) = (self.numbers.0.ln(), self.numbers.1.ln());
        let share = if high > low { (number.ln() - low) / (high - low) } else { 0.5 };
        self.places.0 + share * (self.places.1 - self.places.0)
    }
}

/// Draws the plot: a whole SVG document. Loads without points are left out.
pub fn svg(plot: &Plot<'_>) -> String {
    let points = || plot.series.iter().flat_map(|series| series.points);
    let mut loads: Vec<usize> = points().map(|point| point.concurrency).collect();
    loads.sort_unstable();
    loads.dedup();
    let times = || {
        points()
            .flat_map(|point| PERCENTILES.map(|percentile| (percentile.of)(&point.latency)))
            .filter(|ms| *ms > 0.0)
    };
    let ticks = ticks(times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    let ends =
        |numbers: &[f64]| (numbers.first().copied().unwrap_or(1.0), numbers.last().copied().unwrap_or(1.0));
    let across = Axis {
        numbers: ends(&loads.iter().map(|&load| load as f64).collect::<Vec<_>>()),
        places: (LEFT + INSET, RIGHT - INSET),
    };
    let up = Axis { numbers: ends(&ticks), places: (BOTTOM, TOP) };
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = draw(&mut out, plot, &loads, &ticks, (&across, &up));
    out
}

fn draw(
    out: &mut String,
    plot: &Plot<'_>,
    loads: &[usize],
    ticks: &[f64],
    (across, up): (&Axis, &Axis),
) -> std::fmt::Result {
    head(out, plot)?;
    grid(out, ticks, up)?;
    loads_below(out, plot, loads, across)?;
    for (series, colour) in plot.series.iter().zip(COLOURS) {
        // The highest line first, so that the median lies on top.
        for percentile in PERCENTILES.iter().rev() {
            line(out, series, percentile, colour, (across, up))?;
        }
    }
    legend(out, plot)?;
    writeln!(out, "</svg>")
}

fn head(out: &mut String, plot: &Plot<'_>) -> std::fmt::Result {
    let (title, subtitle) = (escaped(plot.title), escaped(plot.subtitle));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" role=\"img\" font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\" \
         font-size=\"14\" fill=\"#1f2328\">"
    )?;
    writeln!(out, "<title>{title}</title>")?;
    writeln!(out, "<desc>{subtitle}</desc>")?;
    let (width, height) = (WIDTH - 1.0, HEIGHT - 1.0);
    writeln!(
        out,
        "<rect x=\"0.5\" y=\"0.5\" width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"#ffffff\" \
         stroke=\"#d0d7de\"/>"
    )?;
    writeln!(out, "<text x=\"28\" y=\"38\" font-size=\"19\" font-weight=\"600\">{title}</text>")?;
    writeln!(out, "<text x=\"28\" y=\"62\" font-size=\"13\" fill=\"#59636e\">{subtitle}</text>")
}

fn grid(out: &mut String, ticks: &[f64], up: &Axis) -> std::fmt::Result {
    writeln!(out, "<g id=\"latency-axis\">")?;
    for &tick in ticks {
        let y = up.at(tick);
        writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e4e8ec\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>",
            LEFT - 10.0,
            y + 5.0
        )?;
    }
    let middle = (TOP + BOTTOM) / 2.0;
    writeln!(
        out,
        "<text transform=\"translate(30 {middle}) rotate(-90)\" text-anchor=\"middle\" font-weight=\"600\">\
         latency, ms (logarithmic)</text>"
    )?;
    writeln!(
        out,
        "<path d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\" fill=\"none\" stroke=\"#6e7781\" stroke-width=\"1.2\"/>"
    )?;
    writeln!(out, "</g>")
}

/// Under each load: the number, and what was answered in a second on each way.
fn loads_below(out: &mut String, plot: &Plot<'_>, loads: &[usize], across: &Axis) -> std::fmt::Result {
    writeln!(out, "<g id=\"load-axis\" text-anchor=\"middle\">")?;
    for &load in loads {
        let x = across.at(load as f64);
        writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{:.1}\" stroke=\"#6e7781\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\">{load}</text>",
            BOTTOM + 6.0,
            BOTTOM + 23.0
        )?;
        for (at, (series, colour)) in plot.series.iter().zip(COLOURS).enumerate() {
            let Some(point) = series.points.iter().find(|point| point.concurrency == load) else { continue };
            let y = BOTTOM + 64.0 + 19.0 * at as f64;
            writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"13\" fill=\"{colour}\">{}/s</text>",
                number(point.per_second)
            )?;
        }
    }
    let middle = (LEFT + RIGHT) / 2.0;
    writeln!(
        out,
        "<text x=\"{middle}\" y=\"{:.1}\" font-weight=\"600\">questions at once; answered per second below</text>",
        BOTTOM + 43.0
    )?;
    writeln!(out, "</g>")
}

/// A percentile of a series, and what each point says when the mouse rests on it.
fn line(
    out: &mut String,
    series: &Series<'_>,
    Percentile { name, dashes, of }: &Percentile,
    colour: &str,
    (across, up): (&Axis, &Axis),
) -> std::fmt::Result {
    let (way, id) = (escaped(series.name), id(series.name));
    let places = || {
        series
            .points
            .iter()
            .map(|point| (across.at(point.concurrency as f64), up.at(of(&point.latency).max(up.numbers.0))))
    };
    let path: Vec<String> = places().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    writeln!(out, "<g id=\"{id}-{name}\" stroke=\"{colour}\" fill=\"{colour}\">")?;
    writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke-width=\"2.4\" stroke-dasharray=\"{dashes}\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
        path.join(" ")
    )?;
    for ((x, y), point) in places().zip(series.points) {
        writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" stroke=\"#ffffff\"><title>{way}, {} at once: {name} {} ms, \
             {} questions/s, {} asked</title></circle>",
            point.concurrency,
            number(of(&point.latency)),
            number(point.per_second),
            point.latency.count
        )?;
    }
    writeln!(out, "</g>")
}

fn legend(out: &mut String, plot: &Plot<'_>) -> std::fmt::Result {
    let (x, mut y) = (RIGHT + 32.0, TOP + 8.0);
    writeln!(out, "<g id=\"legend\">")?;
    for (series, colour) in plot.series.iter().zip(COLOURS) {
        writeln!(
            out,
            "<text x=\"{x}\" y=\"{y}\" font-weight=\"600\" fill=\"{colour}\">{}</text>",
            escaped(series.name)
        )?;
        for Percentile { name, dashes, .. } in PERCENTILES.iter().rev() {
            y += 24.0;
            let (middle, end, words) = (y - 5.0, x + 44.0, x + 56.0);
            writeln!(
                out,
                "<line x1=\"{x}\" x2=\"{end}\" y1=\"{middle}\" y2=\"{middle}\" stroke=\"{colour}\" \
                 stroke-width=\"2.4\" stroke-dasharray=\"{dashes}\" stroke-linecap=\"round\"/>\
                 <text x=\"{words}\" y=\"{y}\">{name}</text>"
            )?;
        }
        y += 36.0;
    }
    writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"12\" fill=\"#59636e\">")?;
    for words in ["p99: 99 of 100 questions", "took no longer"] {
        writeln!(out, "<tspan x=\"{x}\" dy=\"16\">{words}</tspan>")?;
    }
    writeln!(out, "</text>\n</g>")
}

/// 1, 2 and 5 of every power of ten from below the least to above the greatest.
fn ticks(least: f64, greatest: f64) -> Vec<f64> {
    if !least.is_finite() || greatest <= 0.0 {
        return vec![1.0, 10.0];
    }
    let steps: Vec<f64> =
        (-4..8).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(power))).collect();
    // 1e-3 times ten is not quite 1e-2; what is shown is.
    let steps: Vec<f64> = steps.iter().map(|step| (step * 1e4).round() / 1e4).collect();
    let from = steps.iter().rposition(|&step| step <= least).unwrap_or(0);
    let to = steps.iter().position(|&step| step >= greatest).unwrap_or(steps.len() - 1);
    steps[from..=to.max(from + 1).min(steps.len() - 1)].to_vec()
}

/// A measured number with the digits that mean something.
fn number(number: f64) -> String {
    match number {
        100.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// The name of a series as an id.
fn id(name: &str) -> String {
    let letter = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    name.to_ascii_lowercase().chars().map(letter).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(concurrency: usize, p50: f64) -> Point {
        let latency = Latency { count: 100, p50, p95: p50 * 2.0, p99: p50 * 3.0 };
        Point { concurrency, latency, per_second: 120.0, rounds: 1 }
    }

    fn check(series: &[Series<'_>], holds: &[&str]) {
        let drawn = svg(&Plot { title: "a <b> & \"c\"", subtitle: "d", series });
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"), "{drawn}");
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
        assert_eq!(drawn.matches("<g ").count(), drawn.matches("</g>").count());
        for part in holds {
            assert!(drawn.contains(part), "no {part} in {drawn}");
        }
    }

    #[test]
    fn every_percentile_of_every_way_is_a_line_with_a_name() {
        let (one, two) = ([point(1, 4.0), point(4, 9.0), point(16, 40.0)], [point(1, 5.0), point(16, 50.0)]);
        let series = [Series { name: "in process", points: &one }, Series { name: "HTTP", points: &two }];
        let ids: Vec<String> = ["in-process", "http"]
            .iter()
            .flat_map(|way| ["p50", "p95", "p99"].map(|line| format!("id=\"{way}-{line}\"")))
            .collect();
        check(&series, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        check(&series, &["a &lt;b&gt; &amp; &quot;c&quot;", "HTTP, 16 at once: p95 100 ms"]);
    }

    #[test]
    fn little_or_nothing_is_drawn_too() {
        check(&[], &["latency, ms"]);
        check(&[Series { name: "HTTP", points: &[point(4, 0.02)] }], &["id=\"http-p99\""]);
        check(&[Series { name: "HTTP", points: &[point(4, 0.0)] }], &["id=\"http-p99\""]);
    }

    #[test]
    fn ticks_enclose_what_was_measured() {
        assert_eq!(ticks(3.0, 41.0), [2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(ticks(0.02, 0.02), [0.02, 0.05]);
        assert_eq!(ticks(f64::INFINITY, 0.0), [1.0, 10.0]);
    }
}
