//! What the rules of a server name when it starts: the settings', and those of everybody who is let in. A rule that hides
//! nothing is warned of, since it may be meant otherwise than it is written.

use ibid_core::grant::{Grant, Rule};
use ibid_server::{AccessConfig, Library, Viewer, count_named};

use crate::config::Serving;
use crate::environment;
use crate::failure::Failure;

/// Rules, and whose they are.
pub(super) struct Ruled {
    of: String,
    grant: Grant,
}

/// All that a server goes by. What ended already is left out.
pub(super) fn ruled(serving: &Serving, access: Option<&AccessConfig>) -> Result<Vec<Ruled>, Failure> {
    let private = serving.private.iter().flatten().map(|rule| Rule::deny(rule.0.what.clone()));
    let mut ruled = vec![Ruled { of: "private".to_owned(), grant: Grant::of(private) }];
    for (subject, person) in serving.people() {
        ruled.push(Ruled { of: person.name.unwrap_or(subject), grant: Grant::parse(&person.rules)? });
    }
    let now = environment::now();
    for entry in access.map_or_else(|| Ok(Vec::new()), |access| access.store.entries())? {
        if entry.expires.is_none_or(|expires| expires > now) {
            match Grant::parse(&entry.rules) {
                Ok(grant) => ruled.push(Ruled { of: entry.name, grant }),
                Err(error) => tracing::warn!(of = %entry.name, %error, "it opens nothing"),
            }
        }
    }
    Ok(ruled)
}

/// Says how many notes each rule names, and warns of those that hide nothing.
pub(super) fn tell(ruled: &[Ruled], library: &Library) -> Result<(), Failure> {
    let snapshots = library.snapshots(&Viewer::owner()).map_err(|source| Failure::Search(source.into()))?;
    for Ruled { of, grant } in ruled {
        for named in count_named(grant, &snapshots).map_err(|source| Failure::Search(source.into()))? {
            match named.hides_nothing() {
                true => tracing::warn!(%of, "the rule {named}, so it hides nothing"),
                false => tracing::info!(%of, "the rule {named}"),
            }
        }
    }
    Ok(())
}
