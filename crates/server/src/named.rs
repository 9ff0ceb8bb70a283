//! How many notes each rule of a grant names at this moment, so that a person sees whether a rule means what they meant.
//! What a rule shows or hides is decided elsewhere, by every generation anew.

use std::fmt;
use std::sync::Arc;

use ibid_core::grant::{Grant, Rule, RuleForm, What};
use ibid_core::mark::says_yes;
use ibid_index::ReadError;
use ibid_index::snapshot::Snapshot;

/// A rule and how many notes it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The rule.
    pub rule: Rule,
    /// How many notes it names, of all collections that its grant shows.
    pub notes: u64,
    is_there: bool,
}

impl Named {
    /// Whether it names nothing, and is to hide something.
    pub fn hides_nothing(&self) -> bool {
        self.rule.deny && !self.is_there
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { rule, notes, .. } = self;
        match notes {
            0 => write!(f, "{rule} names no note now"),
            1 => write!(f, "{rule} names 1 note now"),
            _ => write!(f, "{rule} names {notes} notes now"),
        }
    }
}

/// The same for what is [private](ibid_core::private::Private::of), where a property that is to be a yes names more than its value.
pub fn count_private(named: &[What], snapshots: &[Arc<Snapshot>]) -> Result<Vec<Named>, ReadError> {
    let mut counted = count_named(&Grant::of(named.iter().cloned().map(Rule::deny)), snapshots)?;
    for named in &mut counted {
        if let What::Property(name, value) = &named.rule.what
            && says_yes(value)
        {
            let marked = snapshots.iter().map(|snapshot| snapshot.count_marked(name));
            named.notes = marked.sum::<Result<u64, ReadError>>()?;
            named.is_there = named.notes > 0;
        }
    }
    Ok(counted)
}

/// Every rule of a grant that names notes, in the grant's order, over snapshots that are not narrowed. Rules about tools
/// are not among them.
///
/// Costs what [`Snapshot::count_named`] does for each rule and snapshot.
pub fn count_named(grant: &Grant, snapshots: &[Arc<Snapshot>]) -> Result<Vec<Named>, ReadError> {
    let about_notes = grant.rules().iter().filter(|rule| rule.form() != RuleForm::Tool);
    let named = about_notes.map(|rule| {
        let (mut notes, mut is_there) = (0, false);
        for snapshot in snapshots {
            notes += match &rule.what {
                What::Collection(name) => {
                    is_there |= name == snapshot.name();
                    snapshot.count_named(rule)?
                }
                _ if grant.shows_collection(snapshot.name()) => snapshot.count_named(rule)?,
                _ => 0,
            };
        }
        Ok(Named { rule: rule.clone(), notes, is_there: is_there || notes > 0 })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::viewer::Viewer;

    #[test]
    fn rules_are_counted_in_the_collections_that_are_shown() {
        let garden = testing::garden();
        let snapshots = garden.library.snapshots(&Viewer::owner()).unwrap();
        for (rules, expected) in [
            (&["-path:bread"][..], &[("-path:bread names 2 notes now", false)][..]),
            (&["path:bread"], &[("path:bread names no note now", false)]),
            (&["path:Long.txt"], &[("path:Long.txt names 1 note now", false)]),
            (&["-path:[Bread]"], &[("-path:[Bread] names no note now", true)]),
            (
                &["-tag:none", "-property:a=b"],
                &[("-tag:none names no note now", true), ("-property:a=b names no note now", true)],
            ),
            (&["collection:garden", "tool:search"], &[("collection:garden names 4 notes now", false)]),
            (&["-collection:garden"], &[("-collection:garden names 4 notes now", false)]),
            (&["-collection:gadren"], &[("-collection:gadren names no note now", true)]),
            (
                &["collection:other", "-path:Bread"],
                &[("collection:other names no note now", false), ("-path:Bread names no note now", true)],
            ),
        ] {
            let named = count_named(&Grant::parse(rules).unwrap(), &snapshots).unwrap();
            let mut said: Vec<_> =
                named.iter().map(|named| (named.to_string(), named.hides_nothing())).collect();
            let mut expected: Vec<_> =
                expected.iter().map(|(text, nothing)| ((*text).to_owned(), *nothing)).collect();
            said.sort();
            expected.sort();
            assert_eq!(said, expected, "{rules:?}");
        }
    }
}
