//! The assistant: questions in people's words about what is on a hub, and the tools that answer them.
//!
//! The grammar is pure: no I/O, no clock, no random source. A question, what was talked about before,
//! an index of names and the time give what is asked for, always the same; nothing is learnt or guessed
//! beyond the tables of [`words`].

#![warn(missing_docs)]

pub mod answer;
pub mod catalogue;
pub mod conversation;
pub mod conversations;
pub mod dialogue;
pub mod fact;
pub mod facts;
pub mod grammar;
pub mod index;
pub mod intent;
pub mod judged;
pub mod links;
pub mod names;
pub mod numbers;
pub mod people;
pub mod period;
pub mod question;
pub mod report;
pub mod spaces;
pub mod suggest;
pub mod tools;
pub mod wish;
pub mod words;
