//! A person's conversations with ChatGPT, as its export has them: a heading for each, and below it one for each turn.
//!
//! A conversation is a tree, because answers are asked for again; what is read is the branch that was last shown.

use jiff::Timestamp;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::writing::{self, Front};
use super::{Kind, Unreadable, mojibake};

/// How far the headings inside a turn go down: below the conversation's and the turn's.
const LEVELS: usize = 2;
/// What ChatGPT puts around a mark that points to a source, and no person sees.
const MARK_START: char = '\u{e200}';
const MARK_END: char = '\u{e201}';

/// A conversation as Markdown, and when it began.
struct Conversation {
    began: f64,
    markdown: String,
}

/// All conversations, oldest first.
///
/// One conversation at a time is held as JSON, at some ten times its bytes.
pub(super) fn to_markdown(bytes: &[u8]) -> Result<String, Unreadable> {
    let broken = |error: serde_json::Error| Unreadable::broken(Kind::Conversations, error);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut conversations = match bytes.trim_ascii_start().starts_with(b"{") {
        // Tools that split the export write one to a file.
        true => Vec::from_iter(conversation(&serde_json::from_slice(bytes).map_err(broken)?)),
        false => {
            let mut reader = serde_json::Deserializer::from_slice(bytes);
            let conversations = reader.deserialize_seq(Each).map_err(broken)?;
            reader.end().map_err(broken)?;
            conversations
        }
    };
    conversations.sort_by(|a, b| a.began.total_cmp(&b.began));
    let mut front = Front::default();
    front.add("title", "ChatGPT conversations");
    let mut out = front.finish();
    for conversation in &conversations {
        out.push_str(&conversation.markdown);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// Reads a list one element at a time.
struct Each;

impl<'de> Visitor<'de> for Each {
    type Value = Vec<Conversation>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of conversations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Conversation>, A::Error> {
        let mut conversations = Vec::new();
        while let Some(value) = list.next_element::<Value>()? {
            conversations.extend(conversation(&value));
        }
        Ok(conversations)
    }
}

/// A conversation; `None` where nothing was said.
fn conversation(value: &Value) -> Option<Conversation> {
    let turns: Vec<String> = branch(value).into_iter().filter_map(turn).collect();
    if turns.is_empty() {
        return None;
    }
    let title = writing::one_line(&repaired(value["title"].as_str().unwrap_or_default()));
    let title = if title.is_empty() { "Untitled" } else { &title };
    let markdown = format!("# {}\n\n{}", writing::prose(title), turns.concat());
    Some(Conversation { began: value["create_time"].as_f64().unwrap_or(0.0), markdown })
}

/// The messages of the branch that is shown, first to last.
fn branch(conversation: &Value) -> Vec<&Value> {
    let Some(mapping) = conversation["mapping"].as_object() else { return Vec::new() };
    let last = conversation["current_node"].as_str().filter(|id| mapping.contains_key(*id));
    let mut branch = Vec::new();
    let mut next = last.or_else(|| newest_leaf(mapping));
    // Ids may lead in a circle; no branch is longer than the tree.
    while let Some(id) = next
        && branch.len() < mapping.len()
    {
        let Some(node) = mapping.get(id) else { break };
        branch.push(&node["message"]);
        next = node["parent"].as_str();
    }
    branch.reverse();
    branch
}

/// The node without children whose message is the newest.
fn newest_leaf(mapping: &Map<String, Value>) -> Option<&str> {
    let is_leaf = |node: &Value| node["children"].as_array().is_none_or(Vec::is_empty);
    let time = |node: &Value| node["message"]["create_time"].as_f64().unwrap_or(0.0);
    mapping
        .iter()
        .filter(|(_, node)| is_leaf(node))
        .max_by(|a, b| time(a.1).total_cmp(&time(b.1)).then_with(|| b.0.cmp(a.0)))
        .map(|(id, _)| id.as_str())
}

/// A turn with its heading; `None` where a person was shown nothing.
fn turn(message: &Value) -> Option<String> {
    let metadata = &message["metadata"];
    let is_hidden = metadata["is_visually_hidden_from_conversation"] == Value::Bool(true)
        || message["weight"].as_f64() == Some(0.0);
    let name = |value: &Value| value.as_str().map(writing::one_line).filter(|name| !name.is_empty());
    let called = |role: &str, name: Option<String>| match name {
        Some(name) => format!("{role} ({name})"),
        None => role.to_owned(),
    };
    let speaker = match message["author"]["role"].as_str()? {
        "user" => "User".to_owned(),
        "assistant" => called("Assistant", name(&metadata["model_slug"])),
        "tool" => called("Tool", name(&message["author"]["name"])),
        _ => return None,
    };
    if is_hidden {
        return None;
    }
    let mut said = content(&message["content"]);
    let files = metadata["attachments"].as_array().into_iter().flatten();
    let files: Vec<String> = files.filter_map(|file| name(&file["name"])).collect();
    if !files.is_empty() {
        said.push_str(&format!("\n\nAttached: {}", writing::prose(&files.join(", "))));
    }
    let said = said.trim_matches('\n');
    if said.trim().is_empty() {
        return None;
    }
    let time =
        message["create_time"].as_f64().and_then(time).map(|time| format!(", {time}")).unwrap_or_default();
    Some(format!("## {speaker}{time}\n\n{said}\n\n"))
}

/// What a message says, as Markdown.
fn content(content: &Value) -> String {
    let text = || repaired(content["text"].as_str().unwrap_or_default());
    let fenced = |language: &str, code: &str| {
        let mut out = String::new();
        if !code.trim().is_empty() {
            writing::fence(&mut out, language, code);
        }
        out
    };
    match content["content_type"].as_str().unwrap_or("text") {
        "code" => {
            let language = content["language"].as_str().filter(|language| *language != "unknown");
            fenced(language.unwrap_or_default(), &text())
        }
        "execution_output" => fenced("text", &text()),
        // What the model thought, and what it was told about the person, are no turns.
        "thoughts" | "reasoning_recap" | "user_editable_context" | "model_editable_context" => String::new(),
        "tether_browsing_display" => {
            writing::nested(&repaired(content["result"].as_str().unwrap_or_default()), LEVELS)
        }
        _ => {
            let parts = content["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
            // A part that is no string is a picture or a sound; of a sound there may be the words.
            let words = |part: &Value| part.as_str().or(part["text"].as_str()).map(str::to_owned);
            let parts: Vec<String> = parts.iter().filter_map(words).collect();
            let said = if parts.is_empty() { text() } else { repaired(&parts.join("\n\n")) };
            writing::nested(&said, LEVELS)
        }
    }
}

/// A text without marks and put right.
fn repaired(text: &str) -> String {
    let text = without_marks(text);
    mojibake::repaired(&text).unwrap_or(text)
}

fn without_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(MARK_START) {
        let Some(length) = rest[start..].find(MARK_END) else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + length + MARK_END.len_utf8()..];
    }
    out.push_str(rest);
    out
}

/// Seconds since 1970 as a person reads them, in UTC.
fn time(seconds: f64) -> Option<String> {
    // The cast stops at the ends of the integers, and jiff refuses those.
    let time = Timestamp::from_second(seconds as i64).ok().filter(|_| seconds.is_finite())?;
    Some(time.strftime("%Y-%m-%d %H:%M").to_string())
}
