//! The words that periods are said with, in English, German and Chinese. What they mean together is not decided here.

/// What a word, a number or a row of characters says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Says nothing of the time: "in", "the".
    Filler,
    /// From then on: "since".
    Since,
    /// "ago", "vor", "前".
    Ago,
    /// Up to today: "past", "最近".
    Past,
    /// "last" is -1, "this" 0, "next" 1.
    Turn(i32),
    Unit(Unit),
    /// Such a unit so many after the current one: "yesterday".
    Turned(Unit, i32),
    /// 1 for Monday. "Last Monday" is the last before today.
    Weekday(i8),
    /// The same, but "上周一" is that day of last week.
    DayOfWeek(i8),
    Weekend,
    /// A month, and a day in it.
    Date(i8, Option<i8>),
    /// "月": a month as a unit, or after a number the month of that number.
    MonthMark,
    Number(i32),
    Year(i16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// Every sign but written numbers, with its words in lower case. A space in a word is whatever [`is_between`].
const WORDS: &[(Sign, &[&str])] = &[
    (Sign::Filler, &["in", "on", "at", "the", "of", "during", "within", "over", "from"]),
    (Sign::Filler, &["im", "am", "der", "die", "das", "dem", "den", "des", "vom", "von", "während"]),
    (Sign::Filler, &["的", "在", "份", "那天", "里", "裡", "期间", "期間"]),
    (Sign::Since, &["since", "seit", "ab", "从", "從", "自", "自从", "自從", "以来", "以來", "起", "开始"]),
    (Sign::Ago, &["ago", "vor", "前", "以前", "之前"]),
    (Sign::Past, &["past", "最近", "过去", "過去", "近"]),
    (
        Sign::Turn(-2),
        &["vorletzte", "vorletzten", "vorletzter", "vorletztes", "vorletztem", "上上", "上上个", "上上個"],
    ),
    (Sign::Turn(-1), &["last", "previous", "letzte", "letzten", "letzter", "letztes", "letztem"]),
    (Sign::Turn(-1), &["vergangene", "vergangenen", "vergangener", "vergangenes", "vergangenem"]),
    (Sign::Turn(-1), &["vorige", "vorigen", "voriger", "voriges", "vorigem", "上", "上个", "上個"]),
    (Sign::Turn(0), &["this", "current", "diese", "diesen", "dieser", "dieses", "diesem"]),
    (Sign::Turn(0), &["这", "這", "这个", "這個", "本"]),
    (
        Sign::Turn(1),
        &["next", "nächste", "nächsten", "nächster", "nächstes", "nächstem", "下", "下个", "下個"],
    ),
    (Sign::Unit(Unit::Day), &["day", "days", "tag", "tage", "tagen", "天", "日", "号", "號"]),
    (Sign::Unit(Unit::Week), &["week", "weeks", "woche", "wochen", "周", "週", "星期", "礼拜", "禮拜"]),
    (Sign::Unit(Unit::Week), &["个星期", "個星期", "个礼拜", "個禮拜"]),
    (Sign::Unit(Unit::Month), &["month", "months", "monat", "monats", "monate", "monaten", "个月", "個月"]),
    (Sign::Unit(Unit::Year), &["year", "years", "jahr", "jahre", "jahren", "jahres", "年"]),
    (Sign::MonthMark, &["月"]),
    (Sign::Turned(Unit::Day, -3), &["大前天"]),
    (Sign::Turned(Unit::Day, -2), &["day before yesterday", "vorgestern", "前天", "前日"]),
    (Sign::Turned(Unit::Day, -1), &["yesterday", "gestern", "昨天", "昨日"]),
    (Sign::Turned(Unit::Day, 0), &["today", "heute", "今天", "今日"]),
    (Sign::Turned(Unit::Day, 1), &["tomorrow", "morgen", "明天", "明日"]),
    (Sign::Turned(Unit::Day, 2), &["day after tomorrow", "übermorgen", "后天", "後天"]),
    (Sign::Turned(Unit::Week, -2), &["week before last"]),
    (Sign::Turned(Unit::Month, -2), &["month before last"]),
    (Sign::Turned(Unit::Year, -2), &["year before last", "前年"]),
    (Sign::Turned(Unit::Year, -1), &["去年"]),
    (Sign::Turned(Unit::Year, 0), &["今年"]),
    (Sign::Turned(Unit::Year, 1), &["明年"]),
    (Sign::Weekday(1), &["monday", "montag"]),
    (Sign::Weekday(2), &["tuesday", "dienstag"]),
    (Sign::Weekday(3), &["wednesday", "mittwoch"]),
    (Sign::Weekday(4), &["thursday", "donnerstag"]),
    (Sign::Weekday(5), &["friday", "freitag"]),
    (Sign::Weekday(6), &["saturday", "samstag", "sonnabend"]),
    (Sign::Weekday(7), &["sunday", "sonntag"]),
    (Sign::DayOfWeek(1), &["周一", "週一", "星期一", "礼拜一", "禮拜一"]),
    (Sign::DayOfWeek(2), &["周二", "週二", "星期二", "礼拜二", "禮拜二"]),
    (Sign::DayOfWeek(3), &["周三", "週三", "星期三", "礼拜三", "禮拜三"]),
    (Sign::DayOfWeek(4), &["周四", "週四", "星期四", "礼拜四", "禮拜四"]),
    (Sign::DayOfWeek(5), &["周五", "週五", "星期五", "礼拜五", "禮拜五"]),
    (Sign::DayOfWeek(6), &["周六", "週六", "星期六", "礼拜六", "禮拜六"]),
    (Sign::DayOfWeek(7), &["周日", "週日", "星期日", "星期天", "礼拜天", "禮拜天"]),
    (Sign::Weekend, &["weekend", "wochenende", "周末", "週末"]),
    (Sign::Date(1, None), &["january", "jan", "januar", "jänner"]),
    (Sign::Date(2, None), &["february", "feb", "februar"]),
    (Sign::Date(3, None), &["march", "mar", "märz", "maerz", "mär"]),
    (Sign::Date(4, None), &["april", "apr"]),
    (Sign::Date(5, None), &["may", "mai"]),
    (Sign::Date(6, None), &["june", "jun", "juni"]),
    (Sign::Date(7, None), &["july", "jul", "juli"]),
    (Sign::Date(8, None), &["august", "aug"]),
    (Sign::Date(9, None), &["september", "sep", "sept"]),
    (Sign::Date(10, None), &["october", "oct", "oktober", "okt"]),
    (Sign::Date(11, None), &["november", "nov"]),
    (Sign::Date(12, None), &["december", "dec", "dezember", "dez"]),
    (Sign::Number(1), &["a", "an", "one", "ein", "eine", "einem", "einen", "einer", "一"]),
    (Sign::Number(2), &["two", "zwei", "二", "两", "兩"]),
    (Sign::Number(3), &["three", "drei", "三"]),
    (Sign::Number(4), &["four", "vier", "四"]),
    (Sign::Number(5), &["five", "fünf", "五"]),
    (Sign::Number(6), &["six", "sechs", "六"]),
    (Sign::Number(7), &["seven", "sieben", "七"]),
    (Sign::Number(8), &["eight", "acht", "八"]),
    (Sign::Number(9), &["nine", "neun", "九"]),
    (Sign::Number(10), &["ten", "zehn", "十"]),
    (Sign::Number(11), &["eleven", "elf", "十一"]),
    (Sign::Number(12), &["twelve", "zwölf", "十二"]),
];

/// Numbers from here on are years.
const FIRST_YEAR: i16 = 1000;

/// Whether a character stands between words: white space, and what is typed in its place.
pub(super) fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '_' | ',' | '.')
}

/// Whether a character is of the script in which words stand together.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Whether a word begins at a byte of a text.
pub(super) fn starts_word(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let here = text[at..].chars().next();
    here.is_some_and(|c| c.is_alphanumeric())
        && (here.is_some_and(is_han) || before.is_none_or(|c| !c.is_alphanumeric() || is_han(c)))
}

/// The longest sign that a text begins with, and its length in bytes.
pub(super) fn sign_at(text: &str) -> Option<(Sign, usize)> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return number_at(text);
    }
    let known = WORDS.iter().flat_map(|(sign, words)| words.iter().map(move |word| (*sign, *word)));
    let found = known.filter_map(|(sign, word)| Some((sign, length_of(word, text)?)));
    found.max_by_key(|&(_, length)| length)
}

/// How long `word` is at the beginning of `text`, in any case; `None` where it does not stand there whole.
fn length_of(word: &str, text: &str) -> Option<usize> {
    let mut rest = text;
    for wanted in word.chars() {
        let next = rest.chars().next()?;
        if wanted == ' ' && is_between(next) {
            rest = rest.trim_start_matches(is_between);
        } else if next.to_lowercase().eq([wanted]) {
            rest = &rest[next.len_utf8()..];
        } else {
            return None;
        }
    }
    let is_whole = word.starts_with(is_han) || ends_word(rest);
    is_whole.then_some(text.len() - rest.len())
}

fn ends_word(rest: &str) -> bool {
    rest.chars().next().is_none_or(|c| !c.is_alphanumeric() || is_han(c))
}

/// At most four digits, or an English ordinal.
fn number_at(text: &str) -> Option<(Sign, usize)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i16 = text[..digits].parse().ok().filter(|_| digits <= 4)?;
    let rest = &text[digits..];
    let ordinal = ["st", "nd", "rd", "th"].into_iter().find(|ending| rest.starts_with(ending));
    let length = digits + ordinal.map_or(0, str::len);
    let sign = if number >= FIRST_YEAR { Sign::Year(number) } else { Sign::Number(number.into()) };
    ends_word(&text[length..]).then_some((sign, length))
}
