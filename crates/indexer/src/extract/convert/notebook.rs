//! Jupyter notebooks, formats 3 and 4: prose as it is, code and what it printed in fences. Pictures are left out.

use serde_json::Value;

use super::writing::{self, Front};
use super::{Kind, Unreadable};

/// The most that is kept of one output, in bytes; logs go on for ever and say little.
const MAX_OUTPUT_BYTES: usize = 16 * 1024;
/// The longest address in prose, in bytes; longer ones are pictures.
const MAX_ADDRESS_BYTES: usize = 1024;

/// A notebook as Markdown.
pub(super) fn to_markdown(bytes: &[u8]) -> Result<String, Unreadable> {
    let kind = Kind::Notebook;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let notebook: Value = serde_json::from_slice(bytes).map_err(|error| Unreadable::broken(kind, error))?;
    let sheets = notebook["worksheets"].as_array();
    let cells: Vec<&Value> = match (notebook["cells"].as_array(), sheets) {
        (Some(cells), _) => cells.iter().collect(),
        (None, Some(sheets)) => {
            sheets.iter().filter_map(|sheet| sheet["cells"].as_array()).flatten().collect()
        }
        (None, None) => return Err(Unreadable::broken(kind, "it has no cells")),
    };
    let metadata = &notebook["metadata"];
    let mut front = Front::default();
    front.add("title", metadata["title"].as_str().unwrap_or_default());
    let authors = metadata["authors"].as_array().into_iter().flatten();
    front.add_list("author", authors.filter_map(|author| author["name"].as_str().or(author.as_str())));
    for key in ["tags", "keywords"] {
        match &metadata[key] {
            Value::String(words) => front.add_tags(words.split([',', ';'])),
            words => front.add_tags(words.as_array().into_iter().flatten().filter_map(Value::as_str)),
        }
    }
    match &metadata["private"] {
        Value::Null => {}
        Value::String(said) => front.add("private", said),
        said => front.add("private", &said.to_string()),
    }
    let mut out = front.finish();
    let language = metadata["kernelspec"]["language"]
        .as_str()
        .or(metadata["language_info"]["name"].as_str())
        .unwrap_or_default();
    for cell in cells {
        write_cell(&mut out, cell, language);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

fn write_cell(out: &mut String, cell: &Value, language: &str) {
    let source = text(&cell["source"]);
    match cell["cell_type"].as_str() {
        Some("code") => {
            let source = if source.is_empty() { text(&cell["input"]) } else { source };
            let language = cell["language"].as_str().unwrap_or(language);
            if !source.trim().is_empty() {
                writing::fence(out, &language.to_ascii_lowercase(), &source);
            }
            for output in cell["outputs"].as_array().into_iter().flatten() {
                write_output(out, output);
            }
        }
        Some("heading") => {
            let level = cell["level"].as_u64().unwrap_or(1).clamp(1, 6);
            out.extend((0..level).map(|_| '#'));
            out.push(' ');
            out.push_str(&writing::one_line(&source));
            out.push_str("\n\n");
        }
        _ => {
            let source = writing::nested(&without_pictures(&source), 0);
            if !source.trim().is_empty() {
                // Two dashes alone at the top would be front matter.
                let opens = out.is_empty() && source.trim_start().starts_with("---");
                out.push_str(if opens { "\\" } else { "" });
                out.push_str(if opens { source.trim_start() } else { &source });
                out.push_str("\n\n");
            }
        }
    }
}

fn write_output(out: &mut String, output: &Value) {
    let data = if output["data"].is_object() { &output["data"] } else { output };
    let is_picture = ["image/png", "image/jpeg", "image/svg+xml", "png", "jpeg", "svg"]
        .iter()
        .any(|kind| !data[*kind].is_null());
    let words = match output["output_type"].as_str() {
        Some("stream") => text(&output["text"]),
        Some("error" | "pyerr") => {
            let said = |key: &str| output[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", said("ename"), said("evalue"))
        }
        _ if is_picture => String::new(),
        _ => match text(&data["text/plain"]) {
            words if words.is_empty() => text(&data["text"]),
            words => words,
        },
    };
    let words = without_colours(&words);
    if words.trim().is_empty() {
        return;
    }
    let end = words.floor_char_boundary(MAX_OUTPUT_BYTES);
    let cut = if end < words.len() { "\n…" } else { "" };
    writing::fence(out, "text", &format!("{}{cut}", &words[..end]));
}

/// A text of the format: a string, or a list of lines.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// The words without what colours them on a terminal.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('\u{1b}');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let colour =
            piece.strip_prefix('[').and_then(|rest| rest.split_once(|c: char| c.is_ascii_alphabetic()));
        out.push_str(colour.map_or(piece, |(_, words)| words));
    }
    out
}

/// The prose without pictures that stand in it as text.
fn without_pictures(text: &str) -> String {
    const START: &str = "(data:";
    let mut out = String::with_capacity(text.len().min(64 * 1024));
    let mut rest = text;
    while let Some(at) = rest.find(START) {
        let (before, address) = rest.split_at(at + START.len());
        let end = address.find([')', ' ', '\n']).unwrap_or(address.len());
        out.push_str(before);
        if end <= MAX_ADDRESS_BYTES {
            out.push_str(&address[..end]);
        }
        rest = &address[end..];
    }
    out.push_str(rest);
    out
}
