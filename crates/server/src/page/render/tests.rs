//! Sources and what is in their markup; and for any text and any span, what is marked.

use ibid_core::document::{BlockId, Heading, Link, LinkKind};
use ibid_core::id::DocumentPath;
use ibid_core::span::Span;
use proptest::prelude::*;

use super::around::Embedded;
use super::*;

/// A vault of a few notes, by path.
struct Notes(Vec<(&'static str, &'static str)>);

impl Around for Notes {
    fn note(&self, _: &DocumentId, target: &str) -> Option<DocumentId> {
        let is_it = |path: &str| path.strip_suffix(".md") == Some(target) || path == target;
        self.0.iter().find(|(path, _)| is_it(path)).map(|(path, _)| id(path))
    }

    fn words(&self, of: &DocumentId, anchor: Option<&str>, max_bytes: usize) -> Option<Embedded> {
        let (path, text) = self.0.iter().find(|(path, _)| *path == of.path.as_str())?;
        let document = document(path, text);
        let span = match anchor {
            Some(anchor) => ibid_core::links::part(&document, text.len() as u32, anchor)?.range(),
            None => 0..text.len(),
        };
        let end = text.floor_char_boundary(span.end.min(span.start + max_bytes));
        let is_cut = end < span.end;
        Some(Embedded { document, text: text[span.start..end].to_owned(), start: span.start, is_cut })
    }
}

fn id(path: &str) -> DocumentId {
    DocumentId { collection: "garden".parse().unwrap(), path: DocumentPath::new(path).unwrap() }
}

/// What the indexer would know of a note, as much as the tests need.
fn document(path: &str, text: &str) -> Document {
    let span = |start: usize, end: usize| Span::within(text, start..end).unwrap();
    let (mut headings, mut block_ids, mut start) = (Vec::new(), Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&level) && line[level..].starts_with(' ') {
            headings.push(Heading {
                level: level as u8,
                text: line[level..].trim().to_owned(),
                span: span(start, start + line.len()),
            });
        }
        let words = line.trim_end();
        if let Some((_, name)) = words.rsplit_once(" ^") {
            block_ids.push(BlockId { name: name.to_owned(), span: span(start, start + words.len()) });
        }
        start += line.len();
    }
    let mut links = Vec::new();
    for (at, _) in text.match_indices("[[") {
        let Some((inner, _)) =
            text[at + 2..].split_once("]]").filter(|(inner, _)| !inner.contains(['[', '\n']))
        else {
            continue;
        };
        let (place, label) =
            inner.split_once('|').map_or((inner, None), |(place, label)| (place, Some(label.to_owned())));
        let (target, anchor) =
            place.split_once('#').map_or((place, None), |(target, anchor)| (target, Some(anchor.to_owned())));
        let embed = text[..at].ends_with('!');
        let span = span(at - usize::from(embed), at + inner.len() + 4);
        let target = target.trim_end_matches('\\').to_owned();
        if target.is_empty() && anchor.is_none()
            || links.last().is_some_and(|last: &Link| last.span.end() > span.start())
        {
            continue;
        }
        links.push(Link { kind: LinkKind::Wiki, target, anchor, label, embed, span });
    }
    let tags = text.split_whitespace().filter_map(|word| word.strip_prefix('#'));
    let tags = tags.map(|tag| tag.trim_end_matches('.'));
    let tags = tags.filter(|tag| tag.starts_with(char::is_alphabetic)).map(str::to_owned).collect();
    Document {
        path: DocumentPath::new(path).unwrap(),
        title: path.trim_end_matches(".md").to_owned(),
        aliases: Vec::new(),
        tags,
        headings,
        links,
        properties: Vec::new(),
        block_ids,
    }
}

fn vault() -> Notes {
    Notes(vec![
        ("Rye.md", "# Rye\n\nGrows in the cold.\n\n## Flour\n\nRye flour is dark. ^dark\n"),
        ("Loop.md", "around ![[Loop]] and ![[Back]]\n"),
        ("Back.md", "back ![[Loop]]\n"),
        ("Deep.md", "1 ![[Deep1]]\n"),
        ("Deep1.md", "2 ![[Deep2]]\n"),
        ("Deep2.md", "3 ![[Deep3]]\n"),
        ("Deep3.md", "4 ![[Rye]]\n"),
        ("Folder/A b.md", "a\n"),
    ])
}

fn render(text: &str, cited: Range<usize>) -> String {
    let (id, document) = (id("Note.md"), document("Note.md", text));
    rendered(&Passage { id: &id, document: &document, text, start: 0, cited, answer: 0..0 }, &vault())
}

/// Each case: a source and its whole markup.
fn check(cases: &[(&str, &str)]) {
    for (text, markup) in cases {
        assert_eq!(render(text, 0..0), *markup, "{text}");
    }
}

#[test]
fn blocks_are_as_markdown_has_them() {
    check(&[
        ("a *b* **c** ~~d~~ `e`", "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>e</code></p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("# One\n\n## Two *b*", "<h2 id=\"h-one\">One</h2><h3 id=\"h-two-b\">Two <em>b</em></h3>"),
        ("- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol start=\"1\"><li>c</li></ol></li></ul>"),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("---", "<hr>"),
        (
            "- [x] a\n- [ ] b",
            "<ul><li><input type=\"checkbox\" disabled checked aria-label=\"done\"> a</li><li><input type=\"checkbox\" \
             disabled aria-label=\"to do\"> b</li></ul>",
        ),
        (
            "|a|b|\n|-|-:|\n|c|d|",
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table\"><table><thead><tr><th scope=\"col\">a</th>\
             <th scope=\"col\" class=\"end\">b</th></tr></thead><tbody><tr><td>c</td><td class=\"end\">d</td></tr></tbody></table></div>",
        ),
        ("```\na <b>\n```", "<pre class=\"code\" tabindex=\"0\"><code>a &lt;b&gt;\n</code></pre>"),
        ("```mermaid\ngraph\n```", "<pre class=\"mermaid\" tabindex=\"0\"><code>graph\n</code></pre>"),
    ]);
}

#[test]
fn obsidian_is_understood() {
    check(&[
        ("a ==b *c*== d", "<p>a <mark class=\"own\">b <em>c</em></mark> d</p>"),
        ("a == b", "<p>a == b</p>"),
        ("a %%hidden%% b", "<p>a  b</p>"),
        ("a\n\n%%\nhidden\n\nmore\n%%\n\nb", "<p>a</p><p>b</p>"),
        (
            "rye #bread/dark.",
            "<p>rye <a class=\"tag\" href=\"/search?q=tag%3Abread%2Fdark\">#bread/dark</a>.</p>",
        ),
        ("a #bread b", "<p>a <a class=\"tag\" href=\"/search?q=tag%3Abread\">#bread</a> b</p>"),
        ("words ^b1", "<p>words <span id=\"b-b1\"></span></p>"),
        (
            "> [!warning] Hot *oven*\n> careful",
            "<div class=\"callout warn\"><p class=\"title\">Hot <em>oven</em></p><p>careful</p></div>",
        ),
        (
            "> [!note]-\n> folded",
            "<details class=\"callout plain\"><summary>Note</summary><p>folded</p></details>",
        ),
        (
            "a|-|\n> [!tip]-\n> > [!note] t\n",
            "<p>a|-|</p><details class=\"callout good\"><summary>Tip</summary><div class=\"callout plain\"><p class=\"title\">t</p></div></details>",
        ),
        ("> [!tip]+ Open", "<details open class=\"callout good\"><summary>Open</summary></details>"),
        (
            "a[^1]\n\n[^1]: said",
            "<p>a<sup id=\"fnref-1\"><a href=\"#fn-1\">1</a></sup></p><section class=\"footnotes\" aria-label=\"Footnotes\"><ol>\
             <li id=\"fn-1\"><p>said</p> <a href=\"#fnref-1\" aria-label=\"Back to reference 1\">↩</a></li></ol></section>",
        ),
    ]);
}

#[test]
fn links_lead_to_notes_or_nowhere() {
    check(&[
        ("[[Rye]]", "<p><a class=\"note\" href=\"/d/garden:Rye.md\">Rye</a></p>"),
        (
            "[[Rye#Flour|the flour]]",
            "<p><a class=\"note\" href=\"/d/garden:Rye.md#h-flour\">the flour</a></p>",
        ),
        ("[[Rye#^dark]]", "<p><a class=\"note\" href=\"/d/garden:Rye.md#b-dark\">Rye &gt; ^dark</a></p>"),
        ("[[#Here]]", "<p><a class=\"note\" href=\"#h-here\">Here</a></p>"),
        ("[a](Folder/A%20b.md)", "<p><a class=\"note\" href=\"/d/garden:Folder/A%20b.md\">a</a></p>"),
        ("[[None]]", "<p><span class=\"dangling\" title=\"there is no such note here\">None</span></p>"),
        (
            "[a](https://a.example/?x=1&y)",
            "<p><a href=\"https://a.example/?x=1&amp;y\" rel=\"noopener noreferrer nofollow\">a</a></p>",
        ),
        (
            "[a](javascript:alert(1))",
            "<p><span class=\"dangling\" title=\"this address is not followed from here\">a</span></p>",
        ),
        (
            "|a|\n|-|\n|[[Rye\\|x]]|",
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table\"><table><thead><tr><th scope=\"col\">a</th></tr>\
             </thead><tbody><tr><td><a class=\"note\" href=\"/d/garden:Rye.md\">x</a></td></tr></tbody></table></div>",
        ),
    ]);
}

#[test]
fn images_of_the_vault_are_shown_and_others_are_named() {
    check(&[
        (
            "![[a b.png|300]]",
            "<p><img src=\"/i/garden:Note.md?name=a+b.png\" alt=\"a b.png\" loading=\"lazy\" width=\"300\"></p>",
        ),
        (
            "![An oven](x/oven.jpg)",
            "<p><img src=\"/i/garden:Note.md?name=x%2Foven.jpg\" alt=\"An oven\" loading=\"lazy\"></p>",
        ),
        (
            "![An oven](https://a.example/o.png)",
            "<p><a class=\"remote\" href=\"https://a.example/o.png\" rel=\"noopener noreferrer nofollow\">An oven</a> \
             <span class=\"soft\">(an image at a.example, not loaded)</span></p>",
        ),
        (
            "![x](data:image/svg+xml;base64,AA)",
            "<p><span class=\"dangling\" title=\"this image is not loaded\">x</span></p>",
        ),
    ]);
}

#[test]
fn embeds_are_unfolded() {
    let shown = render("before ![[Rye#Flour]] after", 0..0);
    let expected = "<p>before </p><div class=\"embed\"><p class=\"from\"><a class=\"note\" href=\"/d/garden:Rye.md\">Rye &gt; Flour</a>\
                    </p><h3 id=\"e1-h-flour\">Flour</h3><p>Rye flour is dark. <span id=\"e1-b-dark\"></span></p></div><p> after</p>";
    assert_eq!(shown, expected);
    assert!(!render("*![[Rye]]*", 0..0).contains("class=\"embed\""), "no block within a line");
    assert!(render("![[None]]", 0..0).contains("dangling"));
}

#[test]
fn embeds_end_where_they_go_round_or_deep_or_long() {
    let shown = render("![[Loop]]", 0..0);
    assert_eq!(shown.matches("class=\"embed\"").count(), 2, "{shown}");
    let shown = render("![[Deep]]", 0..0);
    assert_eq!(shown.matches("class=\"embed\"").count(), MAX_EMBED_DEPTH, "{shown}");
    let many = "![[Rye]]\n".repeat(2_000);
    assert!(render(&many, 0..0).len() < 60 * EMBEDDED_BYTES, "so many embeds are bounded");
}

#[test]
fn properties_are_a_table() {
    let shown = render("---\ntags: [bread]\nup: \"[[Rye]]\"\n---\ntext", 0..0);
    for part in [
        "<th scope=\"row\">tags</th><td><a class=\"tag\" href=\"/search?q=tag%3Abread\">bread</a></td>",
        "<th scope=\"row\">up</th><td><a class=\"note\" href=\"/d/garden:Rye.md\">Rye</a></td>",
        "</table></div><p>text</p>",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn formulas_are_set_and_code_has_colours() {
    let shown = render("$x^2$ and $\\frac{a}$ and `$y$`", 0..0);
    assert!(
        shown.contains("<msup>") && shown.contains("<code class=\"formula\">$\\frac{a}$</code>"),
        "{shown}"
    );
    assert!(render("```rust\nfn main() {}\n```", 0..0).contains("<span class=\"k\">fn</span>"));
}

#[test]
fn nothing_a_note_holds_runs_or_loads() {
    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    for text in [
        HOSTILE.to_owned(),
        format!("---\na{HOSTILE}: b{HOSTILE}\n---\n"),
        format!("---\n{HOSTILE}\n---\n"),
        format!("> [!{HOSTILE}] {HOSTILE}\n> x"),
        format!(
            "[a](<{HOSTILE}>) ![b](<{HOSTILE}.png>) [[{HOSTILE}|{HOSTILE}]] ![[{HOSTILE}.png|{HOSTILE}]]"
        ),
        format!("```{HOSTILE}\n{HOSTILE}\n```"),
        format!("`{HOSTILE}` ${HOSTILE}$ #x{HOSTILE} ^{HOSTILE}"),
        format!("a[^{HOSTILE}]\n\n[^{HOSTILE}]: {HOSTILE}"),
        format!("# {HOSTILE}\n\n|{HOSTILE}|\n|-|\n|{HOSTILE}|"),
        format!(
            "<div {HOSTILE}>\n{HOSTILE}\n</div>\n\na <b {HOSTILE}>x</b> <svg/onload=alert(1)> <a href=javascript:alert(1)>x</a>"
        ),
        "<img src=https://tracker.example/a.png>\n\n<iframe src=//evil.example></iframe>".to_owned(),
    ] {
        for cited in [0..0, 0..text.len(), 3..text.len() - 3] {
            let cited = if text.get(cited.clone()).is_some() { cited } else { 0..0 };
            for shown in [render(&text, cited.clone()), source(&text, cited, 0..0, 1)] {
                let tags: Vec<&str> =
                    shown.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or(rest)).collect();
                for tag in tags {
                    let tag = tag.to_ascii_lowercase();
                    // Within an attribute's value no quotation mark is left to end it.
                    let outside: String = tag.split('"').step_by(2).collect();
                    for forbidden in ["script", "onerror", "onload", "iframe", "svg", "style", "javascript"] {
                        assert!(!outside.contains(forbidden), "{text}: <{tag}> in {shown}");
                    }
                    let loads = tag.starts_with("img") && !tag.starts_with("img src=\"/i/");
                    assert!(!loads && !tag.contains("href=\"javascript"), "{text}: <{tag}>");
                }
            }
        }
    }
}

#[test]
fn the_cited_bytes_are_marked_across_elements() {
    for (text, quote, markup) in [
        ("a *b c* d", "b c* d", "<p>a <em><mark id=\"cited\">b c</mark></em><mark> d</mark></p>"),
        ("a\n\nb\n\nc", "a\n\nb", "<p><mark id=\"cited\">a</mark></p><p><mark>b</mark></p><p>c</p>"),
        (
            "[[Rye|the rye]] x",
            "rye",
            "<p><a class=\"note\" href=\"/d/garden:Rye.md\">the <mark id=\"cited\">rye</mark></a> x</p>",
        ),
        ("`a b` c", "b", "<p><code>a <mark id=\"cited\">b</mark></code> c</p>"),
        ("a ==b c==", "c", "<p>a <mark class=\"own\">b <mark id=\"cited\">c</mark></mark></p>"),
        ("a &amp; b", "&amp; b", "<p>a <mark id=\"cited\">&amp; b</mark></p>"),
        ("a &amp; b", "mp; b", "<p>a &amp;<mark id=\"cited\"> b</mark></p>"),
        ("> a\n> b", "b", "<blockquote><p>a<br><mark id=\"cited\">b</mark></p></blockquote>"),
        ("a %%b%% c", "b", "<span id=\"cited\"></span><p>a  c</p>"),
        (
            "> ```\n> a\n> b\n> ```",
            "b",
            "<blockquote><pre class=\"code\" tabindex=\"0\"><code>a\n<mark id=\"cited\">b</mark>\n</code></pre></blockquote>",
        ),
    ] {
        let at = text.rfind(quote).unwrap();
        assert_eq!(render(text, at..at + quote.len()), markup, "{text}");
    }
}

/// What stands in the marks of what is cited, without markup.
fn marked(markup: &str) -> String {
    let (mut open, mut words, mut rest) = (Vec::new(), String::new(), markup);
    while let Some(at) = rest.find('<') {
        let is_cited = open.contains(&true);
        words.push_str(if is_cited { &rest[..at] } else { "" });
        let (tag, after) = rest[at..].split_once('>').unwrap();
        match tag {
            "</mark" => drop(open.pop()),
            tag if tag.starts_with("<mark") => open.push(!tag.contains("class")),
            _ => {}
        }
        rest = after;
    }
    let escapes = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    escapes.iter().fold(words, |words, (escape, character)| words.replace(escape, character))
}

/// Whether the letters of `words` stand in `of` in this order. The parser makes blanks of line ends, and U+FFFD of NUL.
fn is_subsequence(of: &str, words: &str) -> bool {
    let mut of = of.chars();
    words.chars().filter(|c| !c.is_whitespace() && *c != '\u{fffd}').all(|wanted| of.any(|c| c == wanted))
}

/// Texts made of what Markdown and Obsidian take for signs.
fn signs() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "bc ",
        "é",
        "味噌",
        " ",
        "\n",
        "\n\n",
        "\r\n",
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "## ",
        "[[",
        "]]",
        "[[Rye]]",
        "![[Rye]]",
        "[[Rye|x y]]",
        "![[a.png]]",
        "|",
        "|-|\n",
        "[",
        "](x)",
        "!",
        "%%",
        "==",
        "#tag",
        " ^id",
        "---\n",
        "k: v\n",
        "<b>",
        "</b>",
        "<br>",
        "<div>\n",
        "<",
        ">",
        "\\",
        "> [!note] t\n",
        "> [!tip]-\n",
        "- [x] ",
        "\"",
        "'",
        "\t",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn any_span(text: &str, from: usize, length: usize) -> Range<usize> {
    let from = text.floor_char_boundary(from.min(text.len()));
    from..text.floor_char_boundary((from + length).min(text.len())).max(from)
}

proptest! {
    #[test]
    fn in_the_source_the_marks_hold_exactly_what_is_cited(
        text in prop_oneof![signs(), "\\PC{0,80}", any::<String>()], from in 0usize..200, length in 0usize..200,
    ) {
        let cited = any_span(&text, from, length);
        let shown = source(&text, cited.clone(), 0..0, 7);
        prop_assert_eq!(marked(&shown), &text[cited]);
    }

    #[test]
    fn in_a_note_the_marks_hold_nothing_that_is_not_cited(
        text in prop_oneof![signs(), "[^&$]{0,80}"], from in 0usize..200, length in 0usize..200,
    ) {
        let cited = any_span(&text, from, length);
        let quote = &text[cited.clone()];
        let shown = render(&text, cited.clone());
        // `[[Note#Heading]]` is shown as `Note > Heading`.
        let bare = |text: &str| text.replace(['#', '>', ' '], "");
        prop_assert!(is_subsequence(&bare(quote), &bare(&marked(&shown))), "{:?} in {}", quote, shown);
        prop_assert_eq!(shown.matches("id=\"cited\"").count(), usize::from(!cited.is_empty()));
    }

    #[test]
    fn every_element_is_closed(text in signs()) {
        let shown = render(&text, 0..0);
        for name in ["mark", "div", "p", "a", "em", "strong", "code", "pre", "li", "details", "summary", "blockquote"] {
            let (open, closed) = (format!("<{name}"), format!("</{name}>"));
            let opened = shown.matches(&open).count();
            let longer = shown.match_indices(&open).filter(|(at, _)| {
                shown[at + open.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
            }).count();
            prop_assert_eq!(opened - longer, shown.matches(&closed).count(), "{} in {}", name, shown);
        }
    }
}
