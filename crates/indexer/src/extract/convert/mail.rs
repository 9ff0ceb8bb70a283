//! Letters: who wrote to whom and when as front matter, the text, and the names of what hangs on it.

use mail_parser::{Address, Message, MessageParser, MimeHeaders, PartType};

use super::html::{self, Relative};
use super::writing::{self, Front};
use super::{Kind, Unreadable};

/// The most letters within letters; the parser's are dropped by recursion.
const MAX_LETTERS: usize = 100;
/// The most multiparts; for each the parser looks through all that follows.
const MAX_MULTIPARTS: usize = 200;
/// The deepest letters in letters that are read.
const MAX_DEPTH: usize = 8;
/// The most things that are named as attached.
const MAX_ATTACHMENTS: usize = 200;

/// The longest head of a letter or of a part, in bytes; the parser keeps fifty times as much of one of commas.
const MAX_HEAD_BYTES: usize = 128 * 1024;

/// A letter as Markdown.
pub(super) fn to_markdown(bytes: &[u8]) -> Result<String, Unreadable> {
    let kind = Kind::Mail;
    for (word, limit) in [("rfc822", MAX_LETTERS), ("digest", MAX_LETTERS), ("boundary", MAX_MULTIPARTS)] {
        if count(bytes, word.as_bytes(), limit) > limit {
            return Err(Unreadable::broken(
                kind,
                format_args!("it has more than {limit} parts of parts ({word})"),
            ));
        }
    }
    if !heads_are_short(bytes) {
        return Err(Unreadable::broken(kind, format_args!("a head is longer than {MAX_HEAD_BYTES} bytes")));
    }
    let message =
        MessageParser::default().parse(bytes).ok_or_else(|| Unreadable::broken(kind, "it has no headers"))?;
    if message.from().is_none() && message.date().is_none() && message.subject().is_none() {
        return Err(Unreadable::broken(kind, "it has neither sender nor date nor subject"));
    }
    let mut front = Front::default();
    front.add("title", message.subject().unwrap_or_default());
    front.add_list("from", addresses(message.from()));
    front.add_list("to", addresses(message.to()));
    front.add_list("cc", addresses(message.cc()));
    front.add("date", &date(&message));
    let mut out = front.finish();
    write(&mut out, &message, 0);
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// How often a word stands in the bytes, in any case; counted to one beyond `limit`.
fn count(bytes: &[u8], word: &[u8], limit: usize) -> usize {
    bytes.windows(word.len()).filter(|at| at.eq_ignore_ascii_case(word)).take(limit + 1).count()
}

/// Whether each head ends in time: the letter's, those of its parts, and those of letters in it.
fn heads_are_short(bytes: &[u8]) -> bool {
    let mut head = Some(0);
    let mut letter_follows = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            head = std::mem::take(&mut letter_follows).then_some(0);
        } else if line.starts_with(b"--") {
            head = Some(0);
        } else if let Some(length) = &mut head {
            *length += line.len();
            if *length > MAX_HEAD_BYTES {
                return false;
            }
            letter_follows |= [&b"rfc822"[..], b"digest"].iter().any(|word| count(line, word, 0) > 0);
        }
    }
    true
}

/// Writes the body, the letters inside and the names of the attachments.
fn write(out: &mut String, message: &Message<'_>, depth: usize) {
    let mut body = bodies(message, &message.text_body);
    if body.trim().is_empty() {
        body = bodies(message, &message.html_body);
    }
    out.push_str(&body);
    let mut names = Vec::new();
    for part in
        message.attachments.iter().filter_map(|id| message.parts.get(*id as usize)).take(MAX_ATTACHMENTS)
    {
        let name = part.attachment_name().map(writing::one_line).filter(|name| !name.is_empty());
        match (&part.body, name) {
            (PartType::Message(inner), _) if depth < MAX_DEPTH => write_inner(out, inner, depth + 1),
            (_, Some(name)) => names.push(name),
            (_, None) => {}
        }
    }
    if !names.is_empty() {
        out.push_str("Attachments:\n\n");
        for name in names {
            out.push_str(&format!("- {}\n", writing::prose(&name)));
        }
        out.push('\n');
    }
}

/// A letter that was forwarded whole.
fn write_inner(out: &mut String, message: &Message<'_>, depth: usize) {
    let subject = writing::one_line(message.subject().unwrap_or_default());
    let subject = if subject.is_empty() { "Attached letter" } else { &subject };
    let level = (1 + depth).min(6);
    out.push_str(&format!("{} {}\n\n", "#".repeat(level), writing::prose(subject)));
    let from = addresses(message.from()).join(", ");
    for (name, value) in [("From", from), ("Date", date(message))] {
        if !value.is_empty() {
            out.push_str(&format!("{name}: {}\n", writing::prose(&writing::one_line(&value))));
        }
    }
    out.push('\n');
    write(out, message, depth);
}

fn bodies(message: &Message<'_>, ids: &[u32]) -> String {
    let mut out = String::new();
    for part in ids.iter().filter_map(|id| message.parts.get(*id as usize)) {
        match &part.body {
            PartType::Text(text) => {
                for line in text.lines() {
                    out.push_str(&writing::prose_line(line.trim_end()));
                    out.push('\n');
                }
            }
            PartType::Html(html) => {
                out.push_str(&html::read(html, Relative::Dropped).body);
                out.push('\n');
            }
            _ => continue,
        }
        out.truncate(out.trim_end().len());
        if !out.is_empty() {
            out.push_str("\n\n");
        }
    }
    out
}

/// Addresses as people write them: `Name <name@host>`.
fn addresses(address: Option<&Address<'_>>) -> Vec<String> {
    let one = |address: &mail_parser::Addr<'_>| match (address.name(), address.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    address.into_iter().flat_map(Address::iter).map(one).filter(|address| !address.is_empty()).collect()
}

fn date(message: &Message<'_>) -> String {
    message.date().filter(|date| date.is_valid()).map(mail_parser::DateTime::to_rfc3339).unwrap_or_default()
}
