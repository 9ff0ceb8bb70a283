//! What the rules of a server name when it starts: the settings', and those of everybody who is let in. A rule that hides
//! nothing is warned of, since it may be meant otherwise than it is written.

use ibid_core::grant::{Grant, What};
use ibid_server::{AccessConfig, Library, Named, Viewer, count_named, count_private};

use crate::config::Serving;
use crate::environment;
use crate::failure::Failure;

/// All rules that a server goes by.
pub(super) struct Ruled {
    private: Vec<What>,
    /// With whose they are.
    grants: Vec<(String, Grant)>,
}

/// What the settings and the data folder say. What ended already is left out.
pub(super) fn ruled(serving: &Serving, access: Option<&AccessConfig>) -> Result<Ruled, Failure> {
    let private = serving.private.iter().flatten().map(|rule| rule.0.what.clone()).collect();
    let mut grants = Vec::new();
    for (subject, person) in serving.people() {
        grants.push((person.name.unwrap_or(subject), Grant::parse(&person.rules)?));
    }
    let now = environment::now();
    for entry in access.map_or_else(|| Ok(Vec::new()), |access| access.store.entries())? {
        if entry.expires.is_none_or(|expires| expires > now) {
            match Grant::parse(&entry.rules) {
                Ok(grant) => grants.push((entry.name, grant)),
                Err(error) => tracing::warn!(of = %entry.name, %error, "it opens nothing"),
            }
        }
    }
    Ok(Ruled { private, grants })
}

/// Says how many notes each rule names, and warns of those that hide nothing.
pub(super) fn tell(ruled: &Ruled, library: &Library) -> Result<(), Failure> {
    let failed = |source: ibid_index::ReadError| Failure::Search(source.into());
    let snapshots = library.snapshots(&Viewer::owner()).map_err(failed)?;
    let say = |of: &str, named: Vec<Named>| {
        for named in named {
            match named.hides_nothing() {
                true => tracing::warn!(%of, "the rule {named}, so it hides nothing"),
                false => tracing::info!(%of, "the rule {named}"),
            }
        }
    };
    say("private", count_private(&ruled.private, &snapshots).map_err(failed)?);
    for (of, grant) in &ruled.grants {
        say(of, count_named(grant, &snapshots).map_err(failed)?);
    }
    Ok(())
}
