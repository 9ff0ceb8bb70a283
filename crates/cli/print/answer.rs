//! Hits for people: where each stands, its id to copy, and the window of its words.

use std::io::{self, Write};

use ibid_core::amount::{age, many};
use ibid_core::hit::{Answer, Hit, LegScore, Searched, Snippet, by_document};
use ibid_core::note::{Note, sentences};
use ibid_core::query::Query;

use crate::environment;
use crate::links::{Links, linked};
use crate::output::{self, DIM, MATCHED, PLACE, STRONG};
use crate::text::safe_line;
use crate::text::wrap::{Run, wrap};

/// What stands before every line of a hit but the first.
const INDENT: &str = "   ";

/// The most lines of a snippet that are shown; a list of short lines would fill the screen.
const MAX_SNIPPET_LINES: usize = 6;

/// Letters of a commit's name that are shown; `--json` has all.
const COMMIT_LETTERS: usize = 12;

/// How hits are shown.
#[derive(Default)]
pub(crate) struct Manner<'a> {
    /// With what each list said of them.
    pub(crate) explain: bool,
    /// Where a click leads; nowhere where links would not be seen.
    pub(crate) links: Option<Links<'a>>,
    /// The phrasings that were asked.
    pub(crate) queries: &'a [Query],
}

/// The hits with their styles, those of one note below the first of them; each keeps its rank. Empty where there is none:
/// the footer says why.
pub(crate) fn hits(answer: &Answer, manner: &Manner<'_>) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    if is_of_nothing(answer) {
        writeln!(out, "{STRONG}{}{STRONG:#}\n\n{DIM}near in meaning:{DIM:#}", Note::NothingNear)?;
    }
    for (at, hits) in by_document(&answer.hits).into_iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        for (at, hit) in hits.into_iter().enumerate() {
            one(&mut out, hit, at == 0, manner)?;
        }
    }
    Ok(out)
}

/// Whether what is shown is only nearer than the rest.
fn is_of_nothing(answer: &Answer) -> bool {
    answer.notes.contains(&Note::NothingNear)
}

fn one(out: &mut impl Write, hit: &Hit, is_first: bool, manner: &Manner<'_>) -> io::Result<()> {
    let citation = &hit.citation;
    let links = manner.links.as_ref();
    let page = links.and_then(|links| links.page(hit));
    let heading = linked(page.as_deref(), &safe_line(&heading_path(hit, is_first)));
    writeln!(out, "{STRONG}{}. {heading}{STRONG:#}", hit.rank)?;
    let (path, span) = (safe_line(citation.document.path.as_str()), citation.span);
    let file = links.and_then(|links| links.file(citation)).or(page);
    let place = linked(file.as_deref(), &format!("{path}:{}", hit.line));
    let commit = hit.commit.as_deref().map(|commit| format!("  commit {}", short(commit)));
    writeln!(out, "{INDENT}{PLACE}{place}{PLACE:#}  bytes {span}{}", commit.unwrap_or_default())?;
    if let Some(address) = hit.address.as_ref().filter(|_| is_first) {
        let leads_to = links.map(|_| address.as_str());
        writeln!(out, "{INDENT}{}", linked(leads_to, &safe_line(address)))?;
    }
    for (how, others) in [("embedded in", &hit.embedded_in), ("also in", &hit.also_in)] {
        if !others.is_empty() {
            let titles: Vec<&str> = others.iter().map(|other| other.title.as_str()).collect();
            writeln!(out, "{INDENT}{how} {}", safe_line(&titles.join(", ")))?;
        }
    }
    if !hit.found_by.is_empty() {
        let words = hit.found_by.iter().filter_map(|&of| manner.queries.get(of));
        let words: Vec<String> = words.map(|query| format!("“{}”", query.words)).collect();
        writeln!(out, "{INDENT}{DIM}found by {}{DIM:#}", safe_line(&words.join(", ")))?;
    }
    writeln!(out, "{INDENT}{DIM}{}{DIM:#}", safe_line(&citation.to_string()))?;
    snippet(out, hit)?;
    if manner.explain {
        explanation(out, hit)?;
    }
    Ok(())
}

/// A commit as people name one.
fn short(commit: &str) -> &str {
    commit.get(..COMMIT_LETTERS).unwrap_or(commit)
}

/// Title and headings, without a first heading that only repeats the title. Below the first hit of a note the title is
/// said already.
fn heading_path(hit: &Hit, has_title: bool) -> String {
    let headings = hit.headings.iter().map(String::as_str);
    let headings = headings.enumerate().filter(|(at, heading)| *at > 0 || *heading != hit.title);
    let title = if has_title { hit.title.as_str() } else { "…" };
    let parts: Vec<&str> = std::iter::once(title).chain(headings.map(|(_, heading)| heading)).collect();
    parts.join(" › ")
}

/// What the score is made of: the points of the legs add up to it, those of the words to the lexical leg's.
fn explanation(out: &mut impl Write, hit: &Hit) -> io::Result<()> {
    let points = |leg: Option<LegScore>| leg.map_or(0.0, |leg| leg.points);
    let (lexical, semantic) = (points(hit.lexical), points(hit.semantic));
    let links = if hit.links > 0.0 { format!(" + links {:.3}", hit.links) } else { String::new() };
    let name = if hit.name > 0.0 { format!(" + name {:.3}", hit.name) } else { String::new() };
    writeln!(
        out,
        "{INDENT}{DIM}score {:.3} = words {lexical:.3} + meaning {semantic:.3}{links}{name}{DIM:#}",
        hit.score
    )?;
    if let Some(score) = hit.rerank {
        writeln!(out, "{INDENT}{DIM}reranker: {score:.2}, which decides the place{DIM:#}")?;
    }
    if let Some(leg) = hit.lexical {
        let terms = hit.terms.iter().map(|term| format!("{} {:.2}", safe_line(&term.typed), term.score));
        let terms: Vec<String> = terms.collect();
        let made_of = if terms.is_empty() { String::new() } else { format!(" = {}", terms.join(" + ")) };
        writeln!(out, "{INDENT}{DIM}words: BM25 {:.2}, rank {}{made_of}{DIM:#}", leg.score, leg.rank)?;
    }
    if let Some(leg) = hit.semantic {
        writeln!(out, "{INDENT}{DIM}meaning: cosine {:.3}, rank {}{DIM:#}", leg.score, leg.rank)?;
    }
    Ok(())
}

fn snippet(out: &mut impl Write, hit: &Hit) -> io::Result<()> {
    let Snippet { text, marks, table_head, .. } = &hit.snippet;
    let (cut_before, cut_after) = hit.snippet.dots();
    let width = output::width() - INDENT.len() - "… ".len();
    if let Some(head) = table_head {
        for line in wrap(&head.text, &[], width).iter().take(1) {
            let words: String = line.iter().map(|run| run.text.as_str()).collect();
            writeln!(out, "{INDENT}{DIM}{words}{DIM:#}")?;
        }
    }
    let mut lines = wrap(text, marks, width);
    let more = cut_after || lines.len() > MAX_SNIPPET_LINES;
    lines.truncate(MAX_SNIPPET_LINES);
    if cut_before {
        decorate(lines.first_mut(), |line| line.insert(0, plain("… ")));
    }
    if more {
        decorate(lines.last_mut(), |line| line.push(plain(" …")));
    }
    for line in &lines {
        write!(out, "{INDENT}")?;
        for run in line {
            match run.marked {
                true => write!(out, "{MATCHED}{}{MATCHED:#}", run.text)?,
                false => write!(out, "{}", run.text)?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

fn decorate(line: Option<&mut Vec<Run>>, add: impl FnOnce(&mut Vec<Run>)) {
    if let Some(line) = line {
        add(line);
    }
}

fn plain(text: &str) -> Run {
    Run { text: text.to_owned(), marked: false }
}

/// Says on standard error what was searched, how old it is, and what the answer does not cover.
pub(crate) fn footer(answer: &Answer) {
    let mut err = output::err();
    // The answer is printed already; nothing is lost when this cannot be.
    if !answer.hits.is_empty() {
        let _ = writeln!(err);
    }
    for searched in &answer.searched {
        let _ = writeln!(err, "{DIM}{}{DIM:#}", searched_line(searched, environment::now()));
    }
    // What is said above the hits is not said again.
    let notes: Vec<Note> = answer.notes.iter().filter(|note| **note != Note::NothingNear).cloned().collect();
    let said = sentences(&notes);
    if !said.is_empty() {
        let _ = writeln!(err, "{DIM}note: {}{DIM:#}", safe_line(&said.join(" · ")));
    }
}

fn searched_line(searched: &Searched, now: u64) -> String {
    let Searched { collection, generation, indexed_at, documents, .. } = searched;
    let documents = many(*documents, "document");
    format!("searched {collection}: {documents}, indexed {}, generation {generation}", age(*indexed_at, now))
}

#[cfg(test)]
mod tests {
    use ibid_core::citation::Citation;
    use ibid_core::hit::{Matches, NamedDocument, SnippetKind, TableHead, TermScore};
    use ibid_core::query::Mode;
    use ibid_core::span::Span;

    use super::*;

    fn hit(title: &str, headings: &[&str], text: &str) -> Hit {
        let span = Span::claimed(10, 10 + text.len() as u32).unwrap();
        Hit {
            matches: Matches::Words,
            rank: 1,
            citation: "garden:a%20b.md@123456789012:4-900".parse().unwrap(),
            commit: None,
            address: None,
            title: title.to_owned(),
            headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
            found_by: Vec::new(),
            embedded_in: Vec::new(),
            also_in: Vec::new(),
            answer: span,
            line: 7,
            snippet: Snippet {
                text: text.to_owned(),
                span,
                kind: SnippetKind::Prose,
                marks: std::iter::once(0..3).collect(),
                cut_before: true,
                cut_after: true,
                table_head: None,
            },
            score: 0.5,
            lexical: Some(LegScore { score: 2.0, rank: 3, points: 0.5 }),
            semantic: None,
            links: 0.0,
            name: 0.0,
            rerank: None,
            terms: vec![TermScore { typed: "rye".to_owned(), score: 2.0 }],
        }
    }

    fn check(hit: &Hit, explain: bool, shown: &str) {
        let mut out = Vec::new();
        one(&mut out, hit, true, &Manner { explain, ..Manner::default() }).unwrap();
        assert_eq!(anstream::adapter::strip_bytes(&out).into_vec(), shown.as_bytes());
    }

    #[test]
    fn a_hit_shows_where_it_stands_and_what_it_says() {
        check(
            &hit("Rye", &["Rye", "Water"], "rye drinks\nmore"),
            true,
            "1. Rye › Water\n   a b.md:7  bytes 4-900\n   garden:a%20b.md@123456789012:4-900\n   … rye drinks\n   more …\n   \
             score 0.500 = words 0.500 + meaning 0.000\n   words: BM25 2.00, rank 3 = rye 2.00\n",
        );
    }

    #[test]
    fn a_passage_shown_elsewhere_says_where() {
        let citation: Citation = "garden:plan.md@123456789012:0-1".parse().unwrap();
        let by = NamedDocument { document: citation.document, title: "Plan\u{7}".into() };
        let also_in = vec![NamedDocument { title: "Copy".into(), ..by.clone() }];
        check(
            &Hit { embedded_in: vec![by], also_in, ..hit("Rye", &[], "rye") },
            false,
            "1. Rye\n   a b.md:7  bytes 4-900\n   embedded in Plan␇\n   also in Copy\n   garden:a%20b.md@123456789012:4-900\n   … rye …\n",
        );
    }

    #[test]
    fn a_note_cannot_speak_to_the_terminal() {
        check(
            &hit("\u{1b}[2J", &["\u{202e}x"], "rye\u{7}"),
            false,
            "1. ␛[2J › ⟨U+202E⟩x\n   a b.md:7  bytes 4-900\n   garden:a%20b.md@123456789012:4-900\n   … rye␇ …\n",
        );
    }

    #[test]
    fn rows_stand_below_their_head_and_what_is_whole_has_no_dots() {
        let mut rows = hit("Rye", &[], "rye | 4");
        let head = TableHead { text: "| Name\u{7} |".into(), span: Span::claimed(0, 9).unwrap() };
        (rows.snippet.cut_before, rows.snippet.cut_after) = (false, false);
        rows.snippet.table_head = Some(head);
        check(
            &rows,
            false,
            "1. Rye\n   a b.md:7  bytes 4-900\n   garden:a%20b.md@123456789012:4-900\n   | Name␇ |\n   rye | 4\n",
        );
    }

    #[test]
    fn hits_of_one_note_stand_together_and_keep_their_ranks() {
        let other: Citation = "garden:c.md@123456789012:0-1".parse().unwrap();
        let hits = vec![
            hit("Rye", &["Rye", "Water"], "rye"),
            Hit { rank: 2, citation: other, ..hit("Oats", &[], "oat") },
            Hit { rank: 3, ..hit("Rye", &["Rye", "Salt"], "rye") },
        ];
        let answer = Answer {
            hits,
            mode: Mode::Lexical,
            matches: Matches::Words,
            searched: Vec::new(),
            notes: Vec::new(),
        };
        let shown = super::hits(&answer, &Manner::default()).unwrap();
        let shown = String::from_utf8(anstream::adapter::strip_bytes(&shown).into_vec()).unwrap();
        let firsts: Vec<&str> = shown.lines().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(firsts, ["1. Rye › Water", "3. … › Salt", "", "2. Oats"], "{shown}");
    }

    #[test]
    fn what_was_searched_is_told_with_its_age() {
        let searched = Searched {
            collection: "garden".parse().unwrap(),
            generation: 4,
            indexed_at: 0,
            documents: 1,
            chunks: 9,
        };
        assert_eq!(
            searched_line(&searched, 180),
            "searched garden: 1 document, indexed 3 minutes ago, generation 4"
        );
    }
}
