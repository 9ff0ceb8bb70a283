//! Any bytes as each of the other formats: the first byte chooses which.
#![no_main]

const NAMES: [&str; 26] = [
    "a.html",
    "a.pdf",
    "a.docx",
    "a.epub",
    "a.ipynb",
    "a.eml",
    "conversations.json",
    "a.txt",
    "a.org",
    "a.rst",
    "a.tex",
    "a.csv",
    "a.tsv",
    "a.json",
    "a.jsonl",
    "a.yaml",
    "a.toml",
    "a.rs",
    "a.py",
    "a.ts",
    "a.tsx",
    "a.go",
    "a.java",
    "a.cpp",
    "a.sh",
    "a.sql",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some((first, rest)) = bytes.split_first() {
        ibid_fuzz::check_file(NAMES[usize::from(*first) % NAMES.len()], rest);
    }
});
