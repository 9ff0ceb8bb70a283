//! Formulas as MathML. What the renderer gives is cleaned all the same: no style, no link, nothing but MathML.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};

/// The longest formula that is set, in bytes.
const MAX_FORMULA_BYTES: usize = 4 * 1024;

/// The deepest nesting that is set: the renderer calls itself for each group.
const MAX_DEPTH: usize = 64;

/// MathML Core, as far as formulas need it.
const ELEMENTS: [&str; 26] = [
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "mtext",
    "mspace",
    "ms",
    "mfrac",
    "msqrt",
    "mroot",
    "mstyle",
    "mpadded",
    "mphantom",
    "msub",
    "msup",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mmultiscripts",
    "mprescripts",
    "mtable",
    "mtr",
    "mtd",
    "none",
];

const ATTRIBUTES: [&str; 22] = [
    "display",
    "displaystyle",
    "scriptlevel",
    "mathvariant",
    "stretchy",
    "symmetric",
    "fence",
    "separator",
    "lspace",
    "rspace",
    "form",
    "accent",
    "accentunder",
    "linethickness",
    "minsize",
    "maxsize",
    "movablelimits",
    "largeop",
    "width",
    "height",
    "depth",
    "columnspan",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .tags(HashSet::from(ELEMENTS))
        .tag_attributes(HashMap::new())
        .generic_attributes(HashSet::from(ATTRIBUTES));
    cleaner
});

/// The formula as MathML; `None` where it cannot be read, so that its source is shown.
pub(super) fn mathml(formula: &str, is_block: bool) -> Option<String> {
    if formula.len() > MAX_FORMULA_BYTES || depth(formula) > MAX_DEPTH {
        return None;
    }
    let storage = Storage::new();
    let events: Vec<_> = Parser::new(formula, &storage).collect();
    if events.iter().any(Result::is_err) {
        return None;
    }
    let display_mode = if is_block { DisplayMode::Block } else { DisplayMode::Inline };
    let mut markup = String::new();
    push_mathml(&mut markup, events.into_iter(), RenderConfig { display_mode, ..RenderConfig::default() })
        .ok()?;
    let clean = CLEANER.clean(&markup).to_string();
    clean.starts_with("<math").then_some(clean)
}

fn depth(formula: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in formula.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_set() {
        let set = mathml(r"\frac{a}{b} + x^2", false).unwrap();
        assert!(set.contains("<mfrac>") && set.contains("<msup>") && !set.contains("style"), "{set}");
        assert!(mathml("x", true).unwrap().contains("display=\"block\""));
    }

    #[test]
    fn what_is_no_formula_is_left_to_its_source() {
        assert_eq!(mathml(r"\frac{a}", false), None);
        assert_eq!(mathml(&"{".repeat(1_000), false), None);
    }

    #[test]
    fn a_formula_carries_no_markup_of_its_own() {
        for formula in
            [r"\text{<script>alert(1)</script>}", r"\text{<img src=x onerror=alert(1)>}", r"\color{red} x"]
        {
            let set = mathml(formula, false).unwrap_or_default();
            assert!(!set.contains("<script") && !set.contains("<img") && !set.contains("style="), "{set}");
        }
    }
}
