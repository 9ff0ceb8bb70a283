//! Where a link leads, by the rule Obsidian follows: first to which document, then to which part of it. Pure; who links to
//! whom over a whole collection is worked out where the collection is known.

use std::collections::HashMap;
use std::path::{Component, Path};

use unicode_normalization::UnicodeNormalization;

use crate::document::Document;
use crate::span::Span;

/// The names by which the documents of a collection can be linked to.
///
/// Names are compared without regard to case and to how accents are composed. Numbers are the positions at which the
/// documents were given.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Folded paths, by number.
    paths: Vec<String>,
    /// Documents by the folded name of their file, extension included.
    by_file_name: HashMap<String, Vec<u32>>,
    by_alias: HashMap<String, Vec<u32>>,
}

impl Names {
    /// Adds the next document.
    pub fn add(&mut self, path: &str) {
        let path = folded(path);
        let number = self.paths.len() as u32;
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        self.by_file_name.entry(name).or_default().push(number);
        self.paths.push(path);
    }

    /// Adds another name of the document that was added with this number.
    pub fn add_alias(&mut self, number: u32, alias: &str) {
        let known = self.by_alias.entry(folded(alias.trim())).or_default();
        if known.last() != Some(&number) {
            known.push(number);
        }
    }

    /// The number of the document to which a link with this target leads from the document at `source`; `None` where
    /// it dangles or names something outside, as a web address does.
    ///
    /// The rule is the one Obsidian was seen to follow: a target that begins with `/` is a whole path, one that begins
    /// with `./` or `../` is relative to the source. Any other is the end of a path, with or without `.md`: the whole
    /// path first, then those in the source's folder and below it, then the rest, shorter paths first. Where no file
    /// bears the name, an alias may.
    pub fn resolve(&self, source: &str, target: &str) -> Option<u32> {
        if is_address(target) {
            return None;
        }
        let (source, target) = (folded(source), folded(target.trim()));
        if target.is_empty() {
            return self.by_path(&source);
        }
        let folder = source.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let Some(path) = target.strip_prefix('/') {
            return self.by_path(path);
        }
        if target.starts_with("./") || target.starts_with("../") {
            return self.by_path(&relative(folder, &target)?);
        }
        self.by_end(folder, &target).or_else(|| self.by_alias.get(&target)?.first().copied())
    }

    /// Whether the place a link stands at can change where it leads: several files bear its name, or it is relative.
    pub fn depends_on_source(&self, target: &str) -> bool {
        let target = folded(target.trim());
        target.is_empty() || target.starts_with('.') || self.with_name(&target).count() > 1
    }

    fn by_path(&self, path: &str) -> Option<u32> {
        self.with_name(path).find(|&number| is_path_or_without_extension(&self.paths[number as usize], path))
    }

    fn by_end(&self, folder: &str, target: &str) -> Option<u32> {
        let rank = |&number: &u32| {
            let path = self.paths[number as usize].as_str();
            let whole = is_path_or_without_extension(path, target);
            let below =
                path.strip_prefix(folder).is_some_and(|rest| folder.is_empty() || rest.starts_with('/'));
            (!whole, !below, path.len(), path)
        };
        let ends = |number: &u32| {
            let path = self.paths[*number as usize].as_str();
            let ends_so =
                |end: &str| path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
            ends_so(target)
                || path.strip_suffix(NOTE_EXTENSION).is_some_and(|path| {
                    path.strip_suffix(target).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
                })
        };
        self.with_name(target).filter(ends).min_by(|a, b| rank(a).cmp(&rank(b)))
    }

    /// The documents whose file bears the last part of a target as its name, as it is or with `.md`.
    fn with_name(&self, target: &str) -> impl Iterator<Item = u32> {
        let name = target.rsplit('/').next().unwrap_or_default();
        let exact = self.by_file_name.get(name);
        let note = self.by_file_name.get(&format!("{name}{NOTE_EXTENSION}"));
        exact.into_iter().chain(note).flatten().copied()
    }
}

/// What may be left out of a target.
const NOTE_EXTENSION: &str = ".md";

fn is_path_or_without_extension(path: &str, target: &str) -> bool {
    path == target || path.strip_suffix(NOTE_EXTENSION) == Some(target)
}

/// A name in the form in which names are compared: lower case, accents composed.
pub(crate) fn folded(name: &str) -> String {
    match name.is_ascii() {
        true => name.to_ascii_lowercase(),
        false => name.nfc().flat_map(char::to_lowercase).nfc().collect(),
    }
}

/// The path a relative target names from `folder`; `None` where it leaves the source.
fn relative(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(part) => parts.push(part.to_str()?),
            _ => {}
        }
    }
    Some(parts.join("/"))
}

/// Whether a link's target leads out of the collection: it begins like `https:`, by the rule of URLs.
///
/// A single letter before the colon is a drive of Windows, or a title such as `C: the language`.
pub fn is_address(target: &str) -> bool {
    target.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.len() > 1
            && !rest.starts_with(' ')
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

/// The part of a document that an anchor names: a block (`^name`) or a section from its heading (`Heading`, or
/// `Heading#Subheading`) to the next of its level or above. `None` where the document has no such part.
pub fn part(document: &Document, text_bytes: u32, anchor: &str) -> Option<Span> {
    if let Some(name) = anchor.strip_prefix('^') {
        let block = document.block_ids.iter().find(|block| block.name.eq_ignore_ascii_case(name))?;
        return Some(block.span);
    }
    let at = heading_at(document, anchor, heading_key).or_else(|| heading_at(document, anchor, slug))?;
    let heading = document.headings.get(at)?;
    let next = document.headings[at + 1..].iter().find(|next| next.level <= heading.level);
    Span::claimed(heading.span.start(), next.map_or(text_bytes, |next| next.span.start()))
}

/// The first heading that bears the last of the names and stands under headings that bear the others, in that order.
fn heading_at(document: &Document, anchor: &str, key: fn(&str) -> String) -> Option<usize> {
    let wanted: Vec<String> = anchor.split('#').map(key).filter(|heading| !heading.is_empty()).collect();
    let (last, above) = wanted.split_last()?;
    document.headings.iter().enumerate().find_map(|(at, heading)| {
        if key(&heading.text) != *last {
            return None;
        }
        let mut level = heading.level;
        let mut missing = above.iter().rev().peekable();
        for before in document.headings[..at].iter().rev().filter(|_| !above.is_empty()) {
            if before.level < level {
                level = before.level;
                missing.next_if(|name| **name == key(&before.text));
            }
        }
        missing.peek().is_none().then_some(at)
    })
}

/// What of a heading counts in a link: its words, for Obsidian leaves out of a link what would break it.
fn heading_key(heading: &str) -> String {
    let plain = folded(heading).replace(|c: char| !c.is_alphanumeric(), " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What of a heading counts in an anchor of the web, where punctuation is dropped and spaces are hyphens.
fn slug(heading: &str) -> String {
    folded(heading).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{BlockId, Heading};
    use crate::id::DocumentPath;

    const VAULT: [&str; 9] = [
        "Home.md",
        "Bread/Rye.md",
        "Bread/Old/Rye.md",
        "Soup/Rye.md",
        "Soup/Caf\u{e9}.md",
        "Soup/pan.png",
        "v1.2 plan.md",
        "Bread/Board.canvas",
        "Bread/Index.md",
    ];

    fn check(source: &str, links: &[(&str, Option<&str>)]) {
        let mut names = Names::default();
        VAULT.iter().for_each(|path| names.add(path));
        names.add_alias(8, "The List");
        names.add_alias(1, "Home");
        for (target, expected) in links {
            let found = names.resolve(source, target).map(|number| VAULT[number as usize]);
            assert_eq!(found, *expected, "[[{target}]] in {source}");
        }
    }

    #[test]
    fn a_name_leads_to_the_file_that_bears_it() {
        check(
            "Home.md",
            &[
                ("home", Some("Home.md")),
                ("Home.md", Some("Home.md")),
                ("v1.2 plan", Some("v1.2 plan.md")),
                ("pan.png", Some("Soup/pan.png")),
                ("Board", None),
                ("Board.canvas", Some("Bread/Board.canvas")),
                ("nothing", None),
                ("https://example.com/Home", None),
                ("", Some("Home.md")),
            ],
        );
    }

    #[test]
    fn of_several_the_nearest_and_then_the_shortest_path_is_taken() {
        check("Home.md", &[("Rye", Some("Soup/Rye.md")), ("Old/Rye", Some("Bread/Old/Rye.md"))]);
        check("Bread/Index.md", &[("Rye", Some("Bread/Rye.md")), ("Soup/Rye", Some("Soup/Rye.md"))]);
        check("Bread/Old/Rye.md", &[("rye", Some("Bread/Old/Rye.md")), ("ye", None)]);
    }

    #[test]
    fn paths_may_be_whole_or_relative() {
        check(
            "Bread/Old/Rye.md",
            &[
                ("/Home", Some("Home.md")),
                ("/Rye", None),
                ("../Rye", Some("Bread/Rye.md")),
                ("./Rye.md", Some("Bread/Old/Rye.md")),
                ("../../Soup/Rye.md", Some("Soup/Rye.md")),
                ("../../../Home", None),
            ],
        );
    }

    #[test]
    fn case_and_composed_accents_make_no_difference() {
        check(
            "Home.md",
            &[("CAFE\u{301}", Some("Soup/Caf\u{e9}.md")), ("soup/CAF\u{c9}", Some("Soup/Caf\u{e9}.md"))],
        );
    }

    #[test]
    fn an_alias_leads_where_no_file_bears_the_name() {
        check("Home.md", &[("the list", Some("Bread/Index.md")), ("Home", Some("Home.md"))]);
    }

    #[test]
    fn an_anchor_names_a_section_or_a_block() {
        let heading = |level, text: &str, start| Heading {
            level,
            text: text.into(),
            span: Span::claimed(start, start + 5).unwrap(),
        };
        let document = Document {
            path: DocumentPath::new("a.md").unwrap(),
            title: String::new(),
            aliases: Vec::new(),
            tags: Vec::new(),
            headings: vec![
                heading(1, "Bread: how?", 0),
                heading(2, "Steps", 10),
                heading(1, "Soup", 20),
                heading(2, "Steps", 30),
                heading(3, "Last", 40),
            ],
            links: Vec::new(),
            properties: Vec::new(),
            block_ids: vec![BlockId { name: "b1".into(), span: Span::claimed(12, 18).unwrap() }],
        };
        for (anchor, expected) in [
            ("Bread how", Some((0, 20))),
            ("bread-how", Some((0, 20))),
            ("breadhow", Some((0, 20))),
            ("steps", Some((10, 20))),
            ("Soup#Steps", Some((30, 50))),
            ("Soup#Last", Some((40, 50))),
            ("Bread how#Last", None),
            ("^B1", Some((12, 18))),
            ("^b2", None),
            ("none", None),
            ("", None),
        ] {
            let found = part(&document, 50, anchor).map(|span| (span.start(), span.end()));
            assert_eq!(found, expected, "{anchor}");
        }
    }
}
