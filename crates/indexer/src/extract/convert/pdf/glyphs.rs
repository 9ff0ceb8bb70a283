//! Glyphs as they are drawn, gathered to lines in the order of drawing, which in nearly all files is that of reading.

use std::panic::resume_unwind;

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::kurbo::{BezPath, Point, Vec2};
use hayro_interpret::{BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, SoftMask};

/// A font's em in its own units.
const EM: f64 = 1000.0;
/// A gap wider than this is a space, in ems; kerning is narrower and a space is a quarter.
const SPACE_EMS: f64 = 0.16;
/// A gap wider than this parts the cells of a table, in ems.
const CELL_EMS: f64 = 1.5;
/// How far a glyph may be off the line it belongs to, in ems: an exponent is.
const OFF_LINE_EMS: f64 = 0.5;
/// How far back a glyph may go and still be of the line, in ems: an accent does.
const BACK_EMS: f64 = 0.6;
/// Text drawn again this close is the same text made bold, in ems.
const SAME_EMS: f64 = 0.12;
/// What an unknown glyph is taken to measure, in ems.
const UNKNOWN_EMS: f64 = 0.5;

/// What a clip counts among things drawn: hayro clips once for each form, and a form costs more than a glyph.
const CLIP_WEIGHT: usize = 16;

/// What a device unwinds with when a file draws without end; hayro asks no device whether to go on.
pub(super) struct TooMuch;

/// Words on one line. Lengths are in points, from the page's top left; along the line and across it.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) across: f64,
    pub(super) size: f64,
    /// Wide gaps in it: more than none is a row of a table.
    pub(super) n_gaps: usize,
    /// Which way it runs.
    pub(super) direction: (f64, f64),
}

/// A device that keeps words and draws nothing.
pub(super) struct Glyphs {
    lines: Vec<Line>,
    line: Line,
    /// Where the last runs began and what they said.
    last_run: (Point, String),
    left: usize,
}

impl Glyphs {
    /// Keeps words until so many things were drawn.
    pub(super) fn new(left: usize) -> Glyphs {
        Glyphs { lines: Vec::new(), line: Line::default(), last_run: (Point::ZERO, String::new()), left }
    }

    /// The lines, and how much may still be drawn.
    pub(super) fn finish(mut self) -> (Vec<Line>, usize) {
        self.end_line();
        (self.lines, self.left)
    }

    fn drawn(&mut self, n: usize) {
        match self.left.checked_sub(n) {
            Some(left) => self.left = left,
            None => resume_unwind(Box::new(TooMuch)),
        }
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.text.truncate(line.text.trim_end().len());
        if !line.text.is_empty() {
            self.lines.push(line);
        }
    }

    /// Adds a glyph that begins at `origin`, is `advance` long and of `size`.
    fn add(&mut self, text: &str, origin: Point, advance: Vec2, size: f64) {
        let length = advance.hypot();
        let direction = if length > 0.0 { advance / length } else { Vec2::new(1.0, 0.0) };
        let along = origin.to_vec2().dot(direction);
        let across = origin.to_vec2().dot(Vec2::new(-direction.y, direction.x));
        let line = &self.line;
        let same_way = direction.dot(Vec2::new(line.direction.0, line.direction.1)) > 0.99;
        let gap = along - line.right;
        let largest = size.max(line.size);
        let on_line =
            same_way && (across - line.across).abs() <= OFF_LINE_EMS * largest && gap >= -BACK_EMS * largest;
        if line.text.is_empty() || !on_line {
            if text.trim().is_empty() {
                return;
            }
            self.end_line();
            let direction = (direction.x, direction.y);
            self.line = Line { left: along, right: along, across, size, direction, ..Line::default() };
        } else if gap > SPACE_EMS * size && !line.text.ends_with(' ') {
            self.line.text.push(' ');
        }
        let line = &mut self.line;
        if gap > CELL_EMS * size && !line.text.is_empty() && !text.trim().is_empty() {
            line.n_gaps += 1;
        }
        if text.trim().is_empty() {
            // Leading dots and rows of spaces end where the next word begins.
            if !line.text.ends_with(' ') && !line.text.is_empty() {
                line.text.push(' ');
            }
            line.right = line.right.max(along + if gap < CELL_EMS * size { length } else { 0.0 });
            return;
        }
        line.text.push_str(text);
        line.right = line.right.max(along + length);
        line.size = line.size.max(size);
    }
}

impl<'a> Device<'a> for Glyphs {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        self.drawn(run.glyphs().len());
        let Some(first) = run.glyphs().first() else { return };
        let begin = props.transform * first.transform() * Point::ZERO;
        let texts: Vec<Option<String>> =
            run.glyphs().iter().map(|glyph| glyph.as_unicode().map(characters)).collect();
        let words: String = texts.iter().flatten().map(String::as_str).collect();
        let em = (props.transform * first.transform() * Point::new(0.0, EM) - begin).hypot();
        // Filled and then outlined, or drawn twice a little aside, is how text is made bold.
        if begin.distance(self.last_run.0) < SAME_EMS * em && words == self.last_run.1 && !words.is_empty() {
            return;
        }
        for (glyph, text) in run.glyphs().iter().zip(&texts) {
            let transform = props.transform * glyph.transform();
            let origin = transform * Point::ZERO;
            let size = (transform * Point::new(0.0, EM) - origin).hypot();
            let units = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(drawn) => drawn.advance_width(),
            };
            let units = units.map_or(UNKNOWN_EMS * EM, f64::from);
            let end = match run.writing_mode() {
                hayro_interpret::hayro_cmap::WritingMode::Horizontal => Point::new(units, 0.0),
                hayro_interpret::hayro_cmap::WritingMode::Vertical => Point::new(0.0, -EM),
            };
            let advance = transform * end - origin;
            let is_finite = origin.is_finite() && advance.is_finite() && size.is_finite();
            if let Some(text) = text.as_ref().filter(|_| is_finite) {
                self.add(text, origin, advance, size);
            }
        }
        self.last_run = (begin, words);
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.drawn(1);
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.drawn(CLIP_WEIGHT);
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.drawn(1);
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.drawn(1);
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

/// What a glyph says, in letters that people type: no ligatures, no characters of private use.
fn characters(glyph: BfString) -> String {
    let text = match glyph {
        BfString::Char(character) => character.to_string(),
        BfString::String(text) => text,
    };
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            'ﬀ' => out.push_str("ff"),
            'ﬁ' => out.push_str("fi"),
            'ﬂ' => out.push_str("fl"),
            'ﬃ' => out.push_str("ffi"),
            'ﬄ' => out.push_str("ffl"),
            'ﬅ' | 'ﬆ' => out.push_str("st"),
            // The dot of a list in the font Symbol.
            '\u{f0b7}' | '\u{f0a7}' => out.push('•'),
            '\u{e000}'..='\u{f8ff}' | '\u{fffd}' | '\u{feff}' => {}
            character if character.is_whitespace() => out.push(' '),
            character if character.is_control() => {}
            character => out.push(character),
        }
    }
    out
}
