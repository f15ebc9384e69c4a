-- What the hub keeps to itself: made once, never shown, never exported.
CREATE TABLE hub_key (
    name  TEXT NOT NULL PRIMARY KEY,
    bytes BYTEA NOT NULL
);
