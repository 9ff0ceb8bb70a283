//! What the search page shows, and to whom.

use ibid_core::note::sentences;
use ibid_core::query::Query;

use super::*;
use crate::library::Library;
use crate::testing::{self, Note};
use crate::viewer::Viewer;
use ibid_core::private::Private;

fn library(notes: &[Note<'_>]) -> (Arc<Library>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = ibid_index::store::Store::at(folder.path());
    testing::index(&store, "garden", notes);
    (Library::open(store, None, Box::new(|_| panic!("no collection has a model"))).unwrap(), folder)
}

fn shown(library: &Library, viewer: &Viewer, question: &str) -> String {
    let asked = Asked { question: question.to_owned(), page: 1, ..Asked::default() };
    let query = Query { limit: MAX_LIMIT, explain: true, ..Query::new(question) };
    let (found, searched) = library.search_seen(viewer, std::slice::from_ref(&query), None).unwrap();
    let facets = facets::count(&searched, &found.answer.hits, &|_| true).unwrap();
    let offers = found.answer.offers().cloned().collect();
    let notes = sentences(&found.answer.notes).into_iter().chain(found.also).collect();
    let matches = found.answer.matches;
    let results_of = Results { is_full: false, hits: found.answer.hits, matches, notes, offers, facets };
    page(&Menu(vec![Place::Search]), &asked, &results(&asked, &results_of)).into_string()
}

const HOSTILE: &str = "\"><img src=x onerror=alert(1)><script>alert(2)</script>";

#[test]
fn words_are_marked_and_lead_to_the_cited_bytes() {
    let garden = testing::garden();
    let page = shown(&garden.library, &Viewer::owner(), "rye starter");
    assert!(
        page.contains("<p>Feed the <mark>rye</mark> <mark>starter</mark> twice &amp; wait.</p>"),
        "{page}"
    );
    assert!(
        page.contains("<h2><a href=\"/d/garden:Bread/Levain.md@") && page.contains("?at=21-62#cited\""),
        "{page}"
    );
    assert!(page.contains("By words: place 1, BM25") && page.contains("“rye”"));
    assert!(page.contains("1 passage in 1 note"), "{page}");
}

#[test]
fn what_was_not_searched_is_said() {
    let garden = testing::garden();
    let page = shown(&garden.library, &Viewer::owner(), "zzzz");
    assert!(page.contains("nothing was found") && page.contains("0 passages in 0 notes"));
    assert!(page.contains("nothing was found · searched by words alone: garden"), "{page}");
}

#[test]
fn what_a_question_asks_for_in_words_is_offered_as_a_link() {
    let garden = testing::garden();
    let page = shown(&garden.library, &Viewer::owner(), "what did I write about rye in March 2024");
    let link = "<a href=\"/search?q=what+did+I+write+about+rye+in+March+2024+after%3A2024-03-01+before%3A2024-04-01\">";
    assert!(page.contains(link), "{page}");
    let page = shown(&garden.library, &Viewer::owner(), "rye after:\"March 2024\" sort:newest");
    assert!(
        page.contains("after:“March 2024” means from Friday 2024-03-01 on") && page.contains("newest first")
    );
}

#[test]
fn nothing_becomes_markup() {
    let (library, _folder) =
        library(&[Note { path: "a/<i>\"'.md", title: HOSTILE, text: "rye <b>bread</b> #x<y\n" }]);
    for question in ["rye", "rye <script>alert(3)</script>", HOSTILE] {
        let page = shown(&library, &Viewer::owner(), question).replace("<script src=\"/script.js", "");
        for forbidden in ["<script", "<img", "<b>", "<i>", "onerror=alert(1)>"] {
            assert!(!page.contains(forbidden), "{question}: {forbidden} in {page}");
        }
    }
}

#[test]
fn what_may_not_be_seen_is_neither_found_nor_counted() {
    let (library, _folder) = library(&[
        Note { path: "Open/a.md", title: "A", text: "rye bread #bread\n" },
        Note { path: "Open/b.md", title: "B", text: "rye bread #bread #private #hidden ![[a]]\n" },
        Note { path: "Diary/c.md", title: "C", text: "rye bread #diary\n" },
    ]);
    let elsewhere = |rules: &[&str]| {
        Viewer::remote(ibid_core::grant::Grant::parse(rules).unwrap(), &Private::default()).unwrap()
    };
    let own = shown(&library, &Viewer::owner(), "rye");
    assert!(own.contains("#hidden") && own.contains("in 3 notes") && own.contains(">Diary</bdi>"), "{own}");
    let other = shown(&library, &elsewhere(&["-path:Diary"]), "rye");
    assert!(other.contains("1 passage in 1 note"), "{other}");
    for unseen in ["hidden", "Diary", "diary", "private", "Open/b.md", "Also shown in"] {
        assert!(!other.contains(unseen), "{unseen} in {other}");
    }
    assert!(other.contains("<bdi>#bread</bdi> <span class=\"soft\">1</span>"), "{other}");
}

#[test]
fn an_address_says_all_that_was_asked() {
    let asked = Asked { question: "a & b=\"c\"".to_owned(), collection: Some("x".to_owned()), page: 2 };
    assert_eq!(asked.address(), "/search?q=a+%26+b%3D%22c%22&in=x&page=2");
}

#[test]
fn results_come_in_pages() {
    let words = [
        "oven", "salt", "flour", "water", "knife", "crust", "steam", "stone", "basket", "timer", "scale",
        "paddle",
    ];
    let texts: Vec<(String, String)> = words
        .iter()
        .map(|word| (format!("{word}.md"), format!("rye and {word}: {}\n", word.repeat(3))))
        .collect();
    let notes: Vec<Note<'_>> = texts.iter().map(|(path, text)| Note { path, title: path, text }).collect();
    let (library, _folder) = library(&notes);
    let found =
        library.search(&Viewer::owner(), &Query { limit: MAX_LIMIT, ..Query::new("rye") }, None).unwrap();
    let results_of = Results { hits: found.answer.hits, ..Results::default() };
    for (page, first, here, count) in [(0, 1, 1, 10), (1, 1, 1, 10), (2, 11, 2, 2), (usize::MAX, 11, 2, 2)] {
        let asked = Asked { question: "rye".to_owned(), page, ..Asked::default() };
        let shown = results(&asked, &results_of).into_string();
        assert!(shown.contains(&format!("<ol class=\"hits\" start=\"{first}\">")), "{shown}");
        assert!(shown.contains(&format!("aria-current=\"page\" aria-label=\"Page {here}\"")), "{shown}");
        assert_eq!(shown.matches("<li class=\"hit\">").count(), count);
    }
}
