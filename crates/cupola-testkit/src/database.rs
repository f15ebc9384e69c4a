//! A fresh database of each kind, for suites that run on both.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use cupola_store::{Location, Migration, Options, Store, StoreError};
use tempfile::TempDir;

use crate::postgres_server::PostgresDatabase;

/// What the clock of [`Database::options`] says first, in milliseconds; each reading adds one.
pub const CLOCK_START: i64 = 1_700_000_000_000;

/// An empty database. Dropping it deletes it, so the stores opened on it must be gone before.
pub struct Database {
    location: Location,
    place: Place,
}

#[expect(
    dead_code,
    reason = "the values are kept for what their drop does: delete the database"
)]
enum Place {
    Folder(TempDir),
    Server(PostgresDatabase),
}

/// One fresh database of each kind, SQLite first: `for database in databases() { … }`.
pub fn databases() -> [Database; 2] {
    [Database::sqlite(), Database::postgres()]
}

impl Database {
    /// A file in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("the temporary folder is writable");
        Self {
            location: Location::Sqlite(folder.path().join("cupola.db")),
            place: Place::Folder(folder),
        }
    }

    /// A database on the server that all tests share. Panics, saying what to install, where
    /// PostgreSQL is missing: a suite that ran on one database only has not passed.
    pub fn postgres() -> Self {
        let database = PostgresDatabase::create();
        Self {
            location: Location::Postgres(database.url()),
            place: Place::Server(database),
        }
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The folder of a SQLite database.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Server(_) => None,
        }
    }

    /// Options with a clock that starts at [`CLOCK_START`] and ticks once at each reading.
    pub fn options(&self) -> Options {
        let clock = Arc::new(AtomicI64::new(CLOCK_START));
        Options::new(move || clock.fetch_add(1, Ordering::Relaxed))
    }

    /// Opens it with the program's schema.
    pub fn open(&self) -> Store {
        self.open_with(self.options())
            .unwrap_or_else(|error| panic!("{self} opens: {error}"))
    }

    /// Opens it with a schema of the test's own.
    pub fn open_with_schema(&self, migrations: &'static [Migration]) -> Store {
        let mut options = self.options();
        options.migrations = migrations;
        self.open_with(options)
            .unwrap_or_else(|error| panic!("{self} opens: {error}"))
    }

    /// Opens it as told; the error is the test's to judge.
    pub fn open_with(&self, options: Options) -> Result<Store, StoreError> {
        Store::open(&self.location, options)
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.place {
            Place::Folder(_) => "SQLite",
            Place::Server(_) => "PostgreSQL",
        })
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

/// Makes two tests of each function, `sqlite::name` and `postgres::name`; each is given a fresh [`Database`].
#[macro_export]
macro_rules! on_each_database {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(&$crate::Database::sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $test() {
                super::$test(&$crate::Database::postgres());
            })*
        }
    };
}
