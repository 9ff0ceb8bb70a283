//! The words of a question that stand nowhere. Meaning always finds something, however little a question has to do with
//! the notes; that its words are not there is how a reader can tell.

use std::collections::HashSet;

use ibid_index::lexical::QuestionWord;
use ibid_index::snapshot::{LookedUp, Wanted};

/// Words that say nothing of what is asked for, so that few miss them. English alone: what is missing in another language
/// is told.
const SMALL: [&str; 87] = [
    "a", "about", "all", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "does", "for", "from", "get", "had", "has", "have", "he", "her", "him", "his",
    "how", "i", "if", "in", "into", "is", "it", "its", "many", "may", "me", "much", "my", "no", "not", "of",
    "on", "or", "our", "out", "s", "she", "should", "so", "some", "t", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "those", "to", "too", "up", "us", "was", "we", "were",
    "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
    "yours",
];

/// A word as it was typed, or a row of characters of a script without spaces.
pub(crate) struct Typed {
    text: String,
    is_small: bool,
    /// Where what it is looked up as stands among all that is looked up.
    wanted: Vec<usize>,
}

/// What was typed that no snapshot has, and that nothing was looked up instead of, in its order.
///
/// A row of characters is told whole where no two of it stand together. Small words are told only where nothing of the
/// question is there at all. Where nothing was searched nothing is known to be absent.
pub(crate) fn absent(typed: &[Typed], looked_up: &[Vec<LookedUp>]) -> Vec<String> {
    let Some(first) = looked_up.first() else { return Vec::new() };
    let is_absent =
        |at: usize| looked_up.iter().all(|words| !words[at].found && words[at].respelt.is_empty());
    let all_absent = (0..first.len()).all(is_absent);
    let mut words: Vec<String> = Vec::new();
    for Typed { text, is_small, wanted } in typed {
        let is_told = all_absent || !is_small;
        if is_told && wanted.iter().copied().all(is_absent) && !words.contains(text) {
            words.push(text.clone());
        }
    }
    words
}

/// Where small words stand among all that is looked up.
pub(crate) fn small(typed: &[Typed]) -> HashSet<usize> {
    typed.iter().filter(|typed| typed.is_small).flat_map(|typed| typed.wanted.iter().copied()).collect()
}

/// The words and rows of one piece of a question, of which `at` says where each stands among all that is looked up; what
/// `at` does not hold is left out. Of a compound its parts are told, which follow it.
pub(crate) fn typed(piece: &[Wanted], at: &[usize]) -> Vec<Typed> {
    let piece = &piece[..at.len().min(piece.len())];
    let mut all = Vec::new();
    let mut from = 0;
    while from < piece.len() {
        let next = from + 1 + rest_of_row(&piece[from..]);
        let (is_compound, is_small) = match &piece[from] {
            Wanted::Word(word) => (word.is_compound(), SMALL.contains(&word.folded().as_str())),
            Wanted::Prefix(_) => (false, false),
        };
        if !is_compound {
            let text = text_of(&piece[from..next]);
            all.push(Typed { text, is_small, wanted: at[from..next].to_vec() });
        }
        from = next;
    }
    all
}

/// How many of those after the first are pairs of characters of the same row.
fn rest_of_row(wanted: &[Wanted]) -> usize {
    let overlap = |pair: &&[Wanted]| match pair {
        [Wanted::Word(before), Wanted::Word(after)] => {
            is_of_row(before)
                && is_of_row(after)
                && before.bytes.start < after.bytes.start
                && after.bytes.start < before.bytes.end
        }
        _ => false,
    };
    wanted.windows(2).take_while(overlap).count()
}

fn is_of_row(word: &QuestionWord) -> bool {
    !word.is_plain() && !word.is_compound()
}

/// The words of a row of pairs put together again; what was typed of anything else.
fn text_of(row: &[Wanted]) -> String {
    let mut text = String::new();
    let mut end = 0;
    for one in row {
        match one {
            Wanted::Prefix(beginning) => text = format!("{beginning}*"),
            Wanted::Word(word) => {
                let known = end.max(word.bytes.start) - word.bytes.start;
                text.push_str(word.typed.get(known..).unwrap_or_default());
                end = word.bytes.end;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use ibid_core::query::Query;

    use super::*;
    use crate::question::Question;

    /// `there` are the words that a collection has, `nearby` those that it has others instead of.
    fn check(question: &str, there: &[&str], nearby: &[&str], told: &[&str]) {
        let asked = Question::of(&Query::new(question));
        let look_up = |wanted: &Wanted| {
            let typed = text_of(std::slice::from_ref(wanted));
            let is_in = |words: &[&str]| words.contains(&typed.as_str());
            let respelt = if is_in(nearby) { vec!["other".to_owned()] } else { Vec::new() };
            LookedUp { terms: Vec::new(), respelt, found: is_in(there) }
        };
        let nowhere =
            asked.wanted.iter().map(|_| LookedUp { terms: Vec::new(), respelt: Vec::new(), found: false });
        let looked_up = [nowhere.collect(), asked.wanted.iter().map(look_up).collect()];
        assert_eq!(absent(&asked.typed, &looked_up), told, "{question}");
        assert_eq!(absent(&asked.typed, &[]), [""; 0], "nothing was searched");
    }

    #[test]
    fn a_word_is_absent_where_no_collection_has_it_or_one_like_it() {
        check("xyzzyqwv bread", &["bread"], &[], &["xyzzyqwv"]);
        check("Xyzzy 2031", &[], &[], &["Xyzzy", "2031"]);
        check("carraway", &[], &["carraway"], &[]);
        check("zymo* ferm*", &["ferm*"], &[], &["zymo*"]);
    }

    #[test]
    fn small_words_are_told_where_nothing_is_there() {
        check("how does bread", &["bread"], &[], &[]);
        check("Who is xyzzy and bread", &["bread"], &[], &["xyzzy"]);
        check("who is", &[], &[], &["who", "is"]);
    }

    #[test]
    fn a_compound_is_told_by_its_parts() {
        check("snake_case", &["snake"], &[], &["case"]);
        check("e-mail", &["e-mail", "e", "mail"], &[], &[]);
    }

    #[test]
    fn a_row_of_characters_is_told_whole_or_not_at_all() {
        check("味噌汁を 茶", &["茶"], &[], &["味噌汁を"]);
        check("味噌汁を", &["噌汁"], &[], &[]);
        check("茶", &[], &[], &["茶"]);
        check("東京東京タワー", &["東京"], &[], &[]);
        check("東京東京タワー", &[], &[], &["東京東京タワー"]);
        check("味噌 味噌汁", &["味噌"], &[], &[]);
        check("茶 茶", &[], &[], &["茶"]);
    }

    #[test]
    fn rows_of_two_pieces_are_two() {
        check("\"味噌\" (茶)", &[], &[], &["味噌", "茶"]);
        check("\"味噌\" (出汁)", &[], &[], &["味噌", "出汁"]);
        check("「味噌」（出汁）", &[], &[], &["味噌", "出汁"]);
        check("\"bread\" (rye)", &[], &[], &["bread", "rye"]);
    }
}
