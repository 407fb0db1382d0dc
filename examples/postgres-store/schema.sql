-- Run it once, as the owner of the database. Times are milliseconds since the epoch.
CREATE TABLE IF NOT EXISTS nest_sessions (
  key text PRIMARY KEY,
  row text NOT NULL,
  ends_at float8 NOT NULL
);
CREATE INDEX IF NOT EXISTS nest_sessions_ends_at ON nest_sessions (ends_at);
