//! The options of `cupola template`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Read;

#[derive(Debug, Subcommand)]
pub(crate) enum Template {
    /// List a hub's templates, and the manifests that it could not read.
    List(Read),
    /// Check the template in a folder, or those in the folders in it. Needs no hub.
    ///
    /// Prints `FILE:LINE: REASON` for all that is wrong, and exits with 1 if anything is.
    Check {
        /// The folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Write a folder with a template that works, to begin with. Needs no hub.
    New {
        /// Its name: lower-case letters, digits and dashes. The folder is called so too.
        name: String,
        /// What its program is written in.
        #[arg(long, value_enum, default_value_t = Kind::Python)]
        kind: Kind,
        /// Where the folder is made.
        #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
        parent: PathBuf,
    },
}

/// What a new template's program is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// One file of plain Python.
    Python,
    /// A shell script.
    Shell,
}
