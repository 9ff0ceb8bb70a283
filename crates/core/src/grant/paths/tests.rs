//! What path rules name, against readings of their text that share nothing with the product's.

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> PathPattern {
    PathPattern::new(text).unwrap_or_else(|| panic!("{text} is no pattern"))
}

fn check_hides(text: &str, hidden: &[&str], shown: &[&str]) {
    for path in hidden {
        assert!(pattern(text).hides(path), "{text} hides {path}");
    }
    for path in shown {
        assert!(!pattern(text).hides(path), "{text} does not hide {path}");
    }
}

#[test]
fn a_rule_that_denies_hides_what_its_text_says() {
    check_hides(
        "[Private] Diary",
        &["[Private] Diary/a.md", "[PRIVATE] diary/b/c.md"],
        &["[Private] Diary.md"],
    );
    check_hides("[Private] Diary/", &["[Private] Diary/a.md"], &["Private Diary/a.md"]);
    check_hides("[Private] Diary/**", &["[Private] Diary/a.md", "[private] diary/b/c.md"], &["Diary/a.md"]);
    check_hides("[Private]/*.md", &["[Private]/a.md", "p/a.md"], &["[Private]/a.txt", "Private/a.md"]);
    check_hides("{a,b}", &["{a,b}/x.md", "a/x.md", "B/x.md"], &["c/x.md"]);
    check_hides("a\\b", &["a\\b/x.md", "ab/x.md"], &["a/b/x.md"]);
    check_hides("a\\[b", &["a[b/x.md", "a\\[b/x.md"], &["ab/x.md"]);
    check_hides("\"Diary\"", &["\"Diary\"/x.md"], &["Diary/x.md"]);
    check_hides("What?", &["What?/x.md", "Whats/x.md"], &["What/x.md"]);
    check_hides("[!a]", &["[!a]/x.md", "[!A]", "b/x.md"], &["a/x.md"]);
    check_hides("]a[b]", &["]a[b]/x.md", "]ab/x.md"], &["]aa/x.md"]);
    check_hides("**", &["a", "a/b.md"], &[]);
}

#[test]
fn letters_that_are_one_in_capitals_are_one() {
    check_hides("ΟΔΟΣ", &["οδος/a.md", "Οδοσ/a.md"], &["οδο/a.md"]);
    check_hides("Straße", &["STRASSE/a.md", "strasse", "straße/b.md"], &["stras/a.md"]);
    check_hides("Cafe\u{301}", &["CAF\u{c9}/a.md"], &["Cafe/a.md"]);
}

#[test]
fn a_rule_that_allows_has_one_meaning() {
    for (text, path, literally, shown) in [
        ("[ab]", "[ab]/x.md", true, true),
        ("[ab]", "a/x.md", true, false),
        ("[ab]", "[ab]/x.md", false, false),
        ("[ab]", "a/x.md", false, true),
        ("[ab]/**", "[ab]/x.md", true, true),
        ("[ab]", "[AB]/x.md", true, false),
        ("Work", "Work/x.md", true, true),
        ("Work", "Work/x.md", false, true),
    ] {
        assert_eq!(pattern(text).shows(path, literally), shown, "{text} {path} {literally}");
    }
    assert!(pattern("[ab]/").is_literally("[ab]") && pattern("[ab]").is_literally("[ab]/x/y.md"));
    assert!(!pattern("[ab]").is_literally("[ab]x") && !pattern("[ab]").is_literally("a"));
}

/// Whether `path` is `named` or lies below it, in any case, read part by part.
fn says_literally(named: &str, path: &str) -> bool {
    let parts = |text: &str| -> Vec<String> { text.split('/').map(str::to_ascii_uppercase).collect() };
    parts(path).starts_with(&parts(named))
}

/// Every text that the words in braces stand for.
fn without_braces(text: &str) -> Vec<String> {
    let Some(open) = text.find('{') else { return vec![text.to_owned()] };
    let close = open + text[open..].find('}').unwrap();
    let words = text[open + 1..close].split(',');
    words.flat_map(|word| without_braces(&format!("{}{word}{}", &text[..open], &text[close + 1..]))).collect()
}

/// Whether one part of a path is as one part of a pattern has it, letter by letter.
fn says_part(pattern: &[char], part: &[char]) -> bool {
    match (pattern, part) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=part.len()).any(|taken| says_part(rest, &part[taken..])),
        (['?', rest @ ..], [_, left @ ..]) => says_part(rest, left),
        (['[', inside @ ..], [letter, left @ ..]) => {
            let close = inside.iter().position(|&c| c == ']').unwrap();
            inside[..close].contains(letter) && says_part(&inside[close + 1..], left)
        }
        ([wanted, rest @ ..], [letter, left @ ..]) => wanted == letter && says_part(rest, left),
        _ => false,
    }
}

/// Whether a path, or a folder it lies in, is as a pattern has it, part by part.
fn says_as_pattern(text: &str, path: &str) -> bool {
    fn says(pattern: &[Vec<char>], parts: &[Vec<char>]) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return true };
        if first == &['*', '*'] {
            // At the end it stands for one part at least.
            let from = usize::from(rest.is_empty());
            return (from..=parts.len()).any(|taken| says(rest, &parts[taken..]));
        }
        parts.split_first().is_some_and(|(part, left)| says_part(first, part) && says(rest, left))
    }
    let parts = |text: &str| -> Vec<Vec<char>> {
        text.split('/').map(|part| part.to_ascii_lowercase().chars().collect()).collect()
    };
    without_braces(text).iter().any(|text| says(&parts(text), &parts(path)))
}

/// What `hides` was before rules had a literal meaning.
fn hid_before(text: &str, path: &str) -> bool {
    with_below([folded(text).as_str()]).unwrap().is_match(folded(path))
}

fn name() -> impl Strategy<Value = String> {
    "[ab][abA*?\\[\\]{}\\\\\"'!^,. -]{0,5}[abB\\]}\"]"
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..4).prop_map(|parts| parts.join("/"))
}

/// Patterns whose meaning nobody disputes.
fn plain_pattern() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[abAB]",
        Just("*".to_owned()),
        Just("?".to_owned()),
        "\\[[abc]{1,3}\\]",
        "\\{[ab]{1,2},[ab]\\}"
    ];
    let part = prop_oneof![
        prop::collection::vec(piece, 1..4)
            .prop_map(|pieces| pieces.concat())
            .prop_filter("two stars have a meaning of their own", |part| !part.contains("**")),
        Just("**".to_owned()),
    ];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"))
}

fn plain_path() -> impl Strategy<Value = String> {
    prop::collection::vec("[abcAB]{1,3}", 1..4).prop_map(|parts| parts.join("/"))
}

proptest! {
    #[test]
    fn what_a_text_names_literally_is_hidden(folder in path(), below in prop::option::of(path()), upper in any::<bool>()) {
        let path = below.map_or(folder.clone(), |below| format!("{folder}/{below}"));
        prop_assert!(says_literally(&folder, &path));
        for text in [folder.clone(), format!("{folder}/"), format!("{folder}/**")] {
            let text = if upper { text.to_ascii_uppercase() } else { text };
            // What is no pattern is refused.
            if let Some(pattern) = PathPattern::new(&text) {
                prop_assert!(pattern.hides(&path), "{} does not hide {}", text, path);
            }
            if let Some(pattern) = PathPattern::new(&folder) {
                prop_assert!(pattern.is_literally(&path) && pattern.shows(&path, true));
            }
        }
    }

    #[test]
    fn what_a_text_names_as_a_pattern_is_hidden_and_nothing_else(text in plain_pattern(), path in plain_path()) {
        let pattern = pattern(&text);
        // `B/**` says the folder B, and that is named with all that lies below it.
        let mut folder = text.as_str();
        while let Some(above) = folder.strip_suffix("/**") {
            folder = above;
        }
        let literally = [text.as_str(), folder].into_iter().any(|text| says_literally(text, &path));
        let named = literally || says_as_pattern(&text, &path);
        prop_assert_eq!(pattern.hides(&path), named, "{} {}", text, path);
    }

    #[test]
    fn no_rule_hides_less_than_it_did(text in prop_oneof![path(), plain_pattern()], path in prop_oneof![path(), plain_path()]) {
        if let Some(pattern) = PathPattern::new(&text) {
            prop_assert!(pattern.hides(&path) || !hid_before(&text, &path));
        }
    }
}
