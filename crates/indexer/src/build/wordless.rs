//! What holds no word has no vector, whatever it is made of: it would be near to any question.

use std::fs;

use proptest::prelude::*;

use super::watching::{name, run};
use super::*;

/// Pieces of notes, most of which say nothing.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "---\n",
        "status: done\n",
        "# Monday\n",
        "## To do\n",
        "\n",
        "\n\n",
        "- \n",
        "- [ ] \n",
        "***\n",
        "> \n",
        "> [!note]\n",
        "| | |\n| --- | --- |\n| | |\n",
        "%% aside %%\n",
        "<!-- aside -->\n",
        "```\n```\n",
        "…\n",
        "salt\n",
        "- 盐\n",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// Whether anything stands there that may be a word of the note: not in a heading, not in front matter, not in a comment.
/// It knows less of Markdown than the indexer, and takes for a word what that may not. Prose between two thematic breaks
/// is no front matter.
fn may_hold_words(text: &str, is_at_start: bool) -> bool {
    let front_matter =
        text.strip_prefix("---\n").filter(|_| is_at_start).and_then(|rest| rest.split_once("---\n"));
    let body = front_matter.filter(|(inner, _)| inner.contains(": ")).map_or(text, |(_, body)| body);
    let body = body.replace("%% aside %%", "").replace("<!-- aside -->", "").replace("[!note]", "");
    body.lines().filter(|line| !line.starts_with('#')).any(|line| line.contains(char::is_alphanumeric))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_holds_no_word_has_no_vector(notes in prop::collection::vec(pieces(), 1..4)) {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::at(data.path());
        for (at, text) in notes.iter().enumerate() {
            fs::write(folder.path().join(format!("{at}.md")), text).unwrap();
        }
        run(folder.path(), &store, "a", usize::MAX, Arc::new(|_| ())).unwrap();
        let snapshot = Snapshot::open(&store, &name()).unwrap();
        for known in snapshot.known_documents().unwrap() {
            let path = DocumentPath::new(&known.path).unwrap();
            let starts = snapshot.chunk_starts(&path).unwrap();
            let keys = snapshot.vector_keys_of(path.as_str()).unwrap();
            prop_assert_eq!(starts.len(), keys.len());
            for (start, _) in starts.into_iter().zip(keys).filter(|(_, key)| key.is_some()) {
                let chunk = snapshot.chunk_at(&path, start).unwrap().unwrap();
                prop_assert!(may_hold_words(&chunk.text, start == 0), "{:?} of {:?}", chunk.text, notes);
            }
        }
    }
}
