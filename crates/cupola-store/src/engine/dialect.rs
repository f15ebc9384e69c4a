//! What differs between SQLite and PostgreSQL, and how a text is written that both take.
//!
//! **Migrations** are written in PostgreSQL's words for types and rewritten here:
//!
//! | in a migration | SQLite | PostgreSQL |
//! |---|---|---|
//! | `BIGINT` | `INTEGER` | `BIGINT` |
//! | `DOUBLE PRECISION` | `REAL` | `DOUBLE PRECISION` |
//! | `BYTEA` | `BLOB` | `BYTEA` |
//! | `BOOLEAN` | `INTEGER` | `BOOLEAN` |
//! | `TEXT` | `TEXT` | `TEXT COLLATE "C"`, so that both order by bytes |
//! | `);` that ends a `CREATE TABLE` | `) STRICT;` | as is |
//!
//! Words are rewritten outside strings and comments only. These five are the only types.
//! `CREATE TABLE` ends with `)` and `;`; a migration has no `CAST(… AS TEXT)`.
//! What cannot be said in one text for both, as triggers cannot, stands after a line `--! sqlite` or
//! `--! postgres` and is for that database alone, until the next such line or `--! both`.
//! Every key column says `NOT NULL` itself: SQLite lets a key other than a `BIGINT PRIMARY KEY` be NULL.
//! A `BIGINT PRIMARY KEY` is SQLite's rowid: give its value always, it is never made up.
//! Constraints are never `DEFERRABLE`: the store takes a failing COMMIT for an unknown outcome and stops.
//! A default is a literal.
//!
//! **Statements** are one text for both:
//!
//! - Parameters are `$1 … $n`, may repeat and come in any order; every number up to `n` is used.
//!   SQLite takes them as names. A parameter's type is what PostgreSQL infers: where it
//!   cannot (`SELECT $1`, `$1 IS NULL`, `COALESCE($1, …)`), write `CAST($1 AS BIGINT)`.
//! - `CAST(… AS BIGINT | DOUBLE PRECISION | TEXT)` mean the same on both; `CAST(… AS BYTEA | BOOLEAN)` do not.
//! - `SUM` of integers is a NUMERIC in PostgreSQL: `CAST(SUM(n) AS BIGINT)`, with
//!   `COALESCE(…, 0)` inside because the sum of nothing is NULL. `AVG` likewise: `CAST(AVG(x) AS DOUBLE PRECISION)`.
//!   `COUNT(*)` is an integer on both.
//! - Integer division truncates on both; by zero it is NULL in SQLite and an error in PostgreSQL: guard with `NULLIF`.
//! - Upsert: `INSERT … ON CONFLICT (columns) DO UPDATE SET x = excluded.x` or `DO NOTHING`; with
//!   `INSERT … SELECT … ON CONFLICT` give the SELECT a `WHERE TRUE`, or SQLite reads ON as a join.
//! - `RETURNING` works on both, through `query…`; name the columns, and do not rely on the order of the rows.
//! - `UPDATE … FROM` works on both, without an alias for the updated table; `DELETE … USING` does not: use a sub-select.
//!   `UPDATE … LIMIT` does not: `WHERE id IN (SELECT … LIMIT n)`.
//! - Truth: `WHERE done`, `done = TRUE`, never `done = 1`. A bool parameter is a bool on both.
//! - `LIKE` ignores the case of ASCII letters in SQLite only, `ILIKE` is PostgreSQL's only:
//!   write `LOWER(x) LIKE LOWER($1) ESCAPE '\'`. `LOWER` is about ASCII in SQLite.
//! - NULLs come first in SQLite and last in PostgreSQL: say `NULLS FIRST` or `NULLS LAST` where a column may be NULL.
//! - Texts compare and sort by bytes on both; a computed text keeps that, a literal alone does not matter.
//! - Every query that must have an order says it down to a unique column. `LIMIT $1 OFFSET $2` is understood by both.
//! - Partial indexes (`CREATE UNIQUE INDEX … WHERE …`), `WITH`, window functions, `EXISTS`, `CASE`, `IS DISTINCT FROM`,
//!   row values `(a, b) > ($1, $2)` and `LENGTH(text)` are the same on both.
//!   `LENGTH(blob)`: as well. Not the same: dates, JSON operators, `GREATEST`/`LEAST`, `||` with NULL numbers, `ROUND`, `%` with doubles.
//! - Strings in single quotes, identifiers bare and in lower case (`end`, `user`, `order` are reserved: avoid them).
//! - No `FOR UPDATE`: the one writer thread is the lock.
//! - `ANY($1)` and arrays are PostgreSQL's only: compose `IN ($1, $2, …)` with `query_dynamic`, or loop.
//! - `execute_many` turns a plain `INSERT … VALUES (…)` into one of many rows in PostgreSQL, so that a batch
//!   costs few round trips; other texts run once for each row.
//! - Doubles are finite and not -0.0, texts have no NUL (see [`super::ToValue`]).

/// Which database a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// A migration's text in this database's words.
    pub(super) fn ddl(self, sql: &str) -> String {
        let own = self.own(sql);
        let mut out = String::with_capacity(sql.len() + 64);
        let mut rest = own.as_str();
        let mut statement = String::new();
        while let Some(token) = next_token(rest) {
            rest = &rest[token.len()..];
            if token == ";" {
                let is_table = statement.trim_start().starts_with("CREATE TABLE");
                out.push_str(if is_table { self.table_end() } else { "" });
                statement.clear();
            } else if !token.starts_with("--") {
                statement.push_str(token);
            }
            // An index of an expression finds what statements ask in the same words only.
            let is_asked =
                self == Self::Sqlite && statement.trim_start().starts_with("CREATE INDEX");
            out.push_str(if is_asked { token } else { self.word(token) });
        }
        if self == Self::Sqlite {
            out = out.replace("REAL PRECISION", "REAL");
        }
        out
    }

    /// What of a migration's text is for this database.
    fn own(self, sql: &str) -> String {
        let mut is_own = true;
        let mut own = String::with_capacity(sql.len());
        for line in sql.split_inclusive('\n') {
            match line.trim_end().strip_prefix("--! ") {
                Some("sqlite") => is_own = self == Self::Sqlite,
                Some("postgres") => is_own = self == Self::Postgres,
                Some(_) => is_own = true,
                None if is_own => own.push_str(line),
                None => {}
            }
        }
        own
    }

    /// Starts the writer's transaction.
    pub(super) fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// The most closures that share a commit. PostgreSQL is quick while a transaction has at most 64
    /// savepoints that wrote; then every reader looks them up on disk.
    pub(super) fn group_max(self) -> usize {
        match self {
            Self::Sqlite => 512,
            Self::Postgres => 60,
        }
    }

    /// Starts a reader's transaction: a snapshot, taken by its first statement.
    pub(super) fn begin_read(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    fn table_end(self) -> &'static str {
        match self {
            Self::Sqlite => " STRICT",
            Self::Postgres => "",
        }
    }

    fn word(self, word: &str) -> &str {
        match (self, word) {
            (Self::Sqlite, "BIGINT" | "BOOLEAN") => "INTEGER",
            (Self::Sqlite, "DOUBLE") => "REAL",
            (Self::Sqlite, "BYTEA") => "BLOB",
            (Self::Postgres, "TEXT") => "TEXT COLLATE \"C\"",
            (_, word) => word,
        }
    }
}

/// An `INSERT … VALUES ($1, …, $n) …` for `rows` rows, whose parameters go on counting: one round trip
/// instead of many. `None` for a text of another form, and for an upsert, which may name a row once only.
pub(super) fn repeat_values(sql: &str, rows: usize) -> Option<String> {
    let (head, rest) = sql.split_once("VALUES")?;
    let (tuple, tail) = rest.split_at(end_of_parentheses(rest)?);
    let is_plain = head.trim_start().starts_with("INSERT")
        && !head.contains('$')
        && !["$", "UPDATE", "RETURNING"]
            .iter()
            .any(|word| tail.contains(word));
    if !is_plain {
        return None;
    }
    let mut out = format!("{head}VALUES");
    let mut columns = 0;
    for row in 0..rows {
        out.push_str(if row == 0 { "" } else { "," });
        columns = renumber(tuple, row * columns, &mut out);
    }
    out.push_str(tail);
    Some(out)
}

/// Copies a text with `added` added to each parameter's number; the highest number before that.
fn renumber(text: &str, added: usize, out: &mut String) -> usize {
    let mut rest = text;
    let mut highest = 0;
    while let Some(token) = next_token(rest) {
        rest = &rest[token.len()..];
        out.push_str(token);
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if token == "$"
            && let Ok(number) = rest[..digits].parse::<usize>()
        {
            out.push_str(&(number + added).to_string());
            highest = highest.max(number);
            rest = &rest[digits..];
        }
    }
    highest
}

/// Where the parenthesis that opens first is closed.
fn end_of_parentheses(text: &str) -> Option<usize> {
    let (mut end, mut depth) = (0, 0);
    while let Some(token) = next_token(&text[end..]) {
        end += token.len();
        match token {
            "(" => depth += 1,
            ")" if depth == 1 => return Some(end),
            ")" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The next word, string, comment or other single character; `None` at the end.
fn next_token(sql: &str) -> Option<&str> {
    let first = sql.chars().next()?;
    let length = if first.is_ascii_alphabetic() || first == '_' {
        sql.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(sql.len())
    } else if first == '\'' || first == '"' {
        sql[1..].find(first).map_or(sql.len(), |end| end + 2)
    } else if sql.starts_with("--") {
        sql.find('\n').unwrap_or(sql.len())
    } else {
        first.len_utf8()
    };
    Some(&sql[..length])
}

#[cfg(test)]
mod tests {
    use super::Dialect::{self, Postgres, Sqlite};

    fn check(dialect: Dialect, sql: &str, expected: &str) {
        assert_eq!(dialect.ddl(sql), expected);
    }

    #[test]
    fn types_get_their_words() {
        let sql = "CREATE TABLE t (a BIGINT, b DOUBLE PRECISION, c BYTEA, d TEXT, e BOOLEAN);";
        check(
            Sqlite,
            sql,
            "CREATE TABLE t (a INTEGER, b REAL, c BLOB, d TEXT, e INTEGER) STRICT;",
        );
        check(
            Postgres,
            sql,
            "CREATE TABLE t (a BIGINT, b DOUBLE PRECISION, c BYTEA, d TEXT COLLATE \"C\", e BOOLEAN);",
        );
    }

    #[test]
    fn an_index_of_an_expression_keeps_the_words_of_statements() {
        let sql = "CREATE INDEX i ON t ((CAST(a AS DOUBLE PRECISION)));";
        check(Sqlite, sql, sql);
        check(Postgres, sql, sql);
    }

    #[test]
    fn each_database_has_parts_of_its_own() {
        let sql = "a;\n--! sqlite\nb;\n--! postgres\nc;\n--! both\nd;";
        check(Sqlite, sql, "a;\nb;\nd;");
        check(Postgres, sql, "a;\nc;\nd;");
    }

    #[test]
    fn strings_and_comments_are_left_alone() {
        let sql = "-- TEXT; BIGINT\nCREATE TABLE t (a BIGINT CHECK (a <> 'BYTEA;'));";
        check(
            Sqlite,
            sql,
            "-- TEXT; BIGINT\nCREATE TABLE t (a INTEGER CHECK (a <> 'BYTEA;')) STRICT;",
        );
    }

    #[test]
    fn only_tables_become_strict() {
        let sql = "CREATE UNIQUE INDEX i ON t (a) WHERE b IS NULL; CREATE INDEX j ON t (a);";
        check(Sqlite, sql, sql);
        check(
            Sqlite,
            "ALTER TABLE t ADD COLUMN a BIGINT CHECK (a > 0);",
            "ALTER TABLE t ADD COLUMN a INTEGER CHECK (a > 0);",
        );
    }

    fn check_repeated(sql: &str, expected: Option<&str>) {
        assert_eq!(super::repeat_values(sql, 2).as_deref(), expected);
    }

    #[test]
    fn a_plain_insert_is_repeated() {
        check_repeated(
            "INSERT INTO t (a, b) VALUES ($2, LOWER($1), ')$1') ON CONFLICT DO NOTHING",
            Some(
                "INSERT INTO t (a, b) VALUES ($2, LOWER($1), ')$1'), ($4, LOWER($3), ')$1') \
                 ON CONFLICT DO NOTHING",
            ),
        );
    }

    #[test]
    fn an_upsert_or_another_statement_is_not_repeated() {
        check_repeated(
            "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = 1",
            None,
        );
        check_repeated("INSERT INTO t (a) VALUES ($1) RETURNING a", None);
        check_repeated("INSERT INTO t (a) SELECT $1 WHERE a IN (VALUES (1))", None);
        check_repeated("UPDATE t SET a = $1", None);
    }

    #[test]
    fn words_inside_names_are_left_alone() {
        check(
            Postgres,
            "CREATE TABLE TEXTS (a_TEXT BIGINT);",
            "CREATE TABLE TEXTS (a_TEXT BIGINT);",
        );
    }
}
