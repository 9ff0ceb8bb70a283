//! What a note is called, as terms: its title, its aliases, the name of its file. A name is looked up whole; its words
//! are found like any other words.

use std::collections::BTreeSet;

use super::analyzer::folded_text;

/// The longest name that is looked up, in bytes once folded. Terms of tantivy end at 64 kB, names long before.
const MAX_NAME_BYTES: usize = 512;

/// Parts the two ways a name is looked up: with its outer marks, and without them.
const WITH_MARKS: char = '=';
const WITHOUT_MARKS: char = '~';

/// The terms of a note's names. `path` is its path in the collection.
pub(crate) fn name_terms<'a>(
    title: &'a str,
    aliases: impl IntoIterator<Item = &'a str>,
    path: &'a str,
) -> BTreeSet<String> {
    let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let names = [title, file, stem].into_iter().chain(aliases);
    names.flat_map(|name| terms_asked(name).into_iter().flatten()).collect()
}

/// What a name is looked up by: as it is written, then without the marks around it. Case, accents and the number of
/// spaces do not count.
pub(crate) fn terms_asked(name: &str) -> [Option<String>; 2] {
    let whole = folded_text(name);
    let bare = whole.trim_matches(|c: char| !c.is_alphanumeric());
    let term = |mark: char, name: &str| {
        (!name.is_empty() && name.len() <= MAX_NAME_BYTES).then(|| format!("{mark}{name}"))
    };
    [term(WITH_MARKS, &whole), term(WITHOUT_MARKS, bare)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: &str, path: &str, asked: &str, is_it: bool) {
        let terms = name_terms(title, [], path);
        let found = terms_asked(asked).into_iter().flatten().any(|term| terms.contains(&term));
        assert_eq!(found, is_it, "{asked} for {title}, {path}");
    }

    #[test]
    fn a_name_is_one_whatever_its_case_accents_spaces_and_outer_marks() {
        check("Crème  Brûlée", "a.md", "creme brulee", true);
        check("What is it?", "a.md", "what is it", true);
        check("¡Hola!", "a.md", "“Hola”", true);
        check("函数计算", "a.md", "函数计算？", true);
        check("Bread", "a.md", "bread and butter", false);
    }

    #[test]
    fn a_file_is_called_by_its_name_with_and_without_its_ending() {
        check("Title", "Daily/2022-06-11.md", "2022-06-11", true);
        check("Title", "Daily/2022-06-11.md", "2022-06-11.md", true);
        check("Title", "Daily/2022-06-11.md", "daily", false);
    }

    #[test]
    fn a_name_of_marks_alone_is_looked_up_as_it_is_written() {
        check("---", "a.md", "---", true);
        check("---", "a.md", "***", false);
        check("", "a.md", "", false);
    }

    #[test]
    fn marks_tell_two_names_apart() {
        let of = |name: &str| terms_asked(name);
        assert_ne!(of("C++")[0], of("C")[0]);
        assert_eq!(of("C++")[1], of("C")[1]);
    }
}
