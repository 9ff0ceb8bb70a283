//! Books: the chapters in the order of the spine, each read as a page of the web.

use std::collections::{HashMap, HashSet};

use super::archive::{Archive, resolve};
use super::html::{self, Relative};
use super::writing::{self, Front};
use super::xml::{self, Piece};
use super::{Kind, MAX_TEXT_BYTES, Unreadable};

/// Where every book says where its package is.
const CONTAINER: &str = "META-INF/container.xml";
/// Where a book says what of it is locked.
const ENCRYPTION: &str = "META-INF/encryption.xml";

/// What the package says.
#[derive(Debug, Default)]
struct Package {
    titles: Vec<String>,
    authors: Vec<String>,
    languages: Vec<String>,
    dates: Vec<String>,
    subjects: Vec<String>,
    /// Name in the zip by id; the table of contents is not among them.
    files: HashMap<String, String>,
    /// Ids in reading order.
    spine: Vec<String>,
}

/// A book as Markdown. Chapters that cannot be read are left out, unless that is all.
pub(super) fn to_markdown(bytes: &[u8]) -> Result<String, Unreadable> {
    let kind = Kind::Epub;
    let mut archive = Archive::open(kind, bytes)?;
    let package_name = package_name(&mut archive)?;
    let file = archive
        .read(&package_name)?
        .ok_or_else(|| Unreadable::broken(kind, format_args!("it has no {package_name}")))?;
    let package = package(&file, &package_name)?;
    let locked = locked(&mut archive)?;

    let mut text = front(&package);
    let begin = text.len();
    let mut read = HashSet::new();
    for name in package.spine.iter().filter_map(|id| package.files.get(id)) {
        if locked.contains(name) {
            return Err(Unreadable::Encrypted { kind });
        }
        // A chapter named twice is read once: a spine of a few bytes a name could make a text of any length.
        if !read.insert(name) {
            continue;
        }
        let chapter = match archive.read(name) {
            Ok(Some(chapter)) => chapter,
            Ok(None) | Err(Unreadable::Broken { .. }) => continue,
            Err(error) => return Err(error),
        };
        let page = html::read(&html::decode(&chapter), Relative::Dropped);
        if !page.body.is_empty() {
            text.push_str(&page.body);
            text.push_str("\n\n");
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(Unreadable::TooLarge { kind, limit_bytes: MAX_TEXT_BYTES });
        }
    }
    if text.len() == begin {
        return Err(Unreadable::NoText { kind, n_pages: package.spine.len() });
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

fn package_name(archive: &mut Archive<'_>) -> Result<String, Unreadable> {
    let kind = Kind::Epub;
    let container = archive
        .read(CONTAINER)?
        .ok_or_else(|| Unreadable::broken(kind, format_args!("it has no {CONTAINER}")))?;
    let mut name = None;
    xml::read(kind, &container, |piece| {
        if let Piece::Start(element) = piece
            && element.name() == "rootfile"
            && name.is_none()
        {
            name = element.attribute("full-path");
        }
    })?;
    name.ok_or_else(|| Unreadable::broken(kind, format_args!("{CONTAINER} names no package")))
}

fn package(file: &[u8], package_name: &str) -> Result<Package, Unreadable> {
    let mut package = Package::default();
    let mut words: Option<String> = None;
    xml::read(Kind::Epub, file, |piece| match piece {
        Piece::Start(element) => match element.name() {
            "title" | "creator" | "language" | "date" | "subject" => words = Some(String::new()),
            "item" => {
                let is_contents = element
                    .attribute("properties")
                    .is_some_and(|of| of.split_whitespace().any(|one| one == "nav"));
                if let (Some(id), Some(target), false) =
                    (element.attribute("id"), element.attribute("href"), is_contents)
                {
                    package.files.insert(id, resolve(package_name, &target));
                }
            }
            "itemref" => package.spine.extend(element.attribute("idref")),
            _ => {}
        },
        Piece::Words(more) => {
            if let Some(words) = &mut words {
                words.push_str(more);
            }
        }
        Piece::End(name) => {
            let list = match name {
                "title" => &mut package.titles,
                "creator" => &mut package.authors,
                "language" => &mut package.languages,
                "date" => &mut package.dates,
                "subject" => &mut package.subjects,
                _ => return,
            };
            list.extend(
                words.take().map(|words| writing::one_line(&words)).filter(|words| !words.is_empty()),
            );
        }
    })?;
    Ok(package)
}

/// The files of the book that are locked: chapters by a seller's system, or only fonts, which nobody reads.
fn locked(archive: &mut Archive<'_>) -> Result<HashSet<String>, Unreadable> {
    let mut locked = HashSet::new();
    if let Some(file) = archive.read(ENCRYPTION)? {
        xml::read(Kind::Epub, &file, |piece| {
            if let Piece::Start(element) = piece
                && element.name() == "CipherReference"
            {
                locked.extend(element.attribute("URI").map(|target| resolve("", &target)));
            }
        })?;
    }
    Ok(locked)
}

fn front(package: &Package) -> String {
    let mut front = Front::default();
    let first = |values: &[String]| values.first().cloned().unwrap_or_default();
    front.add("title", &first(&package.titles));
    match package.authors.as_slice() {
        [author] => front.add("author", author),
        authors => front.add_list("author", authors),
    }
    front.add("language", &first(&package.languages));
    front.add("date", &first(&package.dates));
    front.add_list("subjects", &package.subjects);
    front.finish()
}
