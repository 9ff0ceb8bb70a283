//! What kind of file a path's extension promises. Nothing is opened to find out.

use ibid_core::id::DocumentPath;

use super::code;
use super::convert::Kind;

/// The formats read. Another one is another variant, an arm in `of` and one in [`super::extract`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Markdown,
    Plain,
    Canvas,
    Drawing,
    Base,
    Org,
    Rst,
    Tex,
    Table,
    Data,
    Code,
    /// No text: Markdown is made of it.
    Converted(Kind),
    /// Pictures and sounds: known by name, never opened.
    Media(Medium),
}

/// What a file is that is listed by its name and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Image,
    Audio,
    Video,
}

impl Format {
    pub(super) fn of(path: &DocumentPath) -> Option<Format> {
        let extension = path.extension()?.to_ascii_lowercase();
        let name = path.as_str().rsplit('/').next().unwrap_or_default();
        if let Some(kind) = Kind::of(&extension, name) {
            return Some(Format::Converted(kind));
        }
        Some(match extension.as_str() {
            "md" | "markdown" => Format::Markdown,
            "txt" => Format::Plain,
            "canvas" => Format::Canvas,
            "excalidraw" => Format::Drawing,
            "base" => Format::Base,
            "org" => Format::Org,
            "rst" | "rest" => Format::Rst,
            "tex" | "latex" => Format::Tex,
            "csv" | "tsv" => Format::Table,
            "json" | "jsonl" | "ndjson" | "yaml" | "yml" | "toml" => Format::Data,
            _ => match Medium::of(&extension) {
                Some(medium) => Format::Media(medium),
                None => code::language_of(&extension).map(|_| Format::Code)?,
            },
        })
    }
}

impl Medium {
    /// By the extensions that Obsidian shows, and those of cameras and telephones.
    fn of(extension: &str) -> Option<Medium> {
        match extension {
            "avif" | "bmp" | "gif" | "heic" | "jpeg" | "jpg" | "png" | "svg" | "tif" | "tiff" | "webp" => {
                Some(Medium::Image)
            }
            "3gp" | "aac" | "flac" | "m4a" | "mp3" | "oga" | "ogg" | "opus" | "wav" => Some(Medium::Audio),
            "avi" | "m4v" | "mkv" | "mov" | "mp4" | "ogv" | "webm" => Some(Medium::Video),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Medium::Image => "image",
            Medium::Audio => "audio",
            Medium::Video => "video",
        }
    }
}
