//! The options of `cupola ask` and `cupola mcp`.

use clap::Args;

use super::{Connect, Read};

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The question. Without one, each line of the input is a question.
    pub(crate) question: Option<String>,
    /// Forget what was talked about in this terminal.
    #[arg(long)]
    pub(crate) new: bool,
    /// Answer without the language model, where the hub has one.
    #[arg(long)]
    pub(crate) no_model: bool,
    /// Make the change that the question asks for; what a language model proposes is asked about first.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) read: Read,
}

#[derive(Debug, Args)]
pub(crate) struct Mcp {
    #[command(flatten)]
    pub(crate) connect: Connect,
    /// Serve also tools that change something, with the token of this machine's command line.
    #[arg(long)]
    pub(crate) allow_changes: bool,
}
