CREATE TABLE user (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, created INTEGER NOT NULL
) STRICT;

-- A browser that is signed in.
CREATE TABLE session (
  hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A client that registered itself; `used` is when it first had a token.
CREATE TABLE client (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, redirects TEXT NOT NULL, created INTEGER NOT NULL, used INTEGER
) STRICT, WITHOUT ROWID;

-- A request that waits for a person. `browser` is the one that began it.
CREATE TABLE pending (
  hash BLOB PRIMARY KEY, browser BLOB NOT NULL, asked TEXT NOT NULL, expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a person allowed to a client: all its tokens hang on it.
CREATE TABLE consent (
  id INTEGER PRIMARY KEY AUTOINCREMENT, user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  client TEXT NOT NULL, client_name TEXT NOT NULL, resource TEXT NOT NULL, scopes TEXT NOT NULL,
  rules TEXT NOT NULL, created INTEGER NOT NULL, used INTEGER, revoked INTEGER
) STRICT;

CREATE TABLE code (
  hash BLOB PRIMARY KEY, consent INTEGER NOT NULL REFERENCES consent ON DELETE CASCADE,
  redirect TEXT NOT NULL, redirect_given INTEGER NOT NULL, challenge TEXT NOT NULL,
  expires INTEGER NOT NULL, used INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE access (
  hash BLOB PRIMARY KEY, consent INTEGER NOT NULL REFERENCES consent ON DELETE CASCADE,
  scopes TEXT NOT NULL, expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `next` is the hash of what took its place, at the moment `replaced`.
CREATE TABLE refresh (
  hash BLOB PRIMARY KEY, consent INTEGER NOT NULL REFERENCES consent ON DELETE CASCADE,
  expires INTEGER NOT NULL, replaced INTEGER, next BLOB
) STRICT, WITHOUT ROWID;

-- A token that a person made on the command line.
CREATE TABLE token (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL,
  rules TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER
) STRICT;

CREATE INDEX session_user ON session (user);
CREATE INDEX consent_user ON consent (user);
CREATE INDEX code_consent ON code (consent);
CREATE INDEX access_consent ON access (consent);
CREATE INDEX refresh_consent ON refresh (consent);
