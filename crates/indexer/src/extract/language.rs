//! Which language a text is in, so that the endings of its words can be cut. A guess of a library, taken only where the
//! library stands by it.

use ibid_core::language::Language;
use whatlang::{Lang, Script, detect};

/// How much of a text is looked at. More seldom changes the guess, and guessing is a tenth of indexing by words.
const LOOKED_AT_BYTES: usize = 1_024;

/// Whether a text is in English; `None` where its language cannot be told.
pub(crate) fn is_english(text: &str) -> Option<bool> {
    let guess = detect(looked_at(text))?;
    // No text in another script is English, however little is sure beyond that.
    (guess.is_reliable() || guess.script() != Script::Latin).then(|| guess.lang() == Lang::Eng)
}

/// The language of a text; English where it cannot be told, or is none whose endings are known.
pub(crate) fn of(text: &str) -> Language {
    detect(looked_at(text))
        .filter(|guess| guess.is_reliable())
        .and_then(|guess| known(guess.lang()))
        .unwrap_or_default()
}

/// The beginning of a text. Front matter is names and dates, and mostly English whatever the note is in.
fn looked_at(text: &str) -> &str {
    let body =
        text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---")).map_or(text, |(_, body)| body);
    &body[..body.floor_char_boundary(LOOKED_AT_BYTES)]
}

fn known(lang: Lang) -> Option<Language> {
    Some(match lang {
        Lang::Ara => Language::Arabic,
        Lang::Hye => Language::Armenian,
        Lang::Cat => Language::Catalan,
        Lang::Ces => Language::Czech,
        Lang::Dan => Language::Danish,
        Lang::Nld => Language::Dutch,
        Lang::Eng => Language::English,
        Lang::Est => Language::Estonian,
        Lang::Fin => Language::Finnish,
        Lang::Fra => Language::French,
        Lang::Deu => Language::German,
        Lang::Ell => Language::Greek,
        Lang::Hin => Language::Hindi,
        Lang::Hun => Language::Hungarian,
        Lang::Ind => Language::Indonesian,
        Lang::Ita => Language::Italian,
        Lang::Lit => Language::Lithuanian,
        Lang::Nep => Language::Nepali,
        Lang::Nob => Language::Norwegian,
        Lang::Pes => Language::Persian,
        Lang::Pol => Language::Polish,
        Lang::Por => Language::Portuguese,
        Lang::Ron => Language::Romanian,
        Lang::Rus => Language::Russian,
        Lang::Srp => Language::Serbian,
        Lang::Spa => Language::Spanish,
        Lang::Swe => Language::Swedish,
        Lang::Tam => Language::Tamil,
        Lang::Tur => Language::Turkish,
        Lang::Yid => Language::Yiddish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_in_the_language_of_its_words() {
        let german = "Der Sauerteig muss bei Zimmertemperatur gehen, bis er sich verdoppelt hat, und dann in den Ofen.";
        let front_matter = format!("---\ncreated: 2024-01-01\ntags: [bread, sourdough]\n---\n{german}");
        for (text, language) in [
            (german, Language::German),
            (&front_matter, Language::German),
            (
                "The starter has to double at room temperature before it goes into the oven.",
                Language::English,
            ),
            (
                "Закваска должна удвоиться при комнатной температуре, прежде чем её поставят в печь. Это занимает \
                 несколько часов.",
                Language::Russian,
            ),
            ("发酵需要时间。", Language::English),
            ("ok", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(of(text), language, "{text}");
        }
    }

    #[test]
    fn what_is_not_in_english_is_told_also_where_its_endings_are_not_known() {
        for (text, english) in [
            ("The starter has to double at room temperature before it goes into the oven.", Some(true)),
            ("Der Sauerteig muss bei Zimmertemperatur gehen, bis er sich verdoppelt hat.", Some(false)),
            ("发酵需要时间。", Some(false)),
            ("การหมักต้องใช้เวลา", Some(false)),
            ("---\ntitle: The starter\n---\n発酵には時間がかかります。", Some(false)),
            ("12 x 4", None),
            ("", None),
        ] {
            assert_eq!(is_english(text), english, "{text}");
        }
    }
}
