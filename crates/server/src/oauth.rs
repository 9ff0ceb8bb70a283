//! Sign-in: an authorization server of our own, on the same origin as what it guards (OAuth 2.1 as MCP asks for it).
//!
//! Decisions are pure and stand in their own files, with the moment passed in: [`request`] reads what a client asks,
//! [`grant`] says what a code or a token is still worth, [`client`] and [`document`] who a client is. [`store`] keeps
//! users, grants and hashes of secrets in one file, so that `ibid user` and `ibid token` work beside a running server.
//! [`external`] takes the tokens of somebody else's server instead. The routes that speak HTTP are in [`crate::http`].
//! Nothing here knows of notes.

pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod document;
pub(crate) mod external;
pub(crate) mod fetcher;
pub(crate) mod grant;
pub(crate) mod hashing;
pub(crate) mod limits;
pub(crate) mod metadata;
pub(crate) mod password;
pub(crate) mod principal;
pub(crate) mod request;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod service;
pub(crate) mod store;
