//! How long the worst texts of every format take to be read and cut, and how much memory: the worst of each format, as
//! seconds a megabyte and as a multiple of the file's size. Each text has a process of its own. Memory is told by Linux;
//! elsewhere it is 0.
//!
//! Usage: limits               the texts made here, of every format
//!        limits EXTENSION...  of these formats
//!        limits FOLDER        the files of a folder
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ibid_core::id::DocumentPath;
use ibid_embed::bundled_tokens;
use ibid_indexer::chunk::chunk;
use ibid_indexer::extract::{extract, text_of};

/// How long a text is.
const BYTES: usize = 1_000_000;
/// What is allowed.
const MAX_SECONDS_A_MEGABYTE: f64 = 2.0;
const MAX_TIMES_ITS_SIZE: f64 = 20.0;
/// Files below this are not judged: what any file costs would be all of it.
const MIN_JUDGED_BYTES: usize = 100_000;
/// How many of the worst of a folder are shown.
const SHOWN: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [mark, file] if mark == "--one" => one(Path::new(file)),
        [folder] if Path::new(folder).is_dir() => of_folder(Path::new(folder)),
        only => of_formats(only),
    }
}

/// Reads one file and tells its length, the seconds it took, and the bytes of memory on top of it.
fn one(file: &Path) -> Result<(), Box<dyn Error>> {
    let path = DocumentPath::new(&file.file_name().unwrap_or_default().to_string_lossy()).ok_or("no name")?;
    let mut measure = bundled_tokens()?;
    chunk("rye", &extract(&path, "rye").blocks, &mut measure);
    let bytes = fs::read(file)?;
    let length = bytes.len();
    // The peak so far is forgotten, so that the next one is that of the work.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS:");
    let began = Instant::now();
    if let Ok(decoded) = text_of(&path, bytes) {
        let extracted = extract(&path, &decoded.text);
        chunk(&decoded.text, &extracted.blocks, &mut measure);
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{length} {seconds} {}", memory("VmHWM:").saturating_sub(before));
    Ok(())
}

/// Bytes of memory of this process, as Linux tells them.
fn memory(key: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) * 1024
}

/// What a file cost.
#[derive(Debug, Clone, PartialEq)]
struct Cost {
    name: String,
    seconds_a_megabyte: f64,
    times_its_size: f64,
}

impl Cost {
    fn of(file: &Path, name: String) -> Result<Cost, Box<dyn Error>> {
        let output = Command::new(std::env::current_exe()?).arg("--one").arg(file).output()?;
        let told = String::from_utf8(output.stdout)?;
        let told: Vec<f64> = told.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [length, seconds, bytes] = told[..] else {
            return Err(format!("{name} ended the program: {}", output.status).into());
        };
        let judged = length.max(MIN_JUDGED_BYTES as f64);
        Ok(Cost { name, seconds_a_megabyte: seconds / judged * 1e6, times_its_size: bytes / judged })
    }

    fn print(&self, mark: &str) {
        let Cost { name, seconds_a_megabyte: seconds, times_its_size: times } = self;
        let over = *seconds > MAX_SECONDS_A_MEGABYTE || *times > MAX_TIMES_ITS_SIZE;
        println!("{mark:8}{seconds:7.2} s/MB{times:8.1} x   {name}{}", if over { "   OVER" } else { "" });
    }
}

/// Prints the slowest and the largest.
fn print_worst(mark: &str, costs: &mut [Cost], n: usize) {
    let by = |of: fn(&Cost) -> f64| move |a: &Cost, b: &Cost| of(b).total_cmp(&of(a));
    costs.sort_by(by(|cost| cost.seconds_a_megabyte));
    costs.iter().take(n).for_each(|cost| cost.print(mark));
    costs.sort_by(by(|cost| cost.times_its_size));
    costs.iter().take(n).for_each(|cost| cost.print(mark));
}

fn of_folder(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut costs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            costs.push(Cost::of(&path, name)?);
        }
    }
    println!("{} files", costs.len());
    print_worst("", &mut costs, SHOWN);
    Ok(())
}

fn of_formats(only: &[String]) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let is_wanted = |one: &&str| only.is_empty() || only.iter().any(|wanted| wanted == one);
    for (extensions, own) in FORMATS {
        for extension in extensions.split(' ').filter(is_wanted) {
            let mut costs = Vec::new();
            for sign in SIGNS.iter().chain(*own) {
                for (name, shape) in SHAPES {
                    let file = folder.path().join("a").with_extension(extension);
                    fs::write(&file, packed(extension, &shape(sign, BYTES))?)?;
                    costs.push(Cost::of(&file, format!("{sign:?} {name}"))?);
                }
            }
            print_worst(extension, &mut costs, 2);
        }
    }
    Ok(())
}

type Shape = fn(&str, usize) -> String;

const SHAPES: [(&str, Shape); 6] = [
    ("repeated", |sign, bytes| sign.repeat(bytes / sign.len())),
    ("as lines", |sign, bytes| format!("{sign}\n").repeat(bytes / (sign.len() + 1))),
    ("in words", |sign, bytes| format!("a {sign} b. ").repeat(bytes / (sign.len() + 6))),
    ("growing", |sign, bytes| {
        let lines = (2.0 * bytes as f64 / sign.len() as f64).sqrt() as usize;
        (1..lines).map(|n| sign.repeat(n) + "\n").collect()
    }),
    ("closed again", |sign, bytes| {
        let other =
            |c: char| "([{<>}])".chars().zip(")]}><{[(".chars()).find(|(a, _)| *a == c).map_or(c, |(_, b)| b);
        let closed: String = sign.chars().rev().map(other).collect();
        let n = bytes / sign.len() / 2;
        sign.repeat(n) + "x" + &closed.repeat(n)
    }),
    ("numbered", |sign, bytes| {
        let n = bytes / (sign.len() + 6);
        (0..n).map(|n| format!("{sign}{n:05}\n")).collect()
    }),
];

const SIGNS: &[&str] = &[
    "[", "*", "\"", "\\", "{", "(", "<", "`", "'", "#", "|", "\n", "\r", " ", "\t", "=", "-", "a ", "a",
    "\u{feff}", "味", "e\u{301}", "\0",
];

/// Extensions, how long their texts are, and the signs that mean something there.
const FORMATS: &[(&str, &[&str])] = &[
    (
        "md",
        &[
            "[[",
            "![[",
            "[x](",
            "![[]()",
            "[^1]",
            "[^1]: ",
            "*x **x ",
            "> ",
            ">[!note] ",
            "- ",
            "  - ",
            "- [ ] ",
            "1. ",
            "$$",
            "$x",
            "%%",
            "<!--",
            "<div>",
            "<a ",
            "&amp;",
            "~~~\n",
            "```\n",
            "| a ",
            "|-",
            "#a ",
            "# a\n",
            "a ^b\n\n",
            "a:: b\n",
            "[a:: ",
            "---\n",
            "a\n===\n",
            "[a]: b\n",
            "[a]",
            "- a\n> b\n",
        ],
    ),
    (
        "txt canvas excalidraw base",
        &["{\"nodes\":[{\"text\":\"", "{\"a\":", "\\u", "\\ud83d", "[[", "a: ", "- "],
    ),
    (
        "org",
        &["* ", "#+begin_src\n", "#+begin_quote\n* a\n", "[[a][", ":a:", "| a |\n|-", "- ", ":PROPERTIES:\n"],
    ),
    ("rst", &["== ==\n", "+-+\n|", ".. a::\n", "..\n ", "::\n\n ", "a\n==\n", "`a <", ":a:`", ".. _a: b\n"]),
    (
        "tex",
        &["\\a{", "\\begin{a}", "\\begin{verbatim}\n", "%", "\\'", "\\section{", "\\title{a", "\\a[", "$"],
    ),
    ("csv tsv", &[",", ";", "\"\"", "\",", "a,\"\n", "a,b\n", "a\tb\n"]),
    (
        "json jsonl yaml toml",
        &[
            "{\"a\":",
            "[[",
            "/*",
            "//",
            "a: ",
            "- ",
            "\\u",
            "\"\"\"",
            "'''",
            "a=[",
            "\"\\",
            "[1],",
            "{\"a\":1}\n",
            "[a]\n",
            "a.",
            "&a ",
            "*a ",
            "? ",
            "1,",
        ],
    ),
    (
        "html",
        &[
            "<div>",
            "<p>",
            "<b>",
            "<a href=x>",
            "<table><tr><td>",
            "<td>",
            "<ul><li>",
            "<blockquote>",
            "<pre>",
            "<code>",
            "<!--",
            "&amp",
            "<a a=",
            "<script>",
            "<h1>x</h1>",
            "<svg>",
            "<template>",
            "<select>",
            "<b><i><font>",
            "</p>",
            "<br>",
        ],
    ),
    (
        "ipynb eml",
        &[
            "{\"cells\":[{\"source\":\"",
            "[[",
            "{\"a\":",
            "Subject: x\n",
            "=?utf-8?q?",
            "Content-Type: message/rfc822\n\n",
            "Content-Type: multipart/mixed; boundary=a\n\n--a\n",
            "--a\n",
            "=3D",
            "To: a,",
            "<a@b>,",
            "(",
        ],
    ),
    (
        "docx epub",
        &[
            "<w:p>",
            "<w:p><w:r><w:t>x</w:t></w:r></w:p>",
            "<w:tbl><w:tr><w:tc>",
            "<w:hyperlink>",
            "<w:br/>",
            "<w:r><w:t>",
            "<p>",
            "<div>",
            "<table><tr><td>",
            "<b>",
            "&amp;",
            "<a a=\"b\" ",
        ],
    ),
    (
        "pdf",
        &[
            "q ",
            "BT ",
            "<<",
            "/A ",
            "(a) Tj ",
            "BT /F1 12 Tf (a) Tj ET ",
            "1 0 0 1 0 0 cm ",
            "0 0 m 1 1 l S ",
            "W n ",
            "/X Do ",
            "BI ID EI ",
            "[(a) 1] TJ ",
            "T* ",
            "0 0 9 9 re f ",
            "/F1 1 Tf ",
        ],
    ),
    ("rs py js ts tsx go java c cpp sh sql lua rb", CODE),
];

const CODE: &[&str] = &[
    "/*",
    "//",
    "\"\"\"",
    "'''",
    "`${",
    "$(",
    "<<EOF\n",
    "fn a() {",
    "fn a() {}\n",
    "struct A {}\n",
    "def a():\n ",
    "class A:\n ",
    "class A {",
    "function a() {",
    "#define a b\n",
    "#if a\n",
    "a(",
    "a<",
    "a::",
    "if a {",
    "else ",
    "a = b\n",
    "a + ",
    "a ? b : ",
    "=> ",
    "@a\n",
    "#[a]\n",
    "r#\"",
    "int a;\n",
    "int (*",
    "<a>",
    "case a:\n",
    "template<",
    "a, ",
    "!",
    "&",
    "x.y",
    ";",
    "..",
    "case ",
];

/// The text as a file of its kind: within a zip or a PDF where the kind is one.
fn packed(extension: &str, text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    const CONTAINER: &str = "<container><rootfiles><rootfile full-path=\"b.opf\"/></rootfiles></container>";
    const PACKAGE: &str = "<package><manifest><item id=\"a\" href=\"a.xhtml\"/></manifest><spine><itemref idref=\"a\"/></spine></package>";
    Ok(match extension {
        "docx" => {
            let body = format!("<w:document xmlns:w=\"w\"><w:body>{text}</w:body></w:document>");
            zipped(&[("word/document.xml", &body)])?
        }
        "epub" => zipped(&[("META-INF/container.xml", CONTAINER), ("b.opf", PACKAGE), ("a.xhtml", text)])?,
        "pdf" => format!(
            "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Count 1/Kids[3 0 R]>> endobj\n\
             3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>> endobj\n\
             5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n\
             4 0 obj <</Length {}>>\nstream\n{text}\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF",
            text.len()
        )
        .into_bytes(),
        _ => text.as_bytes().to_vec(),
    })
}

/// A zip whose files are not compressed.
fn zipped(files: &[(&str, &str)]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        zip.start_file(*name, stored)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}
