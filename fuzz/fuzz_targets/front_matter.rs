//! Any text between the lines that mark front matter.
#![no_main]

libfuzzer_sys::fuzz_target!(|yaml: &[u8]| {
    ibid_fuzz::check_file("a.md", &[b"---\n", yaml, b"\n---\nrye bread\n"].concat());
});
