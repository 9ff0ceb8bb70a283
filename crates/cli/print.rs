//! What commands print for people. Programs read [`crate::json`]; nothing here is a promise to them.
//!
//! Every word that comes out of a note, a file name or an index goes through [`crate::text::safe`] or its kin.

pub(crate) mod answer;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod document;
pub(crate) mod measure;
pub(crate) mod models;
pub(crate) mod related;
pub(crate) mod report;
pub(crate) mod status;
mod table;
