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
    assert_eq!(args.after, day_of("2024-06-01"));
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
