-- A browser that somebody signed in with: strangers who try passwords do not shut it out.
CREATE TABLE device (
  hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_user ON device (user);
