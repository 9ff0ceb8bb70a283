//! Notes cut, with a measure that counts words.

use ibid_core::id::DocumentPath;
use proptest::prelude::*;

use super::*;
use crate::extract::extract;

/// Counts words between white space, and CJK characters one by one.
struct Words;

impl Words {
    /// Where each word ends, in order.
    fn ends(text: &str) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut in_word = false;
        for (at, character) in text.char_indices() {
            let alone = ('\u{3000}'..'\u{a000}').contains(&character);
            if character.is_whitespace() || alone {
                in_word = false;
            }
            if !character.is_whitespace() {
                let end = at + character.len_utf8();
                match ends.last_mut() {
                    Some(last) if in_word => *last = end,
                    _ => ends.push(end),
                }
                in_word = !alone;
            }
        }
        ends
    }
}

impl Measure for Words {
    fn tokens(&mut self, text: &str) -> usize {
        Words::ends(text).len()
    }

    fn prefix_within(&mut self, text: &str, max: usize) -> usize {
        match Words::ends(text).get(max.saturating_sub(1)) {
            Some(end) => *end,
            None => text.len(),
        }
    }
}

fn chunks(name: &str, text: &str) -> Vec<Chunk> {
    let extracted = extract(&DocumentPath::new(name).unwrap(), text);
    let chunks = chunk(text, &extracted.blocks, &mut Words);
    let mut at = 0;
    for chunk in &chunks {
        let range = chunk.span.range();
        assert!(range.start == at && (range.end > at || text.is_empty()), "{range:?} at {at} of {text:?}");
        let quote = chunk.span.quote(text).expect("chunks end on character boundaries");
        assert!(Words.tokens(quote) <= MAX_CHUNK_TOKENS && quote.len() <= MAX_CHUNK_BYTES, "{quote:?}");
        assert!(!(quote.ends_with('\r') && text[range.end..].starts_with('\n')), "{quote:?}");
        assert!(chunk.headings.iter().all(|index| *index < extracted.document.headings.len()));
        at = range.end;
    }
    assert_eq!(at, text.len());
    assert!(!chunks.is_empty());
    chunks
}

/// `n` words in sentences of ten.
fn words(n: usize) -> String {
    (1..=n).map(|i| if i % 10 == 0 { "Word.\n" } else { "word " }).collect::<String>()
}

/// The chunks of a note as heading path and first line, with `{n}` standing for a paragraph of `n` words.
fn check(note: &str, expected: &[(&[usize], &str)]) {
    let mut text = String::new();
    for (i, part) in note.split(['{', '}']).enumerate() {
        match i % 2 {
            0 => text.push_str(part),
            _ => text.push_str(&(words(part.parse().unwrap()) + "\n")),
        }
    }
    let chunks = chunks("note.md", &text);
    let first_line = |chunk: &Chunk| text[chunk.span.range()].lines().next().unwrap_or_default();
    let found: Vec<_> = chunks.iter().map(|chunk| (chunk.headings.as_slice(), first_line(chunk))).collect();
    assert_eq!(found, expected, "{note}");
}

const LINE: &str = "word word word word word word word word word Word.";

#[test]
fn an_empty_text_is_one_empty_chunk() {
    check("", &[(&[], "")]);
}

#[test]
fn a_heading_begins_a_chunk_and_front_matter_is_one() {
    check(
        "---\na: b\n---\n# A\n{50}## B\n{60}# C\n{50}",
        &[(&[], "---"), (&[0], "# A"), (&[0, 1], "## B"), (&[2], "# C")],
    );
}

#[test]
fn headings_in_a_row_go_with_what_follows_the_last() {
    check("# A\n## B\n### C\n{50}", &[(&[0, 1, 2], "# A")]);
    check("# A\n{50}## B\n## C\n{50}", &[(&[0], "# A"), (&[0, 2], "## B")]);
}

#[test]
fn a_heading_over_nothing_goes_with_what_is_before_it() {
    check("# A\n{50}## B\n# C\n{50}", &[(&[0], "# A"), (&[2], "# C")]);
    check("# A\n{50}## B", &[(&[0], "# A")]);
    check("# A\n{50}# B\n{197}# C\n", &[(&[0], "# A"), (&[1], "# B"), (&[2], "# C")]);
}

#[test]
fn a_heading_stays_with_what_follows_even_if_that_must_be_cut() {
    check("# A\n{199}", &[(&[0], "# A"), (&[0], LINE)]);
    let long_line = format!("# A\n{}", "word ".repeat(500));
    let first = &chunks("note.md", &long_line)[0];
    assert_eq!(Words.tokens(first.span.quote(&long_line).unwrap()), MAX_CHUNK_TOKENS);
}

#[test]
fn tiny_neighbours_go_together_under_what_is_above_both() {
    check("# A\n{50}## B\n{10}## C\n{10}## D\n{50}", &[(&[0], "# A"), (&[0], "## B"), (&[0, 3], "## D")]);
    check("# A\n{10}## B\n{10}# C\n{50}", &[(&[0], "# A"), (&[2], "# C")]);
    check("# A\n{10}## B\n{50}# C\n{10}", &[(&[0], "# A"), (&[0, 1], "## B"), (&[2], "# C")]);
    check("## A\n{10}### B\n{50}", &[(&[0], "## A"), (&[0, 1], "### B")]);
}

#[test]
fn a_long_section_is_cut_between_blocks_without_a_tiny_tail() {
    check("{90}{90}{90}", &[(&[], LINE), (&[], LINE)]);
    check("A\n\n{150}B\n\n{90}", &[(&[], "A"), (&[], LINE)]);
    check("A\n\n{150}**B**\n\n{90}", &[(&[], "A"), (&[], "**B**")]);
    check("A\n\n{60}B\n\n{60}C\n\n{60}D\n\n{20}", &[(&[], "A"), (&[], "C")]);
}

#[test]
fn a_list_stays_with_the_words_that_introduce_it() {
    check("A\n\n{90}{60}As follows:\n\n- b\n- c\n\n  {90}", &[(&[], "A"), (&[], "As follows:")]);
}

#[test]
fn a_drawn_line_is_no_chunk_of_its_own() {
    struct Marks;
    impl Measure for Marks {
        fn tokens(&mut self, text: &str) -> usize {
            text.chars().filter(|c| !c.is_whitespace()).count()
        }
        fn prefix_within(&mut self, text: &str, max: usize) -> usize {
            text.char_indices().filter(|(_, c)| !c.is_whitespace()).nth(max).map_or(text.len(), |(at, _)| at)
        }
    }
    let text = format!("| first | second |\n| --- | {} |\n| a | b |\n| c | d |\n", "-".repeat(300));
    let extracted = extract(&DocumentPath::new("note.md").unwrap(), &text);
    for chunk in chunk(&text, &extracted.blocks, &mut Marks) {
        let quote = chunk.span.quote(&text).unwrap();
        assert!(quote.contains(char::is_alphabetic) && Marks.tokens(quote) <= MAX_CHUNK_TOKENS, "{quote}");
    }
}

#[test]
fn what_a_reader_sees_as_one_is_not_cut() {
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    let text = family.repeat(300);
    for chunk in chunks("note.md", &text) {
        assert_eq!(chunk.span.len() as usize % family.len(), 0);
    }
}

#[test]
fn a_cut_word_is_not_put_together_again() {
    /// Counts a word token for every 8 bytes of what has no space, as the bundled tokens do.
    struct Runs;
    impl Measure for Runs {
        fn tokens(&mut self, text: &str) -> usize {
            if text.len() > 100 { text.len() / 8 } else { 0 }
        }
        fn prefix_within(&mut self, text: &str, max: usize) -> usize {
            text.floor_char_boundary((max * 8).max(100))
        }
    }
    let text = "\u{200d}".repeat(550);
    let extracted = extract(&DocumentPath::new("note.md").unwrap(), &text);
    let chunks = chunk(&text, &extracted.blocks, &mut Runs);
    assert_eq!(chunks.len(), 2);
    assert!(chunks.iter().all(|chunk| Runs.tokens(chunk.span.quote(&text).unwrap()) <= MAX_CHUNK_TOKENS));
}

#[test]
fn a_context_says_where_a_chunk_stands_in_few_words() {
    let long = "word ".repeat(100);
    for (title, headings, expected) in [
        ("T", &["A", "B"][..], "T > A > B".to_owned()),
        ("T", &["T", "", "B"], "T > B".to_owned()),
        ("", &["A"], "A".to_owned()),
        ("T", &[], "T".to_owned()),
        ("T", &[&long, "B"], "T > B".to_owned()),
        (&long, &["B"], format!("{} > B", ["word"; MAX_CONTEXT_TOKENS / 2].join(" "))),
        (&long, &[], ["word"; MAX_CONTEXT_TOKENS].join(" ")),
    ] {
        let made = context(title, headings.iter().copied(), &mut Words);
        assert_eq!(made, expected);
        assert!(Words.tokens(&made) <= MAX_CONTEXT_TOKENS);
    }
}

/// Long notes: what is repeated makes sections and blocks that do not fit.
fn long_markdownish() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "# head\n",
        "## head\n",
        "- item ",
        "  - nested ",
        "> quote ",
        "| a | b |\n|---|---|\n",
        "| c | d |\n",
        "```\ncode\n",
        "word ",
        "Sentence here. ",
        "日本語。",
        "長い",
        "👩\u{200d}🚀",
        "\u{301}",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        " ",
        "---\n",
        "wordwithoutend",
    ]);
    prop::collection::vec((pieces, 1usize..300), 0..12)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, times)| piece.repeat(times)).collect())
}

proptest! {
    #[test]
    fn any_text_is_partitioned_within_the_limits(text in "\\PC*", times in 1usize..50) {
        chunks("note.md", &text.repeat(times));
        chunks("note.txt", &text.repeat(times));
    }

    #[test]
    fn any_markdown_is_partitioned_within_the_limits(text in long_markdownish()) {
        chunks("note.md", &text);
        chunks("note.txt", &text);
    }

    #[test]
    fn no_chunk_of_a_section_with_words_ends_in_its_heading(sizes in prop::collection::vec((1usize..4, 1usize..400), 1..6)) {
        let text: String = sizes.iter().map(|(level, n)| format!("{} head\n\n{}\n", "#".repeat(*level), words(*n))).collect();
        for chunk in chunks("note.md", &text) {
            let quote = chunk.span.quote(&text).unwrap();
            prop_assert!(!quote.trim_end().lines().last().is_some_and(|line| line.starts_with('#')), "{}", quote);
        }
    }
}
