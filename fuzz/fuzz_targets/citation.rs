//! Any text as an id: what is read as one is written so that it reads as the same again.
#![no_main]

use ibid_core::citation::Reference;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse::<Reference>().as_ref(), Ok(&reference), "{reference}");
        if let Reference::Quote(citation) = &reference {
            ibid_fuzz::check_citation(citation);
        }
    }
});
