//! What Obsidian knows of a vault and a question can make use of: embeds, properties, tasks, comments, boards, chats. How
//! each is read is tested where it is read; here it is asked for.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ibid, number, text, vault};

/// Some notes, indexed by words.
struct Vault {
    ibid: Ibid,
    notes: TempDir,
}

impl Vault {
    fn of(notes: &[(&str, &str)]) -> Vault {
        let vault = Vault { ibid: Ibid::new(), notes: vault(notes) };
        vault.ibid.index(vault.notes.path(), &["--model", "none"]);
        vault
    }

    #[track_caller]
    fn hits(&self, question: &str) -> Vec<Value> {
        self.ibid.hits(&["--mode", "lexical", "--", question])
    }

    /// The question finds these quotes of these files, in any order, and nothing else. Each is compared with the bytes
    /// that its citation names in the file.
    #[track_caller]
    fn check(&self, question: &str, expected: &[(&str, &str)]) {
        let mut found: Vec<(String, String)> = Vec::new();
        for hit in self.hits(question) {
            let path = text(&hit["path"]);
            let bytes = fs::read(self.notes.path().join(&path)).unwrap();
            let quote = &bytes[number(&hit["start"])..number(&hit["end"])];
            found.push((path, String::from_utf8(quote.to_vec()).unwrap()));
        }
        found.sort();
        let mut expected: Vec<(String, String)> =
            expected.iter().map(|(path, quote)| ((*path).to_owned(), (*quote).to_owned())).collect();
        expected.sort();
        assert_eq!(found, expected, "{question}");
    }
}

/// The documents that a hit says show it.
fn embedded_in(hit: &Value) -> Vec<String> {
    let documents = hit["embedded_in"].as_array().unwrap();
    documents.iter().map(|id| text(id).rsplit_once(':').unwrap().1.to_owned()).collect()
}

#[test]
fn embedded_words_are_found_in_the_note_that_embeds_them_and_cited_where_they_stand() {
    let pause = "word ".repeat(100);
    let costs = format!("# Salt\n\nOne euro. {pause}\n\n# Flour\n\nThree euros.\n");
    let vault = Vault::of(&[
        ("Plan.md", "The plan.\n\n![[Costs#Flour]]\n"),
        ("Costs.md", &costs),
        ("Year.md", "![[Plan]]"),
        ("Block.md", "![[Costs#^none]] and ![[costs]]"),
    ]);
    vault.check("path:Plan euros", &[("Costs.md", "# Flour\n\nThree euros.")]);
    vault.check("path:Year euros", &[("Costs.md", "# Flour\n\nThree euros.")]);
    let shown = vault.hits("path:Plan salt");
    assert!(shown.iter().all(|hit| !text(&hit["snippet"]).contains("One euro")));
    let hits = vault.hits("\"three euros\"");
    assert_eq!(embedded_in(&hits[0]), ["Block.md", "Plan.md", "Year.md"]);
    let hits = vault.hits("\"one euro\"");
    assert_eq!(embedded_in(&hits[0]), ["Block.md"]);
}

#[test]
fn notes_that_embed_each_other_end_somewhere() {
    let vault = Vault::of(&[("a.md", "alpha ![[b]]"), ("b.md", "beta ![[a]] ![[b]]")]);
    vault.check("path:a.md beta", &[("b.md", "beta ![[a]] ![[b]]")]);
    assert_eq!(embedded_in(&vault.hits("alpha")[0]), ["b.md"]);
}

#[test]
fn an_embedded_block_is_that_block_alone() {
    let far = "word ".repeat(400);
    let log = format!("Fed the starter. ^fed\n\n{far}\n\nBaked at noon. ^baked\n");
    let vault = Vault::of(&[("Log.md", &log), ("Today.md", "![[Log#^fed]]")]);
    assert_eq!(vault.hits("path:Today starter").len(), 1);
    assert_eq!(vault.hits("path:Today noon").len(), 0);
}

#[test]
fn properties_compare_as_what_they_are() {
    let vault = Vault::of(&[
        ("a.md", "---\nrating: 4\ncreated: 2024-05-31\nup: \"[[Bread|the bread]]\"\n---\nbun with butter"),
        ("b.md", "---\nrating: 10\ncreated: 2024-07-01T08:00\nup: [[Soup]]\n---\nbun of spelt flour"),
        ("c.md", "---\nrating: none\ncreated: 2024\n---\nbun filled twice\n\nrating:: 4.5"),
        ("d.md", "bun prices\n\n- [price:: 3] one\n- [price:: 7] two"),
    ]);
    let check = |question: &str, expected: &[&str]| {
        let paths = vault.ibid.paths(&["--mode", "lexical", "--", question]);
        let mut paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths, expected, "{question}");
    };
    check("rating:>4", &["b.md", "c.md"]);
    check("bun rating:>=4", &["a.md", "b.md", "c.md"]);
    check("rating:<5", &["a.md", "c.md"]);
    check("-rating:<5 bun", &["b.md", "d.md"]);
    check("created:>2024-06", &["b.md"]);
    check("created:>2024-05", &["b.md"]);
    check("created:<=2024-05", &["a.md"]);
    check("created:<2024-07-01T08:00", &["a.md"]);
    check("created:<=2024-07-01T08:00", &["a.md", "b.md"]);
    check("[price:>5]", &["d.md"]);
    check("[up:Bread]", &["a.md"]);
    check("[up:soup]", &["b.md"]);
    check("[rating:4]", &["a.md"]);
}

#[test]
fn tasks_are_asked_for_by_state_and_date() {
    let pause = "word ".repeat(300);
    let list = format!(
        "# Open\n\n- [ ] feed 📅 2024-06-02\n\n# Rest\n\n{pause}\n\n# Done\n\n- [x] bake ✅ 2024-06-01\n\n{pause}"
    );
    let vault = Vault::of(&[("List.md", &list), ("Plain.md", "- feed and bake")]);
    let check = |question: &str, expected: usize| {
        assert_eq!(vault.hits(question).len(), expected, "{question}");
    };
    check("task:open feed", 1);
    check("task:done bake", 1);
    check("task:cancelled feed", 0);
    check("feed due:<2024-07", 1);
    check("feed due:<2024-06", 0);
}

#[test]
fn comments_are_found_by_those_who_ask_for_them() {
    let vault = Vault::of(&[
        ("a.md", "Bread %%ask Anna%% rises.\n\n<!-- check the oven -->\n"),
        ("b.md", "Anna bakes."),
    ]);
    vault.check("anna", &[("b.md", "Anna bakes.")]);
    let whole = "Bread %%ask Anna%% rises.\n\n<!-- check the oven -->";
    vault.check("comment:anna", &[("a.md", whole)]);
    vault.check("comment:\"the oven\" bread", &[("a.md", whole)]);
    vault.check("oven", &[]);
}

#[test]
fn a_card_is_cited_by_the_bytes_of_its_text() {
    let canvas = r#"{"nodes":[{"id":"1","type":"text","text":"Proof the dough\nslowly","x":0,"y":0,"width":9,"height":9},{"id":"2","type":"text","text":"Bake it \u00e0 point","x":99,"y":0,"width":9,"height":9},{"id":"3","type":"file","file":"Rye.md","x":200,"y":0,"width":9,"height":9}],"edges":[]}"#;
    let vault = Vault::of(&[("Board.canvas", canvas), ("Rye.md", "Rye is dark.")]);
    vault.check("dough", &[("Board.canvas", r"Proof the dough\nslowly")]);
    vault.check("\"dough slowly\"", &[("Board.canvas", r"Proof the dough\nslowly")]);
    vault.check("\"à point\"", &[("Board.canvas", r"Bake it \u00e0 point")]);
    vault.check("nodes", &[]);
    vault.check("path:Board dark", &[("Rye.md", "Rye is dark.")]);
}

#[test]
fn each_turn_of_an_exported_chat_is_a_passage_that_knows_who_speaks() {
    let words = "word ".repeat(120);
    let chat = format!(
        "---\nnexus: nexus-ai-chat-importer\n---\n# Title: Sourdough\n\n>[!nexus_user] **User** - 02/18/2024 at 8:35 PM\n> How much salt? {words}\n<!-- UID: 1 -->\n\n>[!nexus_agent] **Assistant** - 02/18/2024 at 8:36 PM\n> Two percent. {words}\n<!-- UID: 2 -->\n"
    );
    let vault = Vault::of(&[("Chat.md", &chat)]);
    let hits = vault.hits("\"two percent\"");
    assert_eq!(hits.len(), 1);
    let headings: Vec<String> = hits[0]["headings"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(headings, ["Title: Sourdough", "Assistant - 02/18/2024 at 8:36 PM"]);
    assert_eq!(vault.hits("UID").len(), 0);
}

#[test]
fn marks_math_and_mermaid_are_words() {
    let vault = Vault::of(&[(
        "a.md",
        "a ==marked word== here\n\n$$E = mc^2$$\n\n```mermaid\ngraph TD; Flour-->Dough\n```\n",
    )]);
    for question in ["\"marked word\"", "mc", "flour", "[code:mermaid]"] {
        assert_eq!(vault.hits(question).len(), 1, "{question}");
    }
}
