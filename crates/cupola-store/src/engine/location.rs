//! Where a database is.

use std::{fmt, path::PathBuf};

/// A SQLite file, or a PostgreSQL database by its URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// The file. Its folder also holds the lock file and belongs to one hub.
    Sqlite(PathBuf),
    /// A URL as libpq takes it. It may contain a password, so it is never shown.
    Postgres(String),
}

impl Location {
    /// `postgres://…` and `postgresql://…` are PostgreSQL, everything else is a path.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres(text.to_owned())
        } else {
            Self::Sqlite(PathBuf::from(text))
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(_) => f.write_str("the PostgreSQL database"),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_postgres_and_a_path_is_sqlite() {
        let url = "postgres://cupola@host/db".to_owned();
        assert_eq!(Location::parse(&url), Location::Postgres(url));
        let path = PathBuf::from("/data/cupola.db");
        assert_eq!(Location::parse("/data/cupola.db"), Location::Sqlite(path));
    }

    #[test]
    fn a_password_is_never_shown() {
        let location = Location::parse("postgresql://u:secret@host/db");
        assert!(!format!("{location} {location:?}").contains("secret"));
    }
}
