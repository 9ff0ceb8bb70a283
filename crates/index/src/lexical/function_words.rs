//! Function words: those that hold a sentence together and say nothing of what is asked for. Each language has its own:
//! `die` is one in German and a word in English. Where they count nothing is decided by those that look words up.
//!
//! The lists of most languages are those of Snowball and NLTK, as the crate `stop-words` carries them. What these lack
//! was written for ibid, from grammars: languages without a list, question words and the rows of characters of scripts
//! without spaces.

use std::collections::HashSet;
use std::sync::OnceLock;

use ibid_core::language::Language;

use super::analyzer::folded;

/// What the lists lack, by language.
const ADDED: [(Language, &str); 14] = [
    (
        Language::English,
        "am anyone are also could does done etc everyone get gets getting got had however let many may might much must \
         one ones rather shall since someone something somewhat still thing things though thus upon us via want wants \
         whether whose without would yet among e.g i.e",
    ),
    (
        Language::German,
        "beim dabei dafür daher damit daran darauf darüber dazu deren desto gibt habt hätte hätten ja könnt kannst lassen \
         möchte möchten mehr muss musst nämlich sei seit sowie statt trotz wann warum was wem wen wer weshalb weswegen \
         wieso wieviel wohin woher wodurch womit wozu wurde wurden darf dürfen mal",
    ),
    (
        Language::French,
        "alors ainsi après aussi autre avant car cela celle celles celui cet cette ceux chaque chez combien comme comment \
         contre dans depuis donc dont elles entre est etc hors ici jusque lors lorsque mais non où ou par parce pendant \
         peu peut peuvent plus pour pourquoi puis quand que quel quelle quelles quels quelque qui quoi sans sauf selon si \
         sinon sous sur tandis tous tout toute toutes très vers voici voilà y",
    ),
    (
        Language::Russian,
        "это какой какая какое какие каких каким где когда почему зачем сколько кто что чем как чей",
    ),
    (Language::Turkish, "bir bunu hangi kaç nerede olan olarak olup var yok şey şu ne nasıl neden kim kime"),
    (
        Language::Czech,
        "a aby aj ale ani asi až bez bude budou by byl byla byli bylo být co což či do ho i já jak jako jaký jaká jaké je \
         jeho její jejich jen ještě jestli ji jich již jsem jsi jsme jsou jste k kam každý kde kdo kdy když ke která které \
         který kteří kolik ku má mají mě mezi mi mít mně může můj my na nad nám nás náš ne nebo není než nic o od on ona oni \
         ono pak po pod podle pokud pro proč proto protože před při s se si sice své svůj ta tak také tam tato te tě ten \
         tento to tom tomu tu ty tyto u už v vám vás váš ve více však vy z za ze že",
    ),
    (
        Language::Polish,
        "a aby ale albo ani aż bardzo bez bo być był była było były będzie będą by ci co coś czy czyli czemu dla dlaczego \
         dlatego do dokąd gdy gdyby gdzie go i ich ile im inne inny innych iż ja jak jaka jakie jaki jako je jego jej jemu \
         jest jestem jeszcze jeśli jeżeli już ją każdy kiedy kto która które którego której który których którym którzy lub \
         ma mają mam mi mnie może można mu my na nad nam nas nasz nawet nie nim nich niż no o od on ona one oni ono oraz \
         po pod ponieważ przed przez przy się skąd są ta tak taki tam te tego tej ten teraz też to tobie tu ty tych tylko \
         tym u w wam was we więc właśnie wszystko z za ze że żeby",
    ),
    (
        Language::Estonian,
        "aga ei ega et ehk ennast enam ja jah ka kas kes kelle kuhu kui kuidas kuni kus kust kõik ma me meie mida mille \
         millal millest mis miks mu mõni nad need neid nende nii ning nüüd oli oled olema oleme olen olid on oma sa see \
         seda selle selles seal siin siis ta te teie tema või üks üle juba ainult palju mitu",
    ),
    (
        Language::Lithuanian,
        "apie ar arba aš be bei bet bus būti buvo čia daug dar dėl do su ir iš į ji jie jis jos jo jų juos ką kada kaip kam \
         kas kai kiek kodėl kokia kokie koks kur kuri kurie kuris kurių man mano mes mūsų ne nei nes nuo o per po prie \
         prieš pat savo si su ta tada tai taip tas te ten tik to tokia toks tu turi už visi yra jei jeigu",
    ),
    (
        Language::Serbian,
        "a ako ali bez bi bila bilo bio biti će ću da do dok gde gdje ga i ih ili im iz iako ja je jer jesam joj još kada kad \
         kako kakav koja koje koji kojih kojim ko koliko li me mi može mu na nad ne nego neki nema ni nije njih njegov od \
         on ona oni ono oko ovaj ova ovo po pod pre pri sa se si sam samo smo su svi šta što ta tada taj tako tamo te to \
         ti tu u uz va vas već vi za zašto а ако али без би била било био бити ће ћу да до док где га и их или им из иако \
         ја је јер још када кад како која које који којих којим ко колико ли ме ми може му на над не него неки нема ни није \
         од он она они оно око овај ова ово по под пре при са се си сам само смо су сви шта што та тада тај тако тамо те то \
         ти ту у уз вас већ ви за зашто",
    ),
    (
        Language::Armenian,
        "այդ այլ այն այս դու դուք եմ են ենք ես եք է էի էին էինք էիր էիք էր ըստ թ ի ին իսկ իր կամ համար հետ հետո մենք մեջ մի ն \
         նա նաև նրա նրանք որ որը որոնք որպես ու ում պիտի վրա և ինչ ինչպես ինչու որտեղ երբ ով",
    ),
    (
        Language::Hindi,
        "अपना अपनी अपने अब आदि आप इन इस इसका इसकी इसके इसमें इसी उन उनका उनकी उनके उस उसका उसकी उसके और एक एवं ऐसे कई कब कर \
         करता करते करना करने कहा का कि किया किस की कुछ के को कोई कौन क्या क्यों कितना कितने कैसे कहाँ गया गयी गए चाहिए जब जहाँ जा \
         जाता जाती जाते जैसे जो तक तब तरह तो था थी थे द्वारा न नहीं ने पर भी में मैं यदि यह यहाँ या ये रहा रही रहे लिए वह वहाँ वाला \
         वाले वे सकता सकते सब से हम ही हुआ हुई हुए है हैं हो होता होती होते होना",
    ),
    (
        Language::Persian,
        "آن آنها آیا از است اگر اما او ای این اینها با باید بر برای بود بودند به بی پس تا تر توسط چرا چند چه چون چگونه چیست خود \
         در دارد دارند دیگر را روی شد شده شود ما من می نه نیز نیست هر هم همه همین ها های هستند هست و ولی وی یا یک یکی کجا که کدام \
         کرد کردن کرده کند کنند کی تو شما ایشان",
    ),
    (
        Language::Yiddish,
        "אַ אַן אויב אויף אויס אונדז און אוז אים אין איז איך איר אלע אָבער אָדער בין ביז ביי ביסט געווען דאָס דאָ דו די דעם דער \
         דורך האָב האָבן האָט הייסט וואָס ווי וועט ווען ווער ווייל וואו וועלכע זיי זיין זיך זענען זי זײַן טאָר כאָטש מיט מיר מען \
         נאָך ניט נישט נאָר עס ער פאַר פון צו צי קען קענען שוין",
    ),
];

/// Rows of characters that are function words in Chinese, Japanese and Thai, two characters at least: a single one stands
/// within other words too often. Question words and what goes with them first of all, since questions are full of them.
const ROWS: &str = "\
    怎么办 怎么样 怎么 怎样 如何 什么样 什么 为什么 为何 是什么 有什么 有哪些 哪些 哪个 哪里 哪儿 哪种 多少 几个 是否 能否 可否 有没有 是不是 \
    能不能 可不可以 可以 应该 需要 我们 你们 他们 她们 它们 咱们 自己 这个 那个 这些 那些 这样 那样 这里 那里 这种 那种 一个 一些 一种 一下 \
    以及 或者 还是 而且 但是 不过 因为 所以 如果 虽然 然后 关于 对于 由于 根据 按照 的话 的时候 时候 之间 之后 之前 就是 不是 没有 已经 正在 \
    怎麼辦 怎麼樣 怎麼 怎樣 什麼 為什麼 為何 是什麼 有哪些 哪個 哪裡 幾個 應該 我們 你們 他們 這個 那個 這些 這樣 那樣 這裡 那裡 還是 但是 因為 \
    とは ですか ますか でしょうか とは何ですか とは何 何ですか について どうやって どのように どうして どうすれば どこ どの どれ どんな なぜ いつ \
    ください したい できる できます ました ません ない である です ます という それ これ あれ その この あの から まで より ため こと もの など \
    คืออะไร อะไร อย่างไร ยังไง ทำไม เมื่อไหร่ เมื่อไร เมื่อใด ที่ไหน ใคร เท่าไหร่ เท่าไร กี่ หรือไม่ หรือ และ ของ ที่ ใน เป็น คือ ได้ ให้ จะ ไม่ มี \
    กับ จาก โดย ซึ่ง นี้ นั้น ใด ไหน ว่า แต่ ก็ แล้ว ถูก เพื่อ ต่อ ตาม";

/// Whether a word, in lower case and without accents, is a function word in texts of `language`.
pub fn is_function_word(folded: &str, language: Language) -> bool {
    words_of(language).contains(folded)
}

/// The longest function word that a row of characters begins with, in bytes; 0 where it begins with none.
pub(super) fn row_that_begins(row: &str) -> usize {
    rows().iter().find(|known| row.starts_with(**known)).map_or(0, |known| known.len())
}

/// The longest first.
fn rows() -> &'static [&'static str] {
    static KNOWN: OnceLock<Vec<&'static str>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut rows: Vec<&str> = ROWS.split_whitespace().collect();
        rows.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        rows.dedup();
        rows
    })
}

fn words_of(language: Language) -> &'static HashSet<String> {
    static KNOWN: [OnceLock<HashSet<String>>; Language::ALL.len()] =
        [const { OnceLock::new() }; Language::ALL.len()];
    KNOWN[language as usize].get_or_init(|| {
        let listed = stop_words::lookup(language.code()).unwrap_or_default().iter().copied();
        let added = ADDED.iter().filter(|(of, _)| *of == language);
        let added = added.flat_map(|(_, words)| words.split_whitespace());
        // What stands before and after an apostrophe is cut apart in texts too.
        let pieces = listed.chain(added).flat_map(|word| word.split(['\'', '’']).chain([word]));
        pieces.filter(|piece| !piece.is_empty()).map(folded).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, function: &[&str], content: &[&str]) {
        for word in function {
            assert!(is_function_word(&folded(word), language), "{word}");
        }
        for word in content {
            assert!(!is_function_word(&folded(word), language), "{word}");
        }
    }

    #[test]
    fn a_word_holds_sentences_together_in_its_own_language_alone() {
        check(Language::English, &["The", "what", "would", "don"], &["die", "war", "hat", "bread", "help"]);
        check(Language::German, &["die", "war", "hat", "über", "warum"], &["the", "Brot"]);
        check(Language::French, &["été", "où", "quelle"], &["pain", "the"]);
        check(Language::Russian, &["что", "какой"], &["хлеб"]);
    }

    #[test]
    fn every_language_has_a_list() {
        for (code, language) in Language::ALL {
            assert!(words_of(language).len() >= 40, "{code}: {}", words_of(language).len());
        }
    }

    #[test]
    fn the_longest_row_is_taken() {
        let check = |row, length: &str| assert_eq!(row_that_begins(row), length.len(), "{row}");
        check("怎么办理", "怎么办");
        check("消息队列", "");
        check("とは何ですか", "とは何ですか");
        check("คืออะไร", "คืออะไร");
    }
}
