//! The help text against `help.txt`, and a few lines as people type them.

use clap::CommandFactory;

use super::*;

/// The help of the program and of every command, as `ibid help` prints it on a terminal of 100 columns.
fn all_help() -> String {
    let mut program = Cli::command().term_width(100);
    program.build();
    let mut help = format!("$ ibid --help\n{}", program.render_help());
    for command in program.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        help.push_str(&format!(
            "\n\n$ ibid {} --help\n{}",
            command.get_name().to_owned(),
            command.render_help()
        ));
    }
    // clap leaves spaces at the ends of some lines.
    help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_help_reads_as_in_help_txt() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/cli/help.txt");
    let help = all_help();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &help).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == help, "the help changed; look at it with UPDATE=1 and `git diff`\n{help}");
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn a_question_needs_no_quotes_and_flags_may_follow() {
    let cli = Cli::try_parse_from(["ibid", "search", "how", "wet", "is", "rye", "--limit", "3"]).unwrap();
    let Command::Search(args) = cli.command else { panic!("not a search") };
    assert_eq!((args.question.join(" ").as_str(), args.limit), ("how wet is rye", 3));
}

#[test]
fn filters_may_be_repeated() {
    let line = "ibid search x --tag a --tag b --path c --path d/** --property status=done --after 2024-06";
    let cli = Cli::try_parse_from(line.split(' ')).unwrap();
    let Command::Search(args) = cli.command else { panic!("not a search") };
    assert_eq!((args.tag.len(), args.path.len(), args.property.len()), (2, 2, 1));
    assert_eq!(args.after, Day::read("2024-06-01"));
}

#[test]
fn a_wrong_filter_is_told_with_what_would_be_right() {
    for (flag, typed, right) in [
        ("--after", "lunch", DATE_FORMS),
        ("--before", "06/2024", DATE_FORMS),
        ("--property", "=done", PROPERTY_FORMS),
    ] {
        let said = Cli::try_parse_from(["ibid", "search", "x", flag, typed]).unwrap_err().to_string();
        assert!(said.contains(typed) && said.contains(right), "{said}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        &["ibid", "search"][..],
        &["ibid", "search", "x", "--mode", "fuzzy"],
        &["ibid", "search", "x", "--per-document", "0"],
        &["ibid", "index", "--threads", "0"],
        &["ibid", "verify"],
        &["ibid", "serve", "--listen", "7117"],
        &["ibid", "bench", "--seconds", "nan"],
        &["ibid", "bench", "--only", "latency,speed"],
    ] {
        assert!(Cli::try_parse_from(line).is_err(), "{line:?}");
    }
}

#[test]
fn a_rule_that_denies_is_taken_as_the_help_shows_it() {
    let line = "ibid token create --name y --rule -tag:private --rule path:Projects/** --scope notes:search";
    let cli = Cli::try_parse_from(line.split(' ')).unwrap();
    let Command::Token(TokenArgs { what: TokenCommand::Create(args) }) = cli.command else { panic!() };
    assert_eq!((args.rules(), args.scope.len()), (vec!["-tag:private".into(), "path:Projects/**".into()], 1));
}

#[test]
fn a_question_that_begins_with_a_hyphen_is_taken_as_the_help_shows_it() {
    let cli = Cli::try_parse_from(["ibid", "search", "--", "-tag:recipe bread"]).unwrap();
    let Command::Search(args) = cli.command else { panic!("not a search") };
    assert_eq!(args.question, ["-tag:recipe bread"]);
    assert!(Cli::command().get_subcommands().any(|command| {
        command
            .get_after_help()
            .is_some_and(|help| help.to_string().contains("ibid search -- '-tag:recipe bread'"))
    }));
}

#[test]
fn what_is_no_date_or_address_is_told_with_one_that_is() {
    for (line, right) in [
        (&["audit", "--since", "yesterday"][..], "2026-11-21T08:30"),
        (&["audit", "--since", "2026-13-45"], "2026-11-21T08:30"),
        (&["serve", "--listen", "7118"], "127.0.0.1:7118"),
        (&["serve", "--listen", "localhost:7119"], "127.0.0.1:7119"),
        (&["connect", "cursor", "--url", "nonsense"], "https://notes.example.org"),
        (&["connect", "cursor", "--url", "ftp://notes.example.org"], "https://notes.example.org"),
        (&["connect", "cursor", "--url", "notes.example.org"], "https://notes.example.org"),
    ] {
        let said = Cli::try_parse_from([&["ibid"], line].concat()).unwrap_err().to_string();
        assert!(said.contains(line[line.len() - 1]) && said.contains(right), "{said}");
    }
}

#[test]
fn only_what_is_about_web_pages_stands_below_their_heading() {
    let mut program = Cli::command();
    program.build();
    let index = program.find_subcommand("index").unwrap();
    let below = |heading| {
        let flags = index.get_arguments().filter(move |flag| flag.get_help_heading() == heading);
        flags.map(|flag| flag.get_id().as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        below(Some("Web pages")),
        ["urls", "allow_domain", "max_pages", "depth", "delay", "allow_private"]
    );
    assert!(below(None).contains(&"rebuild"));
}
