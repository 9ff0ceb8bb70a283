//! What secrets look like: a table of shapes. Prefixes are those that vendors give their keys so that they can be found;
//! everything without such a prefix must look drawn by chance besides.

/// How sure a shape alone makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sure {
    /// Nothing else looks so.
    ByShape,
    /// Only where the secret does not look like words.
    IfRandom,
    /// Only where it is more than a word: what people choose for a password.
    IfChosen,
}

/// One kind of secret. Where the pattern has a group, the group is the secret, else all of it. Patterns are of ASCII: so
/// one automaton reads any text, whatever its language.
pub(super) struct Shape {
    /// The name by which it can be switched off.
    pub(super) name: &'static str,
    pub(super) pattern: &'static str,
    pub(super) sure: Sure,
}

const fn shape(name: &'static str, pattern: &'static str) -> Shape {
    Shape { name, pattern, sure: Sure::ByShape }
}

const fn random(name: &'static str, pattern: &'static str) -> Shape {
    Shape { name, pattern, sure: Sure::IfRandom }
}

/// The name of what begins a private key; the block that follows it is found apart.
pub(super) const PRIVATE_KEY: &str = "private-key";

/// Every kind that is known.
pub(super) const SHAPES: &[Shape] = &[
    shape(PRIVATE_KEY, r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"),
    shape("jwt", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"),
    shape("age", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b"),
    // Clouds.
    random("aws", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    random("google", r"\bAIza[A-Za-z0-9_-]{35}"),
    random("google-oauth", r"\b(?:GOCSPX-|ya29\.)[A-Za-z0-9_-]{20,}"),
    shape("digitalocean", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    random("heroku", r"\bHRKU-[A-Za-z0-9_-]{30,}"),
    random("azure-storage", r"(?i-u)\bAccountKey=([A-Za-z0-9+/]{40,}={0,2})"),
    shape("databricks", r"\bdapi[a-f0-9]{32}\b"),
    random("vault", r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}"),
    random("doppler", r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9]{40,44}\b"),
    random("tailscale", r"\btskey-[a-z]+-[A-Za-z0-9]{8,}-[A-Za-z0-9]{16,}"),
    // Code and packages.
    random("github", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
    random("github-fine", r"\bgithub_pat_[A-Za-z0-9_]{50,255}\b"),
    random("gitlab", r"\bgl(?:pat|dt|rt|ft|soat|ptt|cbt|imt|agent|oas)-[A-Za-z0-9_.-]{20,}"),
    random("npm", r"\bnpm_[A-Za-z0-9]{36}\b"),
    random("pypi", r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    shape("rubygems", r"\brubygems_[a-f0-9]{48}\b"),
    random("crates", r"\bcio[A-Za-z0-9]{32}\b"),
    random("docker", r"\bdckr_[a-z]+_[A-Za-z0-9_-]{27,}"),
    shape("postman", r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b"),
    // Models.
    random("anthropic", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    random("openai", r"\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,}"),
    random("huggingface", r"\bhf_[A-Za-z0-9]{30,}\b"),
    random("groq", r"\bgsk_[A-Za-z0-9]{40,}\b"),
    random("replicate", r"\br8_[A-Za-z0-9]{37}\b"),
    random("perplexity", r"\bpplx-[A-Za-z0-9]{40,}\b"),
    random("xai", r"\bxai-[A-Za-z0-9]{60,}\b"),
    // Money, mail, chat, notes.
    random("stripe", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}\b"),
    random("stripe-webhook", r"\bwhsec_[A-Za-z0-9+/=]{24,}"),
    random("square", r"\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,43}"),
    shape("shopify", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
    random("slack", r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}"),
    random(
        "slack-webhook",
        r"hooks\.slack\.com/(?:services|workflows)/[A-Z0-9]+/[A-Z0-9]+/([A-Za-z0-9]{20,})",
    ),
    random("discord", r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}"),
    random("discord-webhook", r"discord(?:app)?\.com/api/webhooks/[0-9]{15,20}/([A-Za-z0-9_-]{50,})"),
    random("telegram", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    shape("twilio", r"\bSK[a-f0-9]{32}\b"),
    random("sendgrid", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    shape("mailgun", r"\bkey-[a-f0-9]{32}\b"),
    random("linear", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,}\b"),
    random("notion", r"\b(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43})\b"),
    random("airtable", r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b"),
    random("figma", r"\bfigd_[A-Za-z0-9_-]{40,}"),
    random("grafana", r"\bgl(?:sa|c)_[A-Za-z0-9+/=_]{32,}"),
    random("newrelic", r"\bNRAK-[A-Z0-9]{27}\b"),
    // What says of itself that it is one.
    random("bearer", r"(?i-u)\b(?:bearer|basic)[ \t]+([A-Za-z0-9._~+/-]{20,}={0,2})"),
    Shape {
        name: "url-password",
        pattern: r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[!-.0-9;=?A-Z\\^-z|~]{1,64}:([!-.0-;=?A-Z\\^-z|~]{4,128})@[A-Za-z0-9\[]",
        sure: Sure::IfChosen,
    },
    Shape {
        name: "password",
        pattern: concat!(
            r#"(?i-u)(?:\b|_)(?:password|passwort|passwd|passphrase|passcode|pwd)["'`*]{0,3}[ \t]{0,4}(?::|=|:=|=>)[ \t]{0,4}["'`*]{0,3}[ \t]{0,4}"#,
            r#"([!#-&+./0-9:;=?@A-Z\\^_a-z|~$%-]{6,128})"#
        ),
        sure: Sure::IfChosen,
    },
    random(
        "key",
        concat!(
            r#"(?i-u)(?:\b|_)(?:secret|token|api[ _-]?key|access[ _-]?key|secret[ _-]?key|private[ _-]?key|client[ _-]?secret|"#,
            r#"auth[ _-]?key|credentials?)["'`*]{0,3}[ \t]{0,4}(?::|=|:=|=>)[ \t]{0,4}["'`*]{0,3}[ \t]{0,4}([A-Za-z0-9_+/=.~-]{16,256})"#
        ),
    ),
];
