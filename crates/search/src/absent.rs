//! The words of a question that stand nowhere. Meaning always finds something, however little a question has to do with
//! the notes; that its words are not there is how a reader can tell.

use ibid_index::lexical::QuestionWord;
use ibid_index::snapshot::{LookedUp, Wanted};

/// A word as it was typed, or a row of characters of a script without spaces.
pub(crate) struct Typed {
    text: String,
    /// Where what it is looked up as stands among all that is looked up, and which leaf of that.
    wanted: Vec<(usize, usize)>,
    /// The words themselves; none of a beginning.
    words: Vec<QuestionWord>,
}

/// What was typed that no snapshot has, and that nothing was looked up instead of, in its order.
///
/// A row of characters is told whole where no two of it stand together. Words that are small, as `is_small` has it, are
/// told only where nothing of the question is there at all. Where nothing was searched nothing is known to be absent.
pub(crate) fn absent(
    typed: &[Typed],
    looked_up: &[Vec<LookedUp>],
    is_small: impl Fn(&QuestionWord) -> bool,
) -> Vec<String> {
    let Some(first) = looked_up.first() else { return Vec::new() };
    let is_absent = |(at, leaf): (usize, usize)| {
        looked_up
            .iter()
            .map(|words| words[at].leaves()[leaf])
            .all(|word| !word.found && word.respelt.is_empty())
    };
    let leaves = |at: usize| (0..first[at].leaves().len()).map(move |leaf| (at, leaf));
    let all_absent = (0..first.len()).flat_map(leaves).all(is_absent);
    let mut told: Vec<String> = Vec::new();
    for Typed { text, wanted, words } in typed {
        let is_told = all_absent || words.is_empty() || !words.iter().all(&is_small);
        if is_told && wanted.iter().copied().all(is_absent) && !told.contains(text) {
            told.push(text.clone());
        }
    }
    told
}

/// The words and rows of one piece of a question, of which `at` says where each stands among all that is looked up; what
/// `at` does not hold is left out. Of a compound its parts are told.
pub(crate) fn typed(piece: &[Wanted], at: &[usize]) -> Vec<Typed> {
    let mut all = Vec::new();
    let mut words: Vec<(&QuestionWord, (usize, usize))> = Vec::new();
    for (wanted, &at) in piece.iter().zip(at) {
        match wanted {
            Wanted::Prefix(beginning) => {
                let text = format!("{beginning}*");
                all.push(Typed { text, wanted: vec![(at, 0)], words: Vec::new() });
            }
            Wanted::Word(word) => {
                words.extend(word.leaves().into_iter().enumerate().map(|(leaf, word)| (word, (at, leaf))));
            }
        }
    }
    let rows = words.chunk_by(|(before, _), (after, _)| is_one_row(before, after));
    all.extend(rows.map(|row| Typed {
        text: text_of(row.iter().map(|(word, _)| *word)),
        wanted: row.iter().map(|(_, at)| *at).collect(),
        words: row.iter().map(|(word, _)| (*word).clone()).collect(),
    }));
    all
}

/// Whether two are pairs of characters of one row, which overlap.
fn is_one_row(before: &QuestionWord, after: &QuestionWord) -> bool {
    let is_of_row = |word: &QuestionWord| !word.is_plain() && !word.is_compound();
    is_of_row(before)
        && is_of_row(after)
        && before.bytes.start < after.bytes.start
        && after.bytes.start < before.bytes.end
}

/// The words of a row of pairs put together again; what was typed of anything else.
fn text_of<'a>(row: impl Iterator<Item = &'a QuestionWord>) -> String {
    let mut text = String::new();
    let mut end = 0;
    for word in row {
        let known = end.max(word.bytes.start) - word.bytes.start;
        text.push_str(word.typed.get(known..).unwrap_or_default());
        end = word.bytes.end;
    }
    text
}

#[cfg(test)]
mod tests {
    use ibid_core::language::Language;
    use ibid_core::query::Query;

    use super::*;
    use crate::question::Question;

    fn looked_up(typed: &str, parts: &[QuestionWord], there: &[&str], nearby: &[&str]) -> LookedUp {
        let respelt = if nearby.contains(&typed) { vec!["other".to_owned()] } else { Vec::new() };
        let parts = parts.iter().map(|part| looked_up(&part.typed, &part.parts, there, nearby));
        LookedUp { respelt, found: there.contains(&typed), parts: parts.collect(), ..LookedUp::default() }
    }

    /// `there` are the words that a collection has, `nearby` those that it has others instead of.
    fn check(question: &str, there: &[&str], nearby: &[&str], told: &[&str]) {
        let asked = Question::of(&Query::new(question));
        let looked_up = [(&[][..], &[][..]), (there, nearby)].map(|(there, nearby)| {
            let look_up = |wanted: &Wanted| match wanted {
                Wanted::Prefix(beginning) => looked_up(&format!("{beginning}*"), &[], there, nearby),
                Wanted::Word(word) => looked_up(&word.typed, &word.parts, there, nearby),
            };
            asked.wanted.iter().map(look_up).collect::<Vec<_>>()
        });
        let is_small = |word: &QuestionWord| word.is_function_word(Language::English);
        assert_eq!(absent(&asked.typed, &looked_up, is_small), told, "{question}");
        assert_eq!(absent(&asked.typed, &[], is_small), [""; 0], "nothing was searched");
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
