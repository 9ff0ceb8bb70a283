//! Any text as a board, a drawing, and a base.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.canvas", "a.excalidraw", "a.base"] {
        ibid_fuzz::check_file(name, bytes);
    }
});
