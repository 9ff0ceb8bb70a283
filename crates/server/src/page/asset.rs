//! The files that pages load: one stylesheet, one script, one icon. Their addresses name their content, so a browser keeps
//! them as long as it likes and never shows an old one with a new page.

use std::sync::LazyLock;

use ibid_core::hash::ContentHash;

/// The stylesheet: the frame, then each page's own rules.
const CSS: &str = concat!(
    include_str!("style/frame.css"),
    include_str!("style/reader.css"),
    include_str!("style/search.css"),
    include_str!("style/watch.css")
);

/// The script: one file a purpose. Every page does without it.
const JS: &str = concat!(
    include_str!("script/keys.js"),
    include_str!("script/copy.js"),
    include_str!("script/search.js"),
    include_str!("script/walk.js")
);

const SVG: &str = include_str!("style/icon.svg");

/// A file that pages load.
pub(crate) struct Asset {
    /// Its path.
    pub(crate) path: &'static str,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// What it holds.
    pub(crate) content: &'static str,
    version: LazyLock<String>,
}

/// How many digits of its hash a version has.
const VERSION_DIGITS: usize = 16;

fn version(content: &str) -> String {
    ContentHash::of(content.as_bytes()).to_string().chars().take(VERSION_DIGITS).collect()
}

pub(crate) static STYLE: Asset = Asset {
    path: "/style.css",
    media_type: "text/css; charset=utf-8",
    content: CSS,
    version: LazyLock::new(|| version(CSS)),
};

pub(crate) static SCRIPT: Asset = Asset {
    path: "/script.js",
    media_type: "text/javascript; charset=utf-8",
    content: JS,
    version: LazyLock::new(|| version(JS)),
};

pub(crate) static ICON: Asset = Asset {
    path: "/icon.svg",
    media_type: "image/svg+xml",
    content: SVG,
    version: LazyLock::new(|| version(SVG)),
};

impl Asset {
    /// All of them.
    pub(crate) const ALL: [&'static Asset; 3] = [&STYLE, &SCRIPT, &ICON];

    /// Where a page finds this very content.
    pub(crate) fn address(&self) -> String {
        format!("{}?v={}", self.path, *self.version)
    }

    /// What its content is told by.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether a path is that of one of them. They say nothing of anybody's notes.
    pub(crate) fn is_path(path: &str) -> bool {
        Asset::ALL.iter().any(|asset| asset.path == path)
    }
}
