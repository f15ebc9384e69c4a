//! Other programs' files, read and never written: bytes in, what they say out.

pub mod tensorboard;
