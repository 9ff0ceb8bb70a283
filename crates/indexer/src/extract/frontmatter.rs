//! The YAML, TOML or JSON at the head of a note: where it ends, what it says, and which of it are title, aliases and tags.
//!
//! What cannot be read gives no properties; the text is still there to be searched. Dataview's inline fields
//! are [`super::obsidian`]'s.

use std::fmt;
use std::ops::Range;

use ibid_core::document::PropertyValue;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{MAX_PROPERTIES, MAX_TAGS, lines, name_of};

/// The largest front matter that is parsed, in bytes; what people write has hundreds.
const MAX_BYTES: usize = 64 * 1024;
/// The deepest nesting in front matter.
const MAX_DEPTH: usize = 32;
/// The most values in front matter, after aliases (`*name`) are followed.
const MAX_YAML_NODES: usize = 32 * 1024;

/// Sections of TOML and JSON whose entries are properties of the note: Zola's `[extra]` and `[taxonomies]`, Hugo's
/// `[params]`.
const SECTIONS: [&str; 3] = ["extra", "params", "taxonomies"];

/// The front matter of a text.
#[derive(Debug, PartialEq)]
pub(super) struct FrontMatter {
    /// Where it ends: after the line that closes it.
    pub(super) end: usize,
    /// What it says, in order; TOML by name. A name that stands there twice is here twice.
    pub(super) properties: Vec<(String, PropertyValue)>,
    /// Whether that is all of it.
    pub(super) is_readable: bool,
}

/// The front matter `text` opens with, after a byte order mark if there is one: YAML between lines of `---`, TOML
/// between lines of `+++`, or an object of JSON.
pub(super) fn read(text: &str) -> Option<FrontMatter> {
    read_yaml(text).or_else(|| read_toml(text)).or_else(|| read_json(text))
}

/// The YAML a text opens with. Two thematic breaks at the top of a text with prose between them are none.
pub(super) fn read_yaml(text: &str) -> Option<FrontMatter> {
    let (inner, end) = fenced(text, "---", &["---", "..."])?;
    let properties = parse(&text[inner.clone()]);
    if properties.is_none() && !looks_like_yaml(&text[inner]) {
        return None;
    }
    Some(FrontMatter::of(end, properties))
}

fn read_toml(text: &str) -> Option<FrontMatter> {
    let (inner, end) = fenced(text, "+++", &["+++"])?;
    let inner = &text[inner];
    let table = (inner.len() <= MAX_BYTES).then(|| inner.parse::<toml::Table>().ok()).flatten();
    if table.is_none() && !inner.contains('=') {
        return None;
    }
    let properties = table.map(|table| table.into_iter().map(|(key, value)| (key, of_toml(value))).collect());
    Some(FrontMatter::of(end, properties.map(with_sections)))
}

/// What follows the object on its last line is not part of it, and must be blank.
fn read_json(text: &str) -> Option<FrontMatter> {
    let begin = after_byte_order_mark(text);
    let json = text[begin..].strip_prefix('{').map(|_| &text[begin..])?;
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    let Value(value) = values.next()?.ok()?;
    let closed = values.byte_offset();
    let rest = lines(&json[closed..]).next().unwrap_or(0..0);
    if !json[closed..][rest.clone()].trim().is_empty() {
        return None;
    }
    let properties = match value {
        PropertyValue::Map(entries) if closed <= MAX_BYTES => Some(with_sections(entries)),
        _ => None,
    };
    Some(FrontMatter::of(begin + closed + rest.end, properties))
}

impl FrontMatter {
    fn of(end: usize, properties: Option<Vec<(String, PropertyValue)>>) -> FrontMatter {
        let is_parsed = properties.is_some();
        let mut properties = properties.unwrap_or_default().into_iter();
        let kept: Vec<_> = properties.by_ref().take(MAX_PROPERTIES).collect();
        let is_shallow = |(_, value): &(String, PropertyValue)| depth_of(value) <= MAX_DEPTH;
        let is_whole = properties.next().is_none() && kept.iter().all(is_shallow);
        let shallow = kept.into_iter().filter(is_shallow);
        let properties = shallow.map(|(key, value)| (key, typed(value))).collect();
        FrontMatter { end, properties, is_readable: is_parsed && is_whole }
    }
}

/// The properties, and after them those in the sections where makers of sites have a person write their own.
fn with_sections(mut properties: Vec<(String, PropertyValue)>) -> Vec<(String, PropertyValue)> {
    let is_section = |key: &str| SECTIONS.iter().any(|section| key.eq_ignore_ascii_case(section));
    let sections = properties.iter().filter(|(key, _)| is_section(key));
    let inner: Vec<_> = sections
        .filter_map(|(_, value)| match value {
            PropertyValue::Map(entries) => Some(entries.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    properties.extend(inner);
    properties
}

/// How many levels a value has within it. The parsers bound it: YAML by our limit, JSON and TOML by a hundred or so.
fn depth_of(value: &PropertyValue) -> usize {
    let inner = match value {
        PropertyValue::List(values) => values.iter().map(depth_of).max(),
        PropertyValue::Map(entries) => entries.iter().map(|(_, value)| depth_of(value)).max(),
        _ => None,
    };
    inner.map_or(0, |depth| depth + 1)
}

fn after_byte_order_mark(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// What stands between a first line and the next that closes it, and where that one ends.
fn fenced(text: &str, opening: &str, closings: &[&str]) -> Option<(Range<usize>, usize)> {
    let begin = after_byte_order_mark(text);
    let mut rest = lines(&text[begin..]).map(|line| begin + line.start..begin + line.end);
    let opening = rest.next().filter(|line| text[line.clone()].trim_end() == opening)?;
    let closing = rest.find(|line| closings.contains(&text[line.clone()].trim_end()))?;
    Some((opening.end..closing.start, closing.end))
}

/// The mapping `yaml` is; empty where it is another structure, `None` where it is prose or cannot be read.
fn parse(yaml: &str) -> Option<Vec<(String, PropertyValue)>> {
    if yaml.len() > MAX_BYTES {
        return None;
    }
    // The YAML reader knows line ends as the standard has them; a lone carriage return is one there too.
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
        max_nodes: MAX_YAML_NODES,
        max_documents: 1,
    };
    let options = serde_saphyr::options! {
        budget: budget,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_YAML_NODES },
        // The reader gives every pair then, and all are kept: any of them may say that the note is private.
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        merge_keys: serde_saphyr::MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Value>(yaml, options).ok()?.0 {
        PropertyValue::Map(properties) => Some(properties),
        PropertyValue::Null | PropertyValue::List(_) => Some(Vec::new()),
        _ => None,
    }
}

/// A value with its texts taken for what they say. A link written without quotation marks is to YAML a list in a list.
fn typed(value: PropertyValue) -> PropertyValue {
    match value {
        PropertyValue::Text(text) => PropertyValue::of_text(&text),
        PropertyValue::List(values) => match values.as_slice() {
            [PropertyValue::List(inner)] => match inner.as_slice() {
                [PropertyValue::Text(target)] => PropertyValue::of_text(&format!("[[{target}]]")),
                _ => PropertyValue::List(values),
            },
            _ => PropertyValue::List(values.into_iter().map(typed).collect()),
        },
        PropertyValue::Map(entries) => {
            PropertyValue::Map(entries.into_iter().map(|(key, value)| (key, typed(value))).collect())
        }
        other => other,
    }
}

fn of_toml(value: toml::Value) -> PropertyValue {
    match value {
        toml::Value::String(text) => PropertyValue::Text(text),
        toml::Value::Integer(number) => PropertyValue::Number(number as f64),
        toml::Value::Float(number) if number.is_finite() => PropertyValue::Number(number),
        toml::Value::Float(number) => PropertyValue::Text(number.to_string()),
        toml::Value::Boolean(on) => PropertyValue::Checkbox(on),
        toml::Value::Datetime(moment) => PropertyValue::Text(moment.to_string()),
        toml::Value::Array(values) => PropertyValue::List(values.into_iter().map(of_toml).collect()),
        toml::Value::Table(table) => {
            PropertyValue::Map(table.into_iter().map(|(key, value)| (key, of_toml(value))).collect())
        }
    }
}

/// Whether a line begins with `key:`, as it does in broken front matter and hardly in prose.
fn looks_like_yaml(yaml: &str) -> bool {
    lines(yaml).any(|line| {
        let key = yaml[line]
            .split_once(':')
            .filter(|(_, value)| value.is_empty() || value.starts_with([' ', '\r', '\n']));
        key.is_some_and(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace))
    })
}

/// The `title` property, if it says anything.
pub(super) fn title(properties: &[(String, PropertyValue)]) -> Option<String> {
    let title = name_of(&words(property(properties, &["title"])?)?);
    (!title.is_empty()).then_some(title)
}

/// The `aliases` (or `alias`) property: a list, or names with commas between them.
pub(super) fn aliases(properties: &[(String, PropertyValue)]) -> Vec<String> {
    let mut aliases = Vec::new();
    if let Some(value) = property(properties, &["aliases", "alias"]) {
        strings(value, &|c| c == ',', &mut aliases);
    }
    aliases
        .iter()
        .map(|alias| name_of(alias))
        .filter(|alias| !alias.is_empty())
        .take(MAX_PROPERTIES)
        .collect()
}

/// The `tags` (or `tag`) property: a list, or words with commas or white space between them; `#` is dropped.
pub(super) fn tags(properties: &[(String, PropertyValue)]) -> Vec<String> {
    let mut tags = Vec::new();
    if let Some(value) = property(properties, &["tags", "tag"]) {
        strings(value, &|c| c == ',' || c.is_whitespace(), &mut tags);
    }
    let tidy = |tag: &String| name_of(tag.trim().trim_start_matches('#').trim_matches('/'));
    let is_tag = |tag: &String| tag.chars().any(|c| !c.is_ascii_digit());
    tags.iter().map(tidy).filter(is_tag).take(MAX_TAGS).collect()
}

/// The first of `names` that has a value, in any case.
fn property<'p>(properties: &'p [(String, PropertyValue)], names: &[&str]) -> Option<&'p PropertyValue> {
    let named = |name: &&str| {
        properties.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    names.iter().filter_map(named).find(|value| **value != PropertyValue::Null)
}

/// A single value as words: years are titles and names too.
fn words(value: &PropertyValue) -> Option<String> {
    match value {
        PropertyValue::Text(text)
        | PropertyValue::Date(text, _)
        | PropertyValue::DateTime(text, _)
        | PropertyValue::Link(text) => Some(text.clone()),
        PropertyValue::Number(number) => Some(number.to_string()),
        PropertyValue::Null | PropertyValue::Checkbox(_) | PropertyValue::List(_) | PropertyValue::Map(_) => {
            None
        }
    }
}

/// The texts of a value: the entries of a list whole, a lone text in the parts that `between` separates.
fn strings(value: &PropertyValue, between: &dyn Fn(char) -> bool, into: &mut Vec<String>) {
    match value {
        PropertyValue::List(values) => {
            for value in values {
                match value {
                    PropertyValue::List(_) => strings(value, between, into),
                    _ => into.extend(words(value)),
                }
            }
        }
        _ => into.extend(words(value).iter().flat_map(|text| text.split(between)).map(str::to_owned)),
    }
}

/// A property's value on its way out of YAML.
struct Value(PropertyValue);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Value)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = PropertyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Null)
    }

    fn visit_none<E>(self) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<PropertyValue, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Checkbox(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Number(value as f64))
    }

    fn visit_i128<E>(self, value: i128) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Number(value as f64))
    }

    fn visit_u128<E>(self, value: u128) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<PropertyValue, E> {
        Ok(PropertyValue::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<PropertyValue, A::Error> {
        let mut list = Vec::new();
        while let Some(Value(value)) = entries.next_element()? {
            list.push(value);
        }
        Ok(PropertyValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<PropertyValue, A::Error> {
        let mut map = Vec::new();
        while let Some((Value(key), Value(value))) = entries.next_entry()? {
            map.extend(key_of(key).map(|key| (key, value)));
        }
        Ok(PropertyValue::Map(map))
    }
}

/// A key as text; none for a structure, which is what a template's `{{date}}` is to YAML.
fn key_of(key: PropertyValue) -> Option<String> {
    match key {
        PropertyValue::Text(text)
        | PropertyValue::Date(text, _)
        | PropertyValue::DateTime(text, _)
        | PropertyValue::Link(text) => Some(text),
        PropertyValue::Number(number) => Some(number.to_string()),
        PropertyValue::Checkbox(value) => Some(value.to_string()),
        PropertyValue::Null | PropertyValue::List(_) | PropertyValue::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> PropertyValue {
        PropertyValue::Text(text.to_owned())
    }

    fn check(note: &str, rest: &str, properties: &[(&str, PropertyValue)]) {
        let read = read(note).unwrap_or_else(|| panic!("no front matter in {note:?}"));
        assert_eq!(&note[read.end..], rest, "{note:?}");
        let expected: Vec<_> =
            properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        assert_eq!(read.properties, expected, "{note:?}");
    }

    #[test]
    fn front_matter_ends_at_its_closing_line() {
        let a_is_b = [("a", text("b"))];
        for (note, rest) in [
            ("---\na: b\n---\nbody", "body"),
            ("---\na: b\n---", ""),
            ("---\na: b\n...\nbody", "body"),
            ("--- \na: b\n---\t\nbody", "body"),
            ("\u{feff}---\na: b\n---\nbody", "body"),
            ("---\r\na: b\r\n---\r\nbody", "body"),
            ("---\ra: b\r---\rbody", "body"),
        ] {
            check(note, rest, &a_is_b);
        }
        check("---\n---\nbody", "body", &[]);
        check("---\n- a\n- b\n---\nbody", "body", &[]);
    }

    #[test]
    fn what_is_not_closed_or_not_at_the_start_is_no_front_matter() {
        for note in [
            "",
            "---",
            "---\na: b\n",
            "\n---\na: b\n---\n",
            " ---\na: b\n---\n",
            "----\na: b\n----\n",
            "---\nJust prose\nhere.\n\n---\n",
        ] {
            assert_eq!(read(note), None, "{note:?}");
        }
    }

    #[test]
    fn toml_and_json_are_read_too() {
        let a_is_b = [("a", text("b"))];
        for (note, rest) in [
            ("+++\na = 'b'\n+++\nbody", "body"),
            ("\u{feff}+++\r\na = 'b'\r\n+++\r\nbody", "body"),
            ("{\n  \"a\": \"b\"\n}\nbody", "body"),
            ("{\"a\": \"b\"} \n\nbody", "\nbody"),
            ("{\"a\": \"b\"}", ""),
        ] {
            check(note, rest, &a_is_b);
        }
        check("{}\nbody", "body", &[]);
        let map = |key: &str, value| PropertyValue::Map(vec![(key.to_owned(), value)]);
        check(
            "+++\nd = 2024-01-01\nl = ['x', 2]\nn = inf\nprivate = true\n[t]\nk = 1.5\n+++\n",
            "",
            &[
                ("d", PropertyValue::Date("2024-01-01".into(), 1_704_067_200)),
                ("l", PropertyValue::List(vec![text("x"), PropertyValue::Number(2.0)])),
                ("n", text("inf")),
                ("private", PropertyValue::Checkbox(true)),
                ("t", map("k", PropertyValue::Number(1.5))),
            ],
        );
        check(
            "{\"z\": null, \"a\": {\"k\": true}, \"z\": \"[[Rye]]\"}\n",
            "",
            &[
                ("z", PropertyValue::Null),
                ("a", map("k", PropertyValue::Checkbox(true))),
                ("z", PropertyValue::Link("[[Rye]]".into())),
            ],
        );
        for note in [
            "+++\na = 1\n",
            "+++\nprose\n+++\n",
            "{\"a\": 1",
            "{\"a\": 1} b\n",
            "{{a}}\n",
            "{a: 1}\n",
            " {}\n",
        ] {
            assert_eq!(read(note), None, "{note:?}");
        }
    }

    #[test]
    fn what_stands_in_a_section_of_a_persons_own_is_of_the_note() {
        let extra = vec![("private".to_owned(), PropertyValue::Checkbox(true))];
        let expected = [("extra", PropertyValue::Map(extra)), ("private", PropertyValue::Checkbox(true))];
        check("+++\n[extra]\nprivate = true\n+++\n", "", &expected);
        check("{\"extra\": {\"private\": true}}\n", "", &expected);
    }

    #[test]
    fn what_is_not_read_as_a_whole_is_told() {
        let deep = format!("{{\"a\": 1, \"b\": {}{}}}\n", "[".repeat(40), "]".repeat(40));
        let many: String = (0..=MAX_PROPERTIES).map(|at| format!("a{at}: 1\n")).collect();
        for (note, is_readable) in [
            ("---\na: b\n---\n", true),
            ("---\na: [\n---\n", false),
            ("+++\na = [\n+++\n", false),
            (deep.as_str(), false),
            (&format!("---\n{many}---\n"), false),
            (&format!("---\na: {}\n---\n", "x".repeat(MAX_BYTES)), false),
        ] {
            assert_eq!(read(note).unwrap().is_readable, is_readable, "{}", &note[..note.len().min(40)]);
        }
        // Each of two values may be the one that is meant.
        check(
            "---\nprivate: false\nprivate: true\n---\n",
            "",
            &[("private", PropertyValue::Checkbox(false)), ("private", PropertyValue::Checkbox(true))],
        );
    }

    #[test]
    fn values_keep_their_kind_and_order() {
        check(
            "---\nz: 1\na: [x, 2]\nl: [[Rye]]\nq: '[[Rye|r]]'\nd: 2024-01-01\nt: 12:30:45\nn:\nb: yes\nc: true\ni: .inf\nm: {k: v}\nbig: 123456789012345678901234567890\n---\n",
            "",
            &[
                ("z", PropertyValue::Number(1.0)),
                ("a", PropertyValue::List(vec![text("x"), PropertyValue::Number(2.0)])),
                ("l", PropertyValue::Link("[[Rye]]".into())),
                ("q", PropertyValue::Link("[[Rye|r]]".into())),
                ("d", PropertyValue::Date("2024-01-01".into(), 1_704_067_200)),
                ("t", text("12:30:45")),
                ("n", PropertyValue::Null),
                ("b", text("yes")),
                ("c", PropertyValue::Checkbox(true)),
                ("i", text(".inf")),
                ("m", PropertyValue::Map(vec![("k".to_owned(), text("v"))])),
                ("big", PropertyValue::Number(123_456_789_012_345_680_000_000_000_000.0)),
            ],
        );
    }

    #[test]
    fn a_template_keeps_the_properties_that_are_set() {
        check(
            "---\ndate: {{date}}\na: b\n---\n",
            "",
            &[("date", PropertyValue::Map(Vec::new())), ("a", text("b"))],
        );
    }

    #[test]
    fn broken_and_hostile_yaml_gives_no_properties() {
        let bomb: String = (1..10).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |yaml, i| {
            yaml + &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(","))
        });
        let deep = format!("a: {}{}\n", "[".repeat(20_000), "]".repeat(20_000));
        let huge = "a: b\n".repeat(MAX_BYTES / 5 + 1);
        for yaml in ["title: \"unclosed\ntags: [a, b\n: :\n", &bomb, &deep, &huge] {
            check(&format!("---\n{yaml}---\nbody"), "body", &[]);
        }
    }

    #[test]
    fn names_are_read_in_all_the_ways_people_write_them() {
        for (yaml, title_is, aliases_are, tags_are) in [
            (
                "title: A  b\naliases: [x, 'y, z']\ntags: [a, '#b/c']",
                Some("A b"),
                &["x", "y, z"][..],
                &["a", "b/c"][..],
            ),
            ("Title: 1984\nalias: x, y\ntag: 'a, b #c'", Some("1984"), &["x", "y"], &["a", "b", "c"]),
            ("title: ''\naliases: one name\ntags: a", None, &["one name"], &["a"]),
            (
                "title: [a]\naliases:\n  - x\n  - 7\n  -\ntags:\n  - two words\n  - 2024",
                None,
                &["x", "7"],
                &["two words"],
            ),
            ("aliases: null\nalias: x\ntags: 1", None, &["x"], &[]),
        ] {
            let properties = read(&format!("---\n{yaml}\n---\n")).unwrap().properties;
            assert_eq!(title(&properties).as_deref(), title_is, "{yaml}");
            assert_eq!(aliases(&properties), aliases_are, "{yaml}");
            assert_eq!(tags(&properties), tags_are, "{yaml}");
        }
    }
}
