//! The assistant: questions in people's words about what is on a hub.
//!
//! The grammar is pure: no I/O, no clock, no random source. A question, what was talked about before,
//! an index of names and the time give what is asked for, always the same; nothing is learnt or guessed
//! beyond the tables of [`words`].

#![warn(missing_docs)]

pub mod catalogue;
pub mod conversation;
pub mod grammar;
pub mod intent;
pub mod names;
pub mod period;
pub mod question;
pub mod suggest;
pub mod wish;
pub mod words;
