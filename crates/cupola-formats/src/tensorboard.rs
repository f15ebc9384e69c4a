//! `TensorBoard`'s event files (`events.out.tfevents.*`): scalars in all of their forms,
//! hyperparameters, and what else there is by its kind.
//!
//! A file is a sequence of records, each with checksums; a record is one protocol buffer. A reader
//! takes the file's bytes as they come, so that a file can be followed while it grows.

mod event;
mod record;
mod tensor;
mod wire;

use cupola_domain::time::Timestamp;
use serde_json::{Map, Value};

pub use record::{Damage, DamageKind};

use record::Cutter;

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// One value of a series.
    Scalar {
        /// The series.
        tag: String,
        /// The program's own count.
        step: i64,
        /// When it was written.
        at: Timestamp,
        /// Any double.
        value: f64,
    },
    /// What a session was configured with.
    Hyperparameters(Map<String, Value>),
    /// A session began: what was said before of this step and later is superseded.
    SessionStart {
        /// The first step of the session.
        step: i64,
    },
    /// Something that is no number.
    Other {
        /// Its name.
        tag: String,
        /// The program's own count.
        step: i64,
        /// What it is: `text`, `image`, `audio`, `histogram`, `tensor` or its plugin's name.
        kind: String,
    },
}

/// Reads one file.
#[derive(Debug, Default)]
pub struct Reader {
    cutter: Cutter,
    plugins: event::Plugins,
}

impl Reader {
    /// Takes the next bytes of the file; says what its whole records say, and what could not be read.
    pub fn push(&mut self, bytes: &[u8], mut say: impl FnMut(Said)) -> Vec<Damage> {
        let plugins = &mut self.plugins;
        self.cutter.push(bytes, |record| {
            event::read(record, plugins, &mut say).ok_or(DamageKind::NotAnEvent)
        })
    }

    /// No more bytes come: what is wrong with the file's end, if anything is.
    pub fn finish(self) -> Option<Damage> {
        self.cutter.finish()
    }
}

#[cfg(test)]
mod tests;
