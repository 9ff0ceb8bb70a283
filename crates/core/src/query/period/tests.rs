//! What people say, on a Monday: 2026-11-30.

use proptest::prelude::*;

use super::*;

const TODAY: &str = "2026-11-30";

/// `days` are the first and the last one.
fn check_on(today: &str, said: &str, days: Option<(&str, &str)>) {
    let date = |text: &str| text.parse::<Date>().unwrap();
    let read = Period::read(said).and_then(|period| period.days(date(today)));
    let expected = days.map(|(first, last)| date(first)..date(last).tomorrow().unwrap());
    assert_eq!(read, expected, "{said} on {today}");
}

fn check(said: &[&str], first: &str, last: &str) {
    said.iter().for_each(|said| check_on(TODAY, said, Some((first, last))));
}

#[test]
fn days_are_told_from_today() {
    check(&["today", "heute", "今天", "TODAY"], "2026-11-30", "2026-11-30");
    check(&["yesterday", "gestern", "昨天", "昨日", "since yesterday"], "2026-11-29", "2026-11-29");
    check(&["the day before yesterday", "vorgestern", "前天"], "2026-11-28", "2026-11-28");
    check(
        &["3 days ago", "three-days-ago", "vor 3 Tagen", "vor drei Tagen", "3天前", "三天前"],
        "2026-11-27",
        "2026-11-27",
    );
    check(&["tomorrow", "morgen", "明天"], "2026-12-01", "2026-12-01");
}

#[test]
fn weeks_begin_on_monday() {
    check(
        &["this week", "diese Woche", "in dieser Woche", "这周", "本周", "这个星期"],
        "2026-11-30",
        "2026-12-06",
    );
    let last = [
        "last week",
        "last-week",
        "Last_Week",
        "in the last week",
        "letzte Woche",
        "letzte-woche",
        "in der vergangenen Woche",
        "vorige Woche",
        "上周",
        "上週",
        "上个星期",
        "上星期",
        "上礼拜",
        "a week ago",
        "vor einer Woche",
        "一周前",
    ];
    check(&last, "2026-11-23", "2026-11-29");
    check(
        &[
            "two weeks ago",
            "vor zwei Wochen",
            "两周前",
            "两个星期前",
            "week before last",
            "vorletzte Woche",
            "上上周",
        ],
        "2026-11-16",
        "2026-11-22",
    );
    for (today, first, last) in
        [("2026-11-29", "2026-11-16", "2026-11-22"), ("2026-11-24", "2026-11-16", "2026-11-22")]
    {
        check_on(today, "last week", Some((first, last)));
    }
}

#[test]
fn a_weekday_is_the_last_one_that_has_begun() {
    check(
        &[
            "monday",
            "since Monday",
            "since-monday",
            "am Montag",
            "seit Montag",
            "周一",
            "星期一",
            "从周一",
            "从周一开始",
        ],
        "2026-11-30",
        "2026-11-30",
    );
    check(&["Sunday", "on sunday", "Sonntag", "周日", "星期天"], "2026-11-29", "2026-11-29");
    check(
        &[
            "last monday",
            "letzten Montag",
            "monday last week",
            "Montag letzter Woche",
            "上周一",
            "上个星期一",
        ],
        "2026-11-23",
        "2026-11-23",
    );
    check(&["上周日"], "2026-11-29", "2026-11-29");
    check(&["this friday", "diesen Freitag", "这周五"], "2026-12-04", "2026-12-04");
    check(&["next monday", "nächsten Montag", "下周一"], "2026-12-07", "2026-12-07");
    check(
        &[
            "weekend",
            "at the weekend",
            "last weekend",
            "letztes Wochenende",
            "am Wochenende",
            "周末",
            "上周末",
        ],
        "2026-11-28",
        "2026-11-29",
    );
    check_on("2026-11-28", "weekend", Some(("2026-11-28", "2026-11-29")));
    check_on("2026-11-28", "last weekend", Some(("2026-11-21", "2026-11-22")));
}

#[test]
fn a_month_is_the_last_one_that_has_begun() {
    check(
        &["in March", "march", "mar", "im März", "seit März", "3月", "三月", "三月份", "last march"],
        "2026-03-01",
        "2026-03-31",
    );
    check(
        &["november", "im November", "十一月", "this month", "diesen Monat", "本月", "这个月"],
        "2026-11-01",
        "2026-11-30",
    );
    check(
        &[
            "december",
            "last december",
            "im Dezember",
            "12月",
            "december last year",
            "去年十二月",
            "2025年12月",
        ],
        "2025-12-01",
        "2025-12-31",
    );
    check(&["last november", "november 2025", "letzten November"], "2025-11-01", "2025-11-30");
    check(&["next december"], "2026-12-01", "2026-12-31");
    check(
        &["last month", "letzten Monat", "im letzten Monat", "上个月", "上月", "a month ago", "一个月前"],
        "2026-10-01",
        "2026-10-31",
    );
    check_on("2026-12-01", "december", Some(("2026-12-01", "2026-12-31")));
}

#[test]
fn years_and_single_days_of_months_are_understood() {
    check(&["this year", "dieses Jahr", "今年"], "2026-01-01", "2026-12-31");
    check(
        &["last year", "letztes Jahr", "im letzten Jahr", "去年", "in 2025", "2025年"],
        "2025-01-01",
        "2025-12-31",
    );
    check(&["前年", "two years ago", "vor zwei Jahren", "两年前"], "2024-01-01", "2024-12-31");
    check(
        &["march 3", "3 march", "on the 3rd of March", "3. März", "am 3. März", "3月3日", "三月三号"],
        "2026-03-03",
        "2026-03-03",
    );
    check(&["december 24", "24. Dezember"], "2025-12-24", "2025-12-24");
    check(&["3 march 2020", "march 3rd, 2020", "2020年3月3日"], "2020-03-03", "2020-03-03");
    check(&["29 february"], "2024-02-29", "2024-02-29");
}

#[test]
fn so_many_days_end_with_today() {
    check(
        &[
            "last 7 days",
            "past 7 days",
            "past week",
            "in den letzten 7 Tagen",
            "最近7天",
            "过去七天",
            "最近一周",
        ],
        "2026-11-24",
        "2026-11-30",
    );
    check(&["past month", "最近一个月"], "2026-11-01", "2026-11-30");
}

#[test]
fn what_is_no_period_is_none() {
    for said in [
        "",
        "-",
        "lunch",
        "all",
        "last",
        "week",
        "last lunch",
        "last week lunch",
        "lunch last week",
        "30 february",
        "29 february 2023",
        "13月",
        "周九",
        "三个月",
        "99999 days ago",
        "the",
        "since",
        "ago",
        "marching",
        "mondays",
        "2026-11",
        "weekly",
        "上",
        "x上周",
    ] {
        check_on(TODAY, said, None);
    }
}

#[test]
fn a_day_that_the_calendar_lacks_is_none() {
    check_on("2024-02-29", "29 february last year", None);
    check_on("-009999-01-01", "yesterday", None);
    check_on("9999-12-31", "today", None);
}

#[test]
fn a_period_ends_before_words_that_are_none() {
    for (text, begins) in [
        ("last week rye", Some("last week")),
        ("last week two loaves", Some("last week")),
        ("last week in the kitchen", Some("last week")),
        ("3 days ago", Some("3 days ago")),
        ("last", None),
        ("rye last week", None),
        ("last weekly", None),
        ("上周面包", None),
    ] {
        let found = Period::begins(text).map(|(period, length)| (period.said().to_owned(), length));
        assert_eq!(found, begins.map(|said| (said.to_owned(), said.len())), "{text}");
    }
}

fn check_found(text: &str, said: Option<&str>) {
    assert_eq!(Period::found_in(text).as_ref().map(Period::said), said, "{text}");
}

#[test]
fn a_period_is_found_among_other_words() {
    for (text, said) in [
        ("what did I write last week about rye", "last week"),
        ("What did I write about rye Last Week?", "Last Week"),
        ("notes in March about salt", "March"),
        ("my notes since Monday", "since Monday"),
        ("my notes from the last 3 days", "last 3 days"),
        ("what did I write 3 days ago", "3 days ago"),
        ("was habe ich letzte Woche über Roggen geschrieben", "letzte Woche"),
        ("was schrieb ich im März 2024 dazu", "März 2024"),
        ("我上周写了什么", "上周"),
        ("上个月关于面包的笔记", "上个月"),
        ("3月的笔记", "3月"),
        ("二月写的", "二月"),
        ("what did I write in 2024", "2024"),
    ] {
        check_found(text, Some(said));
    }
    for text in [
        "march on rome",
        "what may I do",
        "monday blues",
        "the last word",
        "last weekly",
        "a 2024 b",
        "2024 in review",
    ] {
        check_found(text, None);
    }
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in "\\PC{0,40}", day in 0_i32..3_000_000) {
        let today = Date::new(-4000, 1, 1).unwrap().checked_add(day.days()).unwrap();
        for period in [Period::read(&text), Period::found_in(&text)].into_iter().flatten() {
            prop_assert!(text.contains(period.said()));
            prop_assert!(period.days(today).is_none_or(|days| days.start < days.end));
        }
    }

    #[test]
    fn any_signs_are_read_or_refused(picks in proptest::collection::vec(0..SAMPLES.len(), 0..7)) {
        let text = picks.iter().map(|&at| SAMPLES[at]).collect::<Vec<_>>().join(" ");
        let today: Date = TODAY.parse().unwrap();
        for period in [Period::read(&text), Period::found_in(&text)].into_iter().flatten() {
            prop_assert!(period.days(today).is_none_or(|days| days.start < days.end));
        }
    }
}

const SAMPLES: [&str; 24] = [
    "in",
    "since",
    "ago",
    "past",
    "last",
    "next",
    "day",
    "week",
    "月",
    "年",
    "yesterday",
    "monday",
    "周末",
    "march",
    "9999",
    "999",
    "0",
    "31",
    "上上",
    "上周",
    "一",
    "十二",
    "week before last",
    "去年",
];
