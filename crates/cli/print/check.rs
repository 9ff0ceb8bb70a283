//! What a check found, for people.

use std::io::{self, Write};

use ibid_core::amount::{bytes, grouped, many};
use ibid_core::id::CollectionName;
use ibid_index::check::{Checked, Finding};

use crate::command::check::{Results, is_whole};
use crate::failure::Failure;
use crate::output::{self, ADVICE, BAD, STRONG};
use crate::text::safe_line;

/// How many findings of a collection are shown; `--json` has them all.
const MAX_FINDINGS_SHOWN: usize = 20;

/// Prints every collection with what was found in it.
pub(crate) fn collections(results: &Results) -> Result<(), Failure> {
    let mut out = output::out();
    for (name, result) in results {
        match result {
            Ok(checked) => collection(&mut out, name, checked)?,
            Err(Failure::NothingCommitted { .. }) => {
                writeln!(out, "{STRONG}{name}{STRONG:#}: nothing yet, it has no first commit")?;
            }
            Err(failure) => {
                writeln!(out, "{STRONG}{name}{STRONG:#}: {BAD}cannot be checked{BAD:#}")?;
                out.flush()?;
                failure.print();
            }
        }
    }
    Ok(out.flush()?)
}

fn collection(out: &mut impl Write, name: &CollectionName, checked: &Checked) -> io::Result<()> {
    let is_whole = is_whole(checked);
    match is_whole {
        true => writeln!(out, "{STRONG}{name}{STRONG:#}: whole")?,
        false => writeln!(out, "{STRONG}{name}{STRONG:#}: {BAD}damaged{BAD:#}")?,
    }
    let mut line = |label: &str, words: &str| writeln!(out, "  {label:<9}  {}", safe_line(words));
    let files = many(checked.files, "file");
    line("files", &format!("{files} as written, {}", bytes(checked.bytes)))?;
    match checked.documents {
        0 if !is_whole => line("documents", "not looked at")?,
        documents => line(
            "documents",
            &format!("{}, put together from {}", grouped(documents), many(checked.chunks, "chunk")),
        )?,
    }
    match checked.chunks_with_vector {
        Some(chunks) => {
            let rest =
                if is_whole && chunks < checked.chunks { ": the next run embeds the rest" } else { "" };
            line("vectors", &format!("of {} of {}{rest}", grouped(chunks), many(checked.chunks, "chunk")))?
        }
        None if is_whole => line("vectors", "none: searched by words alone")?,
        None => {}
    }
    if checked.left_overs > 0 {
        let left = many(checked.left_overs, "file");
        line(
            "left over",
            &format!("{left} of a run under way, or of one that broke off: the next run sweeps"),
        )?;
    }
    for finding in checked.findings.iter().take(MAX_FINDINGS_SHOWN) {
        let label = if matches!(finding, Finding::Stranger { .. }) { "strange" } else { "damaged" };
        line(label, &finding.to_string())?;
    }
    if checked.findings.len() > MAX_FINDINGS_SHOWN {
        let rest = checked.findings.len() - MAX_FINDINGS_SHOWN;
        line("", &format!("and {} more", grouped(rest as u64)))?;
    }
    if !is_whole {
        writeln!(
            out,
            "{ADVICE}hint:{ADVICE:#} `ibid index --name {name} --rebuild` makes it anew from the notes"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(findings: Vec<Finding>, left_overs: u64, shown: &str) {
        check_with(9_000, findings, left_overs, shown);
    }

    #[track_caller]
    fn check_with(vectors: u64, findings: Vec<Finding>, left_overs: u64, shown: &str) {
        let checked = Checked {
            generation: Some(3),
            files: 14,
            bytes: 3_200_000,
            documents: 1_203,
            chunks: 9_000,
            chunks_with_vector: Some(vectors),
            left_overs,
            findings,
        };
        let mut out = Vec::new();
        collection(&mut out, &"garden".parse().unwrap(), &checked).unwrap();
        assert_eq!(String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap(), shown);
    }

    const COUNTS: &str = "  \
  files      14 files as written, 3.2 MB
  documents  1,203, put together from 9,000 chunks
  vectors    of 9,000 of 9,000 chunks
";

    #[test]
    fn a_whole_collection_is_three_lines() {
        check(vec![], 0, &format!("garden: whole\n{COUNTS}"));
        let stranger = Finding::Stranger { file: "note\u{7}.txt".into() };
        let strange = "  strange    note␇.txt: it is none of ibid's\n";
        check(vec![stranger], 0, &format!("garden: whole\n{COUNTS}{strange}"));
    }

    #[test]
    fn one_that_is_still_being_embedded_is_whole() {
        let counts = COUNTS
            .replace("of 9,000 of 9,000 chunks", "of 512 of 9,000 chunks: the next run embeds the rest");
        check_with(512, vec![], 0, &format!("garden: whole\n{counts}"));
    }

    #[test]
    fn a_damaged_one_names_what_is_damaged_and_says_what_to_do() {
        let file = |at: usize| Finding::File { file: format!("vectors/{at}.vec"), reason: "torn".into() };
        let hint = "hint: `ibid index --name garden --rebuild` makes it anew from the notes\n";
        let left = "  left over  2 files of a run under way, or of one that broke off: the next run sweeps\n";
        let damaged = "  damaged    vectors/0.vec: torn\n";
        check(vec![file(0)], 2, &format!("garden: damaged\n{COUNTS}{left}{damaged}{hint}"));
        let twenty: String = (0..20).map(|at| format!("  damaged    vectors/{at}.vec: torn\n")).collect();
        let more = format!("  {:<9}  and 2 more\n", "");
        check((0..22).map(file).collect(), 0, &format!("garden: damaged\n{COUNTS}{twenty}{more}{hint}"));
    }
}
