//! Any lines as the paths of a folder, each also as an alias and as a link's target from each.
#![no_main]

use ibid_core::id::DocumentPath;
use ibid_core::links::{Names, is_address};

/// More names say nothing new and take the square of the time.
const MAX_NAMES: usize = 32;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let lines: Vec<&str> = text.lines().take(MAX_NAMES).collect();
    let paths: Vec<&str> = lines.iter().copied().filter(|line| DocumentPath::new(line).is_some()).collect();
    let mut names = Names::default();
    paths.iter().for_each(|path| names.add(path));
    for (number, path) in paths.iter().enumerate() {
        names.add_alias(number as u32, path.rsplit(' ').next().unwrap_or_default());
    }
    for source in &paths {
        for target in &lines {
            let found = names.resolve(source, target);
            assert!(found.is_none_or(|number| (number as usize) < paths.len()), "{source} to {target}");
            assert!(found.is_none() || !is_address(target), "{target} leads outside");
            if !names.depends_on_source(target) {
                assert_eq!(names.resolve("", target), found, "{target} leads to the same from everywhere");
            }
        }
        let whole = names.resolve(source, "").map(|number| paths[number as usize]);
        assert!(whole.is_some(), "{source} leads to itself");
    }
});
