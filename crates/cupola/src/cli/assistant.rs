//! The options of `cupola ask`.

use clap::Args;

use super::Read;

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The question. Without one, each line of the input is a question.
    pub(crate) question: Option<String>,
    /// Forget what was talked about in this terminal.
    #[arg(long)]
    pub(crate) new: bool,
    /// Make the change that the answer proposes.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) read: Read,
}
