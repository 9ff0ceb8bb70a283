//! What grants show, by examples and by laws.

use proptest::prelude::*;

use super::*;

/// Path, tags, properties.
type Note = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

fn check(rules: &[&str], shown: &[&str]) {
    const NOTES: [Note; 6] = [
        ("Work/plan.md", &["open"], &[("status", "done")]),
        ("Work/Old/plan.md", &["open/later"], &[]),
        ("work/lower.md", &[], &[("status", "open")]),
        ("Home/Caf\u{e9}.md", &["Private"], &[]),
        ("Home.md", &["opening"], &[("status", "Done"), ("status", "late")]),
        ("Workshop/a.md", &[], &[]),
    ];
    let grant = Grant::parse(rules).unwrap();
    let collection = "notes".parse().unwrap();
    let seen: Vec<&str> = NOTES
        .iter()
        .filter(|(path, tags, properties)| {
            let tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
            let pair = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
            let properties: Vec<_> = properties.iter().map(pair).collect();
            let facts = Facts { collection: &collection, path, tags: &tags, properties: &properties };
            grant.shows(&facts, |pattern| NOTES.iter().any(|(path, ..)| pattern.is_literally(path)))
        })
        .map(|(path, ..)| *path)
        .collect();
    assert_eq!(seen, shown, "{rules:?}");
}

const ALL: [&str; 6] =
    ["Work/plan.md", "Work/Old/plan.md", "work/lower.md", "Home/Caf\u{e9}.md", "Home.md", "Workshop/a.md"];

#[test]
fn without_rules_everything_is_shown() {
    check(&[], &ALL);
    check(&["tool:search", "collection:notes"], &ALL);
}

#[test]
fn a_path_that_allows_shows_its_folder_and_no_other() {
    check(&["path:Work"], &ALL[..2]);
    check(&["path:Work/"], &ALL[..2]);
    check(&["path:Work/*.md"], &ALL[..1]);
    check(&["path:Work/**"], &ALL[..2]);
    check(&["path:Home", "path:*.md"], &ALL[3..5]);
    check(&["path:Home/Cafe\u{301}.md"], &ALL[3..4]);
}

#[test]
fn a_path_that_denies_does_so_in_any_case() {
    check(&["-path:WORK"], &ALL[3..]);
    check(&["-path:home/CAFE\u{301}.md", "-path:{work,workshop}/**"], &ALL[4..5]);
    check(&["path:Work", "-path:**/old"], &ALL[..1]);
}

#[test]
fn a_tag_covers_those_below_it() {
    check(&["tag:open"], &ALL[..2]);
    check(&["tag:Open/Later"], &ALL[1..2]);
    check(&["-tag:private", "-tag:open"], &["work/lower.md", "Home.md", "Workshop/a.md"]);
}

#[test]
fn a_property_is_compared_by_name_and_value() {
    check(&["property:Status=done"], &["Work/plan.md", "Home.md"]);
    check(&["property:status=done", "-property:status=late"], &["Work/plan.md"]);
}

#[test]
fn kinds_are_added_up_and_deny_wins() {
    check(&["path:Work", "tag:open/later"], &ALL[1..2]);
    check(&["path:Work", "-path:Work"], &[]);
    check(&["collection:other"], &[]);
    check(&["-collection:notes"], &[]);
}

#[test]
fn tools_are_allowed_as_everything_else_is() {
    for (rules, search, fetch) in [
        (&[][..], true, true),
        (&["tool:search"], true, false),
        (&["-tool:search"], false, true),
        (&["tool:search", "-tool:search"], false, false),
        (&["path:Work"], true, true),
    ] {
        let grant = Grant::parse(rules).unwrap();
        assert_eq!((grant.allows_tool("search"), grant.allows_tool("fetch")), (search, fetch), "{rules:?}");
    }
}

#[test]
fn a_broken_rule_spoils_the_grant() {
    for rule in [
        "",
        "-",
        ":",
        "path",
        "path:",
        "paths:a",
        "Path:a",
        "--path:a",
        " path:a",
        "path: a",
        "path:a ",
        "path:a[",
        "path:{a",
        "path:/etc",
        "path:../a",
        "path:a/../b",
        "path:a//b",
        "path:./a",
        "path:/",
        "collection:Work",
        "collection:",
        "collection:a b",
        "tag:#a",
        "tag:a b",
        "tag:a/",
        "tag:/a",
        "tag:a//b",
        "property:a",
        "property:=b",
        "property:a=",
        "property:a =b",
        "tool:a b",
        "tool:",
        "path:a\u{0}b",
        "path:a\nb",
        "everything",
        "*",
    ] {
        assert!(rule.parse::<Rule>().is_err(), "{rule:?}");
        assert!(Grant::parse(["tag:a", rule]).is_err(), "{rule:?}");
    }
    assert!(format!("path:{}", "a".repeat(MAX_RULE_BYTES)).parse::<Rule>().is_err());
}

#[test]
fn a_grant_is_written_one_rule_a_line() {
    let grant: Grant = "tag:a\n\n-path:My Notes/**\ntag:a\n".parse().unwrap();
    assert_eq!(grant.to_string(), "-path:My Notes/**\ntag:a");
    assert_eq!(Grant::everything().to_string(), "");
}

fn rule_text() -> impl Strategy<Value = String> {
    let named = prop_oneof![
        "collection:[a-c]",
        "path:[a-cA-C*?]{1,3}(/[a-c*]{1,3}){0,2}",
        "tag:[a-cA-C]{1,2}(/[a-c]){0,2}",
        "property:[a-c]=[a-c=]{1,2}",
        "tool:[a-c]{1,3}",
    ];
    (any::<bool>(), named).prop_map(|(deny, named)| format!("{}{named}", if deny { "-" } else { "" }))
}

type OwnedFacts = (CollectionName, String, Vec<String>, Vec<(String, String)>);

fn facts() -> impl Strategy<Value = OwnedFacts> {
    let collection = "[a-c]".prop_map(|name| name.parse().unwrap());
    let tags = prop::collection::vec("[a-cA-C]{1,2}(/[a-c]){0,2}", 0..4);
    let properties = prop::collection::vec(("[a-c]", "[a-c=]{1,2}"), 0..4);
    (collection, "[a-cA-C]{1,3}(/[a-c]{1,3}){0,3}", tags, properties)
}

fn shows(grant: &Grant, (collection, path, tags, properties): &OwnedFacts) -> bool {
    let facts = Facts { collection, path, tags, properties };
    grant.shows(&facts, |pattern| pattern.is_literally(path))
}

proptest! {
    #[test]
    fn a_rule_is_written_as_it_was_read(text in rule_text()) {
        if let Ok(rule) = text.parse::<Rule>() {
            prop_assert_eq!(rule.to_string(), text);
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
        }
    }

    #[test]
    fn nothing_makes_the_reader_panic(text in "\\PC{0,40}") {
        if let Ok(rule) = text.parse::<Rule>() {
            prop_assert_eq!(rule.to_string(), text);
        }
    }

    #[test]
    fn a_grant_is_read_back(texts in prop::collection::vec(rule_text(), 0..6)) {
        if let Ok(grant) = Grant::parse(&texts) {
            prop_assert_eq!(grant.to_string().parse::<Grant>(), Ok(grant));
        }
    }

    #[test]
    fn a_rule_that_denies_never_shows_more(
        texts in prop::collection::vec(rule_text(), 0..6), more in rule_text(), document in facts(),
    ) {
        if let (Ok(grant), Ok(more)) = (Grant::parse(&texts), more.parse::<Rule>()) {
            let less = grant.and([Rule { deny: true, ..more }]);
            prop_assert!(shows(&grant, &document) || !shows(&less, &document));
            for tool in ["a", "search"] {
                prop_assert!(grant.allows_tool(tool) || !less.allows_tool(tool));
            }
        }
    }

    #[test]
    fn deny_wins(texts in prop::collection::vec(rule_text(), 0..6), document in facts()) {
        if let Ok(grant) = Grant::parse(&texts) {
            let only_allowing = Grant::of(grant.rules().iter().filter(|rule| !rule.deny).cloned());
            let denied = grant.rules().iter().filter(|rule| rule.deny).any(|rule| {
                !shows(&Grant::of([rule.clone()]), &document)
            });
            prop_assert_eq!(shows(&grant, &document), shows(&only_allowing, &document) && !denied);
        }
    }
}
