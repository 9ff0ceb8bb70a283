//! How each tool is opened, written into the list of tools: ChatGPT shows its button to sign in by that. rmcp's tools have no
//! such field, so it is added to the answer.

use serde_json::{Map, Value, json};

use crate::config::WayIn;
use crate::oauth::scope::needed;

/// What a tool says of it, both where it is specified and in `_meta`, where older clients look.
const SECURITY_SCHEMES: &str = "securitySchemes";

/// How the tools of a server are opened.
pub(super) enum Schemes<'a> {
    /// Everybody who can connect may use them.
    Open,
    /// By signing in there.
    SignIn(WayIn<'a>),
}

impl Schemes<'_> {
    /// Writes it into the answer to `tools/list`; gives whether there was one.
    pub(super) fn write_into(&self, answer: &mut Value) -> bool {
        let Some(tools) = answer.pointer_mut("/result/tools").and_then(Value::as_array_mut) else {
            return false;
        };
        for tool in tools.iter_mut().filter_map(Value::as_object_mut) {
            let scheme = json!([self.of(tool.get("name").unwrap_or(&Value::Null))]);
            tool.insert(SECURITY_SCHEMES.to_owned(), scheme.clone());
            let meta = tool.entry("_meta").or_insert_with(|| Value::Object(Map::new()));
            if let Some(meta) = meta.as_object_mut() {
                meta.insert(SECURITY_SCHEMES.to_owned(), scheme);
            }
        }
        true
    }

    fn of(&self, name: &Value) -> Value {
        match self {
            Schemes::Open => json!({ "type": "noauth" }),
            Schemes::SignIn(way_in) => {
                let call = json!({ "method": "tools/call", "params": { "name": name } });
                json!({ "type": "oauth2", "scopes": way_in.names(needed(&call)) })
            }
        }
    }
}
