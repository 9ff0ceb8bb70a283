//! What a person does so that a client finds this server, as the page that connects clients shows it. What each client
//! wants to be told is known by whoever serves.

use std::fmt;
use std::sync::Arc;

/// What to do for one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// The client, as its makers write it.
    pub title: String,
    /// What to do, in order.
    pub steps: Vec<GuideStep>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideStep {
    /// What.
    pub say: String,
    /// What to paste there, exactly.
    pub paste: Option<String>,
}

/// What gives the guides for an MCP address.
type Told = dyn Fn(&str) -> Vec<Guide> + Send + Sync;

/// Gives the guides for an MCP address. The default knows no client.
#[derive(Clone)]
pub struct Guides(Arc<Told>);

impl Guides {
    /// By what `guides` says for the MCP address it is given.
    pub fn new(guides: impl Fn(&str) -> Vec<Guide> + Send + Sync + 'static) -> Guides {
        Guides(Arc::new(guides))
    }

    pub(crate) fn of(&self, address: &str) -> Vec<Guide> {
        self.0(address)
    }
}

impl Default for Guides {
    fn default() -> Guides {
        Guides::new(|_| Vec::new())
    }
}

impl fmt::Debug for Guides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guides(…)")
    }
}
