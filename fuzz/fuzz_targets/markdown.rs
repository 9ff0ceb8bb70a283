//! Any text as a note.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ibid_fuzz::check_file("a.md", bytes));
