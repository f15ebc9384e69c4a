//! What is wrong with a field of a space or of a configuration.

/// One fault: the field, and a message that names the value and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {message}")]
pub struct SpaceError {
    /// The parameter at fault; empty when the space as a whole is.
    pub field: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl SpaceError {
    pub(crate) fn new(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
        }
    }
}
