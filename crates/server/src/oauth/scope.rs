//! What a grant allows: to find notes, to read them. The names on the wire stand here and nowhere else.

use std::fmt;

use serde_json::Value;

/// One thing that can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To ask questions and see what was found: titles, places, snippets.
    Search,
    /// To read the words of notes.
    Read,
}

impl Scope {
    /// Every scope, in the order it is written.
    pub const ALL: [Scope; 2] = [Scope::Search, Scope::Read];

    /// As it is written on the wire and the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Search => "notes:search",
            Scope::Read => "notes:read",
        }
    }

    /// What it means, for the person who is asked.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Scope::Search => "Search your notes: sees titles, places and short passages",
            Scope::Read => "Read your notes: sees the words of the notes it opens",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Scope::Search => 1,
            Scope::Read => 2,
        }
    }
}

/// What clients may ask for beside scopes: a refresh token, which every client gets here anyway.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no scope: there are {}", Scopes::all())]
pub struct UnknownScope {
    word: String,
}

impl Scopes {
    /// Everything.
    pub fn all() -> Scopes {
        Scope::ALL.into_iter().collect()
    }

    /// Reads names with white space between them. `offline_access` is passed over.
    pub fn parse(text: &str) -> Result<Scopes, UnknownScope> {
        let words = text.split_whitespace().filter(|word| *word != OFFLINE_ACCESS);
        words
            .map(|word| {
                let known = Scope::ALL.into_iter().find(|scope| scope.name() == word);
                known.ok_or_else(|| UnknownScope { word: word.chars().take(64).collect() })
            })
            .collect()
    }

    /// Whether a scope is in it.
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of `other` are in it.
    pub(crate) fn contains(self, other: Scopes) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in both.
    pub(crate) fn and(self, other: Scopes) -> Scopes {
        Scopes(self.0 & other.0)
    }

    /// What is in either.
    pub(crate) fn or(self, other: Scopes) -> Scopes {
        Scopes(self.0 | other.0)
    }

    /// Whether nothing is allowed.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

/// What an MCP message needs, told by its method and by the name of the tool. Methods that say nothing of single notes
/// need nothing, and neither do unknown ones, which are refused elsewhere.
pub(crate) fn needed(message: &Value) -> Scopes {
    let name = message.get("params").and_then(|params| params.get("name")).and_then(Value::as_str);
    let scope = match (message.get("method").and_then(Value::as_str), name) {
        (Some("tools/call"), Some("fetch")) => Scope::Read,
        // A tool that comes later finds rather than reads, until this says otherwise.
        (Some("tools/call"), _) => Scope::Search,
        (Some("resources/read"), _) => Scope::Read,
        (Some("resources/list" | "completion/complete"), _) => Scope::Search,
        _ => return Scopes::default(),
    };
    Scopes::from_iter([scope])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scopes_are_read_and_written_in_one_order() {
        for (text, written) in [
            ("", ""),
            ("notes:read notes:search", "notes:search notes:read"),
            (" notes:read\tnotes:read ", "notes:read"),
            ("offline_access notes:search", "notes:search"),
        ] {
            assert_eq!(Scopes::parse(text).unwrap().to_string(), written);
        }
        for text in ["admin", "notes:search notes:write", "NOTES:READ", "notes:read,notes:search"] {
            assert!(Scopes::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_call_has_its_scope() {
        for (method, name, scopes) in [
            ("tools/call", "search", "notes:search"),
            ("tools/call", "search_notes", "notes:search"),
            ("tools/call", "related", "notes:search"),
            ("tools/call", "fetch", "notes:read"),
            ("resources/read", "", "notes:read"),
            ("resources/list", "", "notes:search"),
            ("completion/complete", "", "notes:search"),
            ("tools/list", "", ""),
            ("initialize", "", ""),
            ("prompts/get", "search", ""),
        ] {
            let message = json!({"method": method, "params": {"name": name}});
            assert_eq!(needed(&message).to_string(), scopes, "{method} {name}");
        }
        for odd in [json!({}), json!(3), json!({"method": 4, "params": []})] {
            assert!(needed(&odd).is_empty());
        }
    }
}
