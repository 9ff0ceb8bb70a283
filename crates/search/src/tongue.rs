//! Which language a question is in, and whether a model is known not to know it. In doubt none is: both legs then run, and
//! fusion weighs them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ibid_core::language::Language;
use ibid_index::lexical::QuestionWord;

/// So many different function words show a language.
const FUNCTION_WORDS_THAT_SHOW: usize = 2;

/// What shows that a question is in a language that a model does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Its script: to the model its words are noise.
    Script,
    /// At least two of its function words: other words may be names, or alike in a language the model knows.
    FunctionWords,
}

/// What shows that a question is in a language that is none of `known` (ISO 639-1 codes); `None` where nothing does.
pub(crate) fn foreign(words: &[&QuestionWord], known: &[&str]) -> Option<Foreign> {
    if has_foreign_script(words, known) {
        return Some(Foreign::Script);
    }
    has_foreign_function_words(words, known).then_some(Foreign::FunctionWords)
}

/// The language that a question's function words show: it has two of them at least, and more than any other language has.
pub(crate) fn shown_language(words: &[&QuestionWord]) -> Option<Language> {
    let of = |(_, language): (_, Language)| (function_words(words, language).len(), language);
    let mut counts: Vec<(usize, Language)> = Language::ALL.into_iter().map(of).collect();
    counts.sort_by_key(|&(count, _)| Reverse(count));
    let (most, language) = *counts.first()?;
    let is_alone = counts.get(1).is_none_or(|&(count, _)| count < most);
    (most >= FUNCTION_WORDS_THAT_SHOW && is_alone).then_some(language)
}

fn function_words(words: &[&QuestionWord], language: Language) -> BTreeSet<String> {
    let function = words.iter().filter(|word| word.is_function_word(language));
    function.map(|word| word.folded().to_owned()).collect()
}

/// Whether more letters are of a script in which none of the known languages is written than of others.
fn has_foreign_script(words: &[&QuestionWord], known: &[&str]) -> bool {
    let scripts: BTreeSet<Script> = known.iter().map(|code| Script::of_language(code)).collect();
    let letters = words.iter().flat_map(|word| word.typed.chars()).filter(|c| c.is_alphabetic());
    let (mut foreign, mut all) = (0, 0);
    for letter in letters {
        all += 1;
        foreign += usize::from(!scripts.contains(&Script::of(letter)));
    }
    2 * foreign > all
}

/// Whether what a question is written in is hardly in these texts: less than a tenth of their letters are of its script.
pub(crate) fn is_in_another_script<'t>(
    words: &[&QuestionWord],
    texts: impl IntoIterator<Item = &'t str>,
) -> bool {
    let mut own: BTreeMap<Script, usize> = BTreeMap::new();
    for letter in words.iter().flat_map(|word| word.typed.chars()).filter(|c| c.is_alphabetic()) {
        *own.entry(Script::of(letter)).or_default() += 1;
    }
    let Some((&script, _)) = own.iter().max_by_key(|&(_, &letters)| letters) else { return false };
    let (mut same, mut all) = (0, 0);
    for letter in texts.into_iter().flat_map(str::chars).filter(|c| c.is_alphabetic()) {
        all += 1;
        same += usize::from(Script::of(letter) == script);
    }
    10 * same < all
}

/// Whether a language that is not known has two of the question's function words that no known language has, while no
/// known language has one that it lacks: `die`, `war` and `hat` are words of English questions too.
fn has_foreign_function_words(words: &[&QuestionWord], known: &[&str]) -> bool {
    let of = |language: Language| function_words(words, language);
    let is_known = |language: &Language| known.contains(&language.code());
    let languages = || Language::ALL.into_iter().map(|(_, language)| language);
    let at_home: BTreeSet<String> = languages().filter(is_known).flat_map(of).collect();
    languages().filter(|language| !is_known(language)).map(of).any(|abroad| {
        abroad.difference(&at_home).count() >= FUNCTION_WORDS_THAT_SHOW && at_home.is_subset(&abroad)
    })
}

/// Scripts as far as they tell languages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Indic,
    Thai,
    Hangul,
    Han,
    Other,
}

impl Script {
    fn of(letter: char) -> Script {
        match u32::from(letter) {
            0..=0x24f | 0x1e00..=0x1eff => Script::Latin,
            0x370..=0x3ff | 0x1f00..=0x1fff => Script::Greek,
            0x400..=0x52f => Script::Cyrillic,
            0x590..=0x5ff => Script::Hebrew,
            0x600..=0x6ff | 0x750..=0x77f => Script::Arabic,
            0x900..=0xdff => Script::Indic,
            0xe00..=0xeff => Script::Thai,
            0x1100..=0x11ff | 0xac00..=0xd7af => Script::Hangul,
            0x3040..=0x30ff | 0x3400..=0x9fff | 0x20000..=0x3ffff => Script::Han,
            _ => Script::Other,
        }
    }

    fn of_language(code: &str) -> Script {
        match code {
            "ru" | "uk" | "bg" | "sr" | "be" | "mk" | "kk" => Script::Cyrillic,
            "el" => Script::Greek,
            "ar" | "fa" | "ur" => Script::Arabic,
            "he" | "yi" => Script::Hebrew,
            "hi" | "ne" | "ta" | "bn" | "te" | "mr" => Script::Indic,
            "th" | "lo" => Script::Thai,
            "ko" => Script::Hangul,
            "zh" | "ja" => Script::Han,
            "hy" | "ka" => Script::Other,
            _ => Script::Latin,
        }
    }
}

#[cfg(test)]
mod tests {
    use ibid_index::lexical::words_of_question;

    use super::*;

    fn check(question: &str, known: &[&str], shown: Option<Foreign>) {
        let words = words_of_question(question);
        let words: Vec<&QuestionWord> = words.iter().collect();
        assert_eq!(foreign(&words, known), shown, "{question}");
    }

    #[test]
    fn a_script_shows_a_language() {
        check("消息队列丢失消息怎么办", &["en"], Some(Foreign::Script));
        check("как приготовить хлеб", &["en"], Some(Foreign::Script));
        check("ขนมปังคืออะไร", &["en"], Some(Foreign::Script));
        check("消息队列 kafka rocketmq rabbitmq", &["en"], None);
        check("消息队列丢失消息怎么办", &["en", "zh"], None);
    }

    #[test]
    fn a_question_is_in_another_script_than_notes_that_hardly_have_it() {
        let check = |question: &str, texts: &[&str], expected: bool| {
            let words = words_of_question(question);
            let words: Vec<&QuestionWord> = words.iter().collect();
            assert_eq!(is_in_another_script(&words, texts.iter().copied()), expected, "{question}");
        };
        check("how do queues lose messages", &["消息队列丢失消息怎么办，如何处理", "苹果电脑软件推荐"], true);
        check("how do queues lose messages", &["消息队列 kafka 和 rabbitmq 丢失消息"], false);
        check("消息队列", &["How queues lose messages."], true);
        check("wie verlieren Warteschlangen Nachrichten", &["How queues lose messages."], false);
        check("2022-06-11", &["How queues lose messages."], false);
        check("消息队列", &[], false);
    }

    #[test]
    fn two_function_words_show_a_language() {
        check("Wie lange muss der Teig ruhen?", &["en"], Some(Foreign::FunctionWords));
        check("Wie lange muss der Teig ruhen?", &["en", "de"], None);
        check("Teig ruhen", &["en"], None);
        check("quelle est la température du four", &["en"], Some(Foreign::FunctionWords));
    }

    #[test]
    fn most_function_words_show_the_language_of_a_question() {
        let check = |question: &str, shown: Option<&str>| {
            let words = words_of_question(question);
            let words: Vec<&QuestionWord> = words.iter().collect();
            assert_eq!(shown_language(&words).map(|language| language.code()), shown, "{question}");
        };
        check("wie verschlüssele ich meine Notizen", Some("de"));
        check("what was the war in which so many men die", Some("en"));
        check("quelle est la température du four", Some("fr"));
        check("Notizen verschlüsseln", None);
        check("in", None);
        check("", None);
    }

    #[test]
    fn an_english_question_is_never_foreign() {
        for question in [
            "what was the war in which so many men die",
            "did the man in the hat die in the war",
            "how do I die cast a part on an old lathe",
            "is an in vitro test per se an alternative",
            "to be or not to be",
            "",
            "2022-06-11",
        ] {
            check(question, &["en"], None);
        }
    }
}
