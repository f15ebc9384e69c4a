//! Formats that are not ours: other programs' files, read and never written, and the open formats in
//! which tables are given away. Bytes in, what they say out, and the other way round.

pub mod afs;
pub mod table;
pub mod tar;
pub mod tensorboard;
