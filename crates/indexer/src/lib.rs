//! From a folder to a committed generation: walk, read, understand, cut, embed, write. Long, parallel, and never
//! stopped by one bad file.
//!
//! It knows no query. The source is only ever read. [`build()`] is the whole run; [`extract`] and [`chunk`] are its pure
//! half; [`verify`] compares a citation with the file as it is now, and [`Follower`] says when to run again.

mod build;
mod changes;
pub mod chunk;
mod error;
pub mod extract;
mod findable;
mod follow;
mod pipeline;
mod prepare;
mod report;
mod source;
mod survey;
pub mod verify;

pub use build::{BuildOptions, Model, build, build_choosing};
pub use error::BuildError;
pub use follow::Follower;
pub use report::{Plan, Progress, Report, Silent, SkipReason, Skipped, StageSeconds};
pub use source::{SourceChoice, checked_url, domain_of};
pub use survey::Survey;
