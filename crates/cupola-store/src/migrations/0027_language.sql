-- Tokens that the language model took, by day in UTC.
CREATE TABLE language_spent (
    day    BIGINT NOT NULL PRIMARY KEY,
    tokens BIGINT NOT NULL CHECK (tokens >= 0)
);
