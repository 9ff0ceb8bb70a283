//! What kind of failure it is, for programs: one of the five that a server's refusals have.

use std::error::Error;
use std::io;

use ibid_embed::EmbedError;
use ibid_index::OpenError;
use ibid_indexer::BuildError;
use ibid_measure::dataset::DatasetError;
use ibid_search::{FetchError, SearchError};
use ibid_server::audit::Outcome;
use ibid_server::{AccessError, CertificateError, ServeError};

use super::Failure;

/// Told by what failed; where that is the system's business, by the system's reason.
pub(super) fn kind(failure: &Failure) -> Outcome {
    match failure {
        Failure::NoConfig { .. }
        | Failure::NoCollections { .. }
        | Failure::UnknownCollection { .. }
        | Failure::SourceGone { .. }
        | Failure::NothingCommitted { .. }
        | Failure::NoServer
        | Failure::Access(AccessError::Unknown { .. })
        | Failure::Open { source: OpenError::Missing { .. }, .. }
        | Failure::Store(OpenError::Missing { .. })
        | Failure::Dataset(DatasetError::Missing { .. }) => Outcome::NotFound,
        Failure::Build { source, .. } | Failure::DatasetIndex { source } => {
            of_build(source).unwrap_or_else(|| of_system(failure))
        }
        Failure::Dataset(DatasetError::Read { .. }) => of_system(failure),
        Failure::Fetch(FetchError::Read(_))
        | Failure::Search(
            SearchError::Embed(_) | SearchError::Read(_) | SearchError::VectorsDamaged { .. },
        ) => Outcome::Internal,
        Failure::Fetch(_) => Outcome::NotFound,
        failure if is_of_what_was_asked(failure) => Outcome::Validation,
        failure => of_system(failure),
    }
}

/// What is said of an index that could not be made; `None` where that is the system's business.
fn of_build(error: &BuildError) -> Option<Outcome> {
    match error {
        BuildError::SourceMissing { .. }
        | BuildError::SourceEmptied { .. }
        | BuildError::Revision { .. }
        | BuildError::NoPage { .. } => Some(Outcome::NotFound),
        BuildError::SourceIsFile { .. }
        | BuildError::NothingToIndex { .. }
        | BuildError::NameTaken { .. }
        | BuildError::OtherModel { .. }
        | BuildError::NoRepository { .. }
        | BuildError::Url { .. }
        | BuildError::IgnoreFile { .. }
        | BuildError::Glob { .. }
        | BuildError::Embed(EmbedError::UnknownModel { .. } | EmbedError::NotUnderstood { .. }) => {
            Some(Outcome::Validation)
        }
        BuildError::Stopped
        | BuildError::SourceUnreadable { .. }
        | BuildError::Repository { .. }
        | BuildError::PagesFolder { .. }
        | BuildError::Embed(_)
        | BuildError::Open(_)
        | BuildError::Read(_)
        | BuildError::Write(_) => None,
    }
}

/// Whether something else must be asked, or set.
fn is_of_what_was_asked(failure: &Failure) -> bool {
    match failure {
        Failure::Serve(
            ServeError::Certificate(CertificateError::Unreadable { .. }) | ServeError::Io { .. },
        )
        | Failure::Serve(ServeError::Handshake { .. }) => false,
        Failure::Serve(_)
        | Failure::Search(_)
        | Failure::Config { .. }
        | Failure::CollectionName { .. }
        | Failure::NotAnId { .. }
        | Failure::NotAQuote { .. }
        | Failure::FlagOfOne { .. }
        | Failure::FlagOfWeb { .. }
        | Failure::FlagOfFolder { .. }
        | Failure::FolderAmongUrls { .. }
        | Failure::NoUrls { .. }
        | Failure::NobodyToAsk { .. }
        | Failure::NoToken { .. }
        | Failure::Token { .. }
        | Failure::Rule(_)
        | Failure::Tool(_)
        | Failure::HidesNothing { .. }
        | Failure::PasswordsDiffer
        | Failure::NoUsers
        | Failure::NoPeople { .. }
        | Failure::NoTokens
        | Failure::NothingToMeasure { .. }
        | Failure::WhichCollection { .. }
        | Failure::NothingToPlot
        | Failure::Dataset(_)
        | Failure::Embed(EmbedError::UnknownModel { .. } | EmbedError::NotUnderstood { .. })
        | Failure::Access(AccessError::Taken { .. } | AccessError::Name { .. }) => true,
        _ => false,
    }
}

/// What the system says: something is not there, may not be done, or went wrong.
fn of_system(failure: &Failure) -> Outcome {
    let mut source = failure.source();
    while let Some(error) = source {
        match error.downcast_ref().map(io::Error::kind) {
            Some(io::ErrorKind::NotFound) => return Outcome::NotFound,
            Some(io::ErrorKind::PermissionDenied) => return Outcome::Permission,
            _ => source = error.source(),
        }
    }
    Outcome::Internal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_by_what_failed() {
        let file = |kind: io::ErrorKind| Failure::TokenFile { path: "/t".into(), source: kind.into() };
        let path = || std::path::PathBuf::from("/nope");
        let build = |source| Failure::Build { name: "n".parse().unwrap(), source: Box::new(source) };
        let unreadable =
            |kind: io::ErrorKind| build(BuildError::SourceUnreadable { path: path(), source: kind.into() });
        let dataset = |source: io::ErrorKind| {
            Failure::Dataset(DatasetError::Read { path: path(), source: source.into() })
        };
        for (failure, is) in [
            (build(BuildError::SourceMissing { path: path() }), Outcome::NotFound),
            (build(BuildError::SourceIsFile { path: path() }), Outcome::Validation),
            (build(BuildError::NothingToIndex { path: path(), others: 0 }), Outcome::Validation),
            (unreadable(io::ErrorKind::PermissionDenied), Outcome::Permission),
            (Failure::Dataset(DatasetError::Missing { path: path() }), Outcome::NotFound),
            (Failure::Dataset(DatasetError::NotAFolder { path: path() }), Outcome::Validation),
            (dataset(io::ErrorKind::PermissionDenied), Outcome::Permission),
            (dataset(io::ErrorKind::InvalidData), Outcome::Internal),
            (Failure::NoServer, Outcome::NotFound),
            (Failure::NoTokens, Outcome::Validation),
            (Failure::Search(SearchError::EmptyQuestion), Outcome::Validation),
            (Failure::Output(io::ErrorKind::StorageFull.into()), Outcome::Internal),
            (file(io::ErrorKind::NotFound), Outcome::NotFound),
            (file(io::ErrorKind::PermissionDenied), Outcome::Permission),
            (file(io::ErrorKind::InvalidData), Outcome::Internal),
        ] {
            assert_eq!(kind(&failure), is, "{}", failure.message());
        }
    }
}
