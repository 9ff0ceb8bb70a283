//! Who asks, as far as answers depend on it: a grant, whether the question comes from elsewhere, and what is kept from
//! whoever does that. Who somebody is, and how that was proved, is told here by others.

use std::sync::Arc;

use ibid_core::grant::{Grant, Rule, RuleForm, What};
use ibid_core::id::CollectionName;
use ibid_core::private::Private;

use crate::mcp::is_tool;

/// A caller, as every road of the library takes one. Cheap to clone; left in a request's extensions by whoever knows the
/// caller. A request without one is answered as the owner's at the machine.
///
/// What a viewer may not see does not exist for them: it is in no answer, no count, no score and no list, and what is
/// asked of it by name is refused as something that is not there.
#[derive(Debug, Clone)]
pub struct Viewer {
    grant: Arc<Grant>,
    sight: Option<Arc<Sight>>,
    only: Option<CollectionName>,
    is_remote: bool,
}

/// What of a collection's documents a viewer sees; equal for those who see the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Sight {
    pub(crate) grant: Grant,
    /// Names of properties that keep a note back unless they clearly say no.
    pub(crate) marks: Vec<String>,
    pub(crate) keeps_unreadable: bool,
    pub(crate) tells_of_unread: bool,
}

/// A rule names a tool that there is not. Left unsaid, a rule that denies would deny nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rule {rule} names no tool of this server")]
pub struct UnknownTool {
    /// The rule.
    rule: String,
}

impl Viewer {
    /// The owner at the machine: sees and uses everything.
    pub fn owner() -> Viewer {
        Viewer { grant: Arc::default(), sight: None, only: None, is_remote: false }
    }

    /// Somebody at the machine who has this grant. Private notes are kept back by rules alone.
    pub fn local(grant: Grant) -> Result<Viewer, UnknownTool> {
        Viewer::made(grant, None)
    }

    /// Somebody who asks from elsewhere and has this grant.
    pub fn remote(grant: Grant, private: &Private) -> Result<Viewer, UnknownTool> {
        Viewer::made(grant, Some(private))
    }

    /// The owner, asking from elsewhere: sees everything but private notes.
    pub fn owner_elsewhere(private: &Private) -> Viewer {
        Viewer::unchecked(Grant::everything(), Some(private))
    }

    fn made(grant: Grant, private: Option<&Private>) -> Result<Viewer, UnknownTool> {
        for rule in grant.rules() {
            if let What::Tool(name) = &rule.what
                && !is_tool(name)
            {
                return Err(UnknownTool { rule: rule.to_string() });
            }
        }
        Ok(Viewer::unchecked(grant, private))
    }

    fn unchecked(grant: Grant, private: Option<&Private>) -> Viewer {
        let sight = Sight::of(&grant, private).map(Arc::new);
        Viewer { sight, grant: Arc::new(grant), only: None, is_remote: private.is_some() }
    }

    /// As this one, with one collection at most.
    pub fn only(&self, collection: &CollectionName) -> Viewer {
        let nothing_else = self.only.as_ref().is_none_or(|only| only == collection);
        let grant = match nothing_else {
            true => Arc::clone(&self.grant),
            // Two collections at once are none.
            false => Arc::new(self.grant.and([Rule::deny(What::Collection(collection.clone()))])),
        };
        Viewer { grant, only: Some(collection.clone()), ..self.clone() }
    }

    /// Whether the questions come from another machine, or through something that may pass them on from there.
    pub fn is_remote(&self) -> bool {
        self.is_remote
    }

    pub(crate) fn may_use(&self, tool: &str) -> bool {
        self.grant.allows_tool(tool)
    }

    /// Whether a collection may be seen, if there is anything in it that may.
    pub(crate) fn may_see(&self, collection: &CollectionName) -> bool {
        self.only.as_ref().is_none_or(|only| only == collection) && self.grant.shows_collection(collection)
    }

    /// What of a collection's documents is seen; `None` where all are.
    pub(crate) fn sight(&self) -> Option<&Arc<Sight>> {
        self.sight.as_ref()
    }
}

impl Sight {
    fn of(grant: &Grant, private: Option<&Private>) -> Option<Sight> {
        let private = private.cloned().unwrap_or_else(Private::nothing);
        let keeps_unreadable = !private.is_nothing();
        let granted: Vec<Rule> = grant.about_documents().cloned().collect();
        // The owner elsewhere is told how far indexing is; of whom less is shown, files not read yet may be any.
        let tells_of_unread = granted.is_empty();
        let rules = Grant::of(granted.into_iter().chain(private.rules().iter().cloned()));
        debug_assert!(rules.rules().iter().all(|rule| rule.form() != RuleForm::Tool));
        let is_narrow = !rules.is_everything() || keeps_unreadable;
        let mut marks = private.marks().to_vec();
        marks.sort();
        marks.dedup();
        is_narrow.then_some(Sight { grant: rules, marks, keeps_unreadable, tells_of_unread })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(rules: &[&str]) -> Viewer {
        Viewer::remote(Grant::parse(rules).unwrap(), &Private::default()).unwrap()
    }

    fn check(viewer: &Viewer, seen: &[&str]) {
        let names = ["attic", "home", "work"].map(|name| name.parse::<CollectionName>().unwrap());
        let may: Vec<&str> =
            names.iter().filter(|name| viewer.may_see(name)).map(CollectionName::as_str).collect();
        assert_eq!(may, seen);
    }

    #[test]
    fn only_never_adds_a_collection() {
        let [attic, work] = ["attic", "work"].map(|name| name.parse::<CollectionName>().unwrap());
        check(&viewer(&[]), &["attic", "home", "work"]);
        check(&viewer(&[]).only(&work), &["work"]);
        check(&viewer(&["collection:home"]).only(&work), &[]);
        check(&viewer(&["collection:home", "collection:work"]).only(&work), &["work"]);
        check(&viewer(&[]).only(&work).only(&work), &["work"]);
        check(&viewer(&[]).only(&work).only(&attic), &[]);
        check(&viewer(&["-collection:work"]), &["attic", "home"]);
    }

    #[test]
    fn a_rule_about_no_tool_is_no_grant() {
        assert!(Viewer::remote(Grant::parse(["-tool:serach"]).unwrap(), &Private::default()).is_err());
        let viewer = viewer(&["tool:search"]);
        assert!(viewer.may_use("search") && !viewer.may_use("fetch") && Viewer::owner().may_use("fetch"));
    }

    #[test]
    fn private_notes_are_kept_from_elsewhere_alone() {
        assert!(Viewer::owner().sight().is_none());
        assert!(Viewer::local(Grant::everything()).unwrap().sight().is_none());
        let owner_elsewhere = viewer(&[]);
        let sight = owner_elsewhere.sight().unwrap();
        assert!(sight.keeps_unreadable && sight.tells_of_unread && owner_elsewhere.is_remote());
        assert!(!viewer(&["path:Work"]).sight().unwrap().tells_of_unread);
        assert_eq!(sight.marks, ["private"]);
        let nothing_private = Viewer::remote(Grant::everything(), &Private::nothing()).unwrap();
        assert!(nothing_private.sight().is_none());
    }
}
