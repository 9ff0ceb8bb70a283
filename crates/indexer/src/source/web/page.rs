//! What a page is called as a document, and which kinds of pages are read.

use ibid_core::hash::ContentHash;
use ibid_core::id::DocumentPath;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::extract;

/// The longest part of a path, in bytes; of a longer one the end is a hash.
const MAX_PART_BYTES: usize = 200;

/// What a page without a name is called, as servers call the file behind it.
const INDEX: &str = "index";

/// What a page is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Html,
    Markdown,
    Plain,
    Pdf,
}

impl Kind {
    /// What an answer says it is; `None` where that is not read. Where it says nothing, the address tells.
    pub(super) fn of(content_type: Option<&str>, url: &Url) -> Option<Kind> {
        let Some(content_type) = content_type else { return Some(Kind::of_name(url)) };
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Some(Kind::Html),
            "text/markdown" | "text/x-markdown" => Some(Kind::Markdown),
            "text/plain" => Some(Kind::Plain),
            "application/pdf" => Some(Kind::Pdf),
            _ => None,
        }
    }

    fn of_name(url: &Url) -> Kind {
        match extension(url).as_deref() {
            Some("md" | "markdown") => Kind::Markdown,
            Some("txt") => Kind::Plain,
            Some("pdf") => Kind::Pdf,
            _ => Kind::Html,
        }
    }

    /// The extension that is added to a name that tells something else; `None` where the name will do.
    fn missing_extension(self, name: &DocumentPath) -> Option<&'static str> {
        let own = name.extension().unwrap_or_default().to_ascii_lowercase();
        let is_page = matches!(own.as_str(), "html" | "htm" | "xhtml");
        match self {
            Kind::Html => (!is_page).then_some("html"),
            Kind::Markdown => (!matches!(own.as_str(), "md" | "markdown")).then_some("md"),
            Kind::Pdf => (own != "pdf").then_some("pdf"),
            // A source file, a table: what is text is read by its name.
            Kind::Plain => {
                let is_text =
                    !extract::is_media(name) && !extract::is_converted(name) && extract::reads(name);
                (!is_text).then_some("txt")
            }
        }
    }
}

/// Whether an address may be one of a page, by its name: pictures, archives and scripts are not asked for.
pub(super) fn may_be_page(url: &Url) -> bool {
    const PAGES: [&str; 14] = [
        "html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "cgi", "md", "markdown", "txt", "text",
        "pdf",
    ];
    match extension(url) {
        Some(own) if own.len() <= 5 && own.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            PAGES.contains(&own.as_str())
        }
        // `v1.2` and its like are names.
        Some(own) => !matches!(own.as_str(), "mp3" | "mp4" | "woff2" | "7z" | "bz2"),
        None => true,
    }
}

fn extension(url: &Url) -> Option<String> {
    let name = url.path().rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase())
}

/// The host and, where it is not the usual one, the port.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The path a page has as a document: its host, its folders, its name with an extension that tells how to read it.
///
/// Two addresses can come to the same path; [`apart`] makes them two.
pub(super) fn path_of(url: &Url, kind: Kind) -> DocumentPath {
    let mut parts = vec![host_of(url)];
    let segments: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let (name, folders) = segments.split_last().unwrap_or((&"", &[]));
    parts.extend(folders.iter().filter(|folder| !folder.is_empty()).map(|folder| shortened(decoded(folder))));
    let mut name = if name.is_empty() { INDEX.to_owned() } else { decoded(name) };
    if let Some(query) = url.query().filter(|query| !query.is_empty()) {
        name.push('?');
        name.push_str(&query.replace('/', "%2F"));
    }
    let name = shortened(name);
    let own = DocumentPath::new(&name);
    if let Some(extension) = own.as_ref().and_then(|own| kind.missing_extension(own)) {
        parts.push(format!("{name}.{extension}"));
    } else {
        parts.push(name);
    }
    DocumentPath::new(&parts.join("/")).unwrap_or_else(|| {
        // No part is empty, `.` or `..`: an address of the web has a host, and its path is resolved.
        DocumentPath::new(&ContentHash::of(url.as_str().as_bytes()).to_string())
            .expect("a hash is a name and no more")
    })
}

/// A path like `path` that only this address can have.
pub(super) fn apart(path: &DocumentPath, url: &Url) -> DocumentPath {
    let (folders, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "html"));
    let made = format!("{folders}/{stem}~{}.{extension}", short_hash(url.as_str()));
    DocumentPath::new(made.trim_start_matches('/')).unwrap_or_else(|| path.clone())
}

/// A part of an address as people read it; as it is written where that would make it another path.
fn decoded(part: &str) -> String {
    let read = percent_decode_str(part).decode_utf8();
    let is_plain = |read: &str| {
        !matches!(read, "" | "." | "..")
            && !read.contains(['/', '\\', '%'])
            && !read.contains(char::is_control)
    };
    match read {
        Ok(read) if is_plain(&read) => read.into_owned(),
        _ => part.to_owned(),
    }
}

fn shortened(part: String) -> String {
    if part.len() <= MAX_PART_BYTES {
        return part;
    }
    let cut = part.floor_char_boundary(MAX_PART_BYTES);
    format!("{}~{}", &part[..cut], short_hash(&part))
}

fn short_hash(text: &str) -> String {
    ContentHash::of(text.as_bytes()).to_string().chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, kind: Kind, path: &str) {
        assert_eq!(path_of(&Url::parse(url).unwrap(), kind).as_str(), path, "{url}");
    }

    #[test]
    fn a_page_is_called_after_its_address() {
        check("https://site.test", Kind::Html, "site.test/index.html");
        check("https://site.test/docs/", Kind::Html, "site.test/docs/index.html");
        check("https://site.test:8443/docs/a.html#x", Kind::Html, "site.test:8443/docs/a.html");
        check("https://site.test/docs/v1.2", Kind::Html, "site.test/docs/v1.2.html");
        check("https://site.test/raw/README.md", Kind::Plain, "site.test/raw/README.md");
        check("https://site.test/raw/README", Kind::Plain, "site.test/raw/README.txt");
        check("https://site.test/a.html", Kind::Plain, "site.test/a.html.txt");
        check("https://site.test/paper", Kind::Pdf, "site.test/paper.pdf");
        check("https://site.test/Brot/R%C3%B6gge%20lisch", Kind::Html, "site.test/Brot/Rögge lisch.html");
    }

    #[test]
    fn a_question_in_the_address_is_part_of_the_name() {
        check("https://site.test/find?q=rye&page=2", Kind::Html, "site.test/find?q=rye&page=2.html");
        check("https://site.test/?q=a/b", Kind::Html, "site.test/index?q=a%2Fb.html");
    }

    #[test]
    fn no_address_climbs_out_of_its_host() {
        check("https://site.test/../../etc/passwd", Kind::Html, "site.test/etc/passwd.html");
        check("https://site.test/%2e%2e/%2E/x", Kind::Html, "site.test/x.html");
        check("https://site.test/a%2F..%2Fb", Kind::Html, "site.test/a%2F..%2Fb.html");
        check("https://site.test/a%5c..%00b", Kind::Html, "site.test/a%5c..%00b.html");
        check("https://site.test//a///b", Kind::Html, "site.test/a/b.html");
        let long = format!("https://site.test/{}", "x".repeat(5_000));
        assert!(path_of(&Url::parse(&long).unwrap(), Kind::Html).as_str().len() < 300);
    }

    #[test]
    fn addresses_that_come_to_the_same_path_are_told_apart() {
        let (one, two) =
            (Url::parse("https://s.test/a/").unwrap(), Url::parse("https://s.test/a/index.html").unwrap());
        let path = path_of(&one, Kind::Html);
        assert_eq!(path, path_of(&two, Kind::Html));
        let other = apart(&path, &two);
        assert!(
            other.as_str().starts_with("s.test/a/index~") && other.as_str().ends_with(".html"),
            "{other}"
        );
    }

    #[test]
    fn pictures_and_scripts_are_not_asked_for() {
        for (url, may_be) in [
            ("https://s.test/a.png", false),
            ("https://s.test/a.ZIP", false),
            ("https://s.test/app.js", false),
            ("https://s.test/font.woff2", false),
            ("https://s.test/a.html", true),
            ("https://s.test/release/v1.2", true),
            ("https://s.test/a.b/c", true),
            ("https://s.test/", true),
        ] {
            assert_eq!(may_be_page(&Url::parse(url).unwrap()), may_be, "{url}");
        }
    }
}
