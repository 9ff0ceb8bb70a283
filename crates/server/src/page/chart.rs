//! Small charts as SVG, each with its numbers in a table for whoever cannot see it or wants to know exactly. Nothing is
//! drawn by a script, and no colour says what nothing else does.

use ibid_core::amount::grouped;
use maud::{Markup, html};

/// The height of the drawing in its own units; its width is a multiple of the number of bars.
const HEIGHT: u64 = 60;

/// The width of a bar with the space after it, and of the bar alone.
const STEP: usize = 10;
const BAR: usize = 8;

/// Two numbers for each place on the way from left to right: of one thing the whole and a part of it.
pub(crate) struct Chart<'a> {
    /// What is shown.
    pub(crate) title: &'a str,
    /// What stands in the table above the whole and above the part.
    pub(crate) columns: [&'a str; 2],
    /// What stands below the first bar and below the last.
    pub(crate) ends: [&'a str; 2],
    /// Behind a number: ` ms`, or nothing.
    pub(crate) unit: &'a str,
    /// The bars.
    pub(crate) bars: Vec<Bar>,
}

/// One place.
pub(crate) struct Bar {
    /// What it is called in the table.
    pub(crate) label: String,
    /// The whole and the part, which is not more; `None` where there is nothing to count.
    pub(crate) values: Option<[u64; 2]>,
}

impl Chart<'_> {
    /// The figure. `said` is what it comes to, in a sentence.
    pub(crate) fn figure(&self, said: &str) -> Markup {
        let most = self.bars.iter().filter_map(|bar| bar.values).map(|[whole, _]| whole).max().unwrap_or(0);
        html! {
            figure.chart {
                figcaption { b { (self.title) } span.soft { " " (said) } }
                svg viewBox=(format!("0 0 {} {HEIGHT}", self.bars.len() * STEP)) preserveAspectRatio="none" role="img"
                    aria-label=(format!("{}: {said}", self.title)) {
                    @for (at, bar) in self.bars.iter().enumerate() { (drawn(at, bar, most)) }
                }
                p.ends aria-hidden="true" {
                    span { (self.ends[0]) } span { "at most " (grouped(most)) (self.unit) } span { (self.ends[1]) }
                }
                details.small {
                    summary { "In numbers" }
                    (self.table())
                }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            table {
                thead { tr { th scope="col" { "Hour (UTC)" } @for column in self.columns { th scope="col" { (column) } } } }
                tbody {
                    @for bar in &self.bars {
                        @if let Some(values) = bar.values {
                            tr { th scope="row" { (bar.label) } @for value in values { td { (grouped(value)) (self.unit) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The whole as a bar, and the part as one before it.
fn drawn(at: usize, bar: &Bar, most: u64) -> Markup {
    let tall = |value: u64| match value {
        0 => 0,
        // What is there is seen, however little.
        value => (value * HEIGHT).div_ceil(most.max(1)).max(1),
    };
    html! {
        @if let Some(values) = bar.values {
            @for (value, class) in values.into_iter().zip(["whole", "part"]) {
                @let tall = tall(value);
                @if tall > 0 {
                    rect class=(class) x=(at * STEP) y=(HEIGHT - tall) width=(BAR) height=(tall) {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[Option<[u64; 2]>], drawn: &[&str], rows: usize) {
        let bar = |(at, values): (usize, &Option<[u64; 2]>)| Bar { label: at.to_string(), values: *values };
        let bars = values.iter().enumerate().map(bar).collect();
        let chart =
            Chart { title: "Calls", columns: ["Calls", "Refused"], ends: ["then", "now"], unit: " ms", bars };
        let figure = chart.figure("All <of> them.").into_string();
        let rects: Vec<&str> =
            figure.split("<rect ").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
        assert_eq!(rects, drawn, "{figure}");
        assert_eq!(figure.matches("<th scope=\"row\">").count(), rows);
        assert!(figure.contains("aria-label=\"Calls: All &lt;of&gt; them.\"") && !figure.contains("style="));
    }

    #[test]
    fn bars_are_as_tall_as_their_share_of_the_largest() {
        check(
            &[Some([60, 0]), None, Some([30, 15]), Some([0, 0])],
            &[
                "class=\"whole\" x=\"0\" y=\"0\" width=\"8\" height=\"60\"",
                "class=\"whole\" x=\"20\" y=\"30\" width=\"8\" height=\"30\"",
                "class=\"part\" x=\"20\" y=\"45\" width=\"8\" height=\"15\"",
            ],
            3,
        );
    }

    #[test]
    fn the_least_is_seen_beside_the_most_and_nothing_is_nothing() {
        check(
            &[Some([1_000_000, 0]), Some([1, 0])][..],
            &[
                "class=\"whole\" x=\"0\" y=\"0\" width=\"8\" height=\"60\"",
                "class=\"whole\" x=\"10\" y=\"59\" width=\"8\" height=\"1\"",
            ],
            2,
        );
        check(&[None, None], &[], 0);
    }
}
