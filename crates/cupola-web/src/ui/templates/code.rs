//! `/code/{hash}`: the code that a run used, as it was.

use askama::Template;

use crate::ui::{
    components::{CodeBlock, Link},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "code/show.html")]
pub struct Code {
    /// Around it.
    pub frame: Frame,
    /// What it is known by.
    pub hash: String,
    /// The template that it came from.
    pub template: Link,
    /// What is run.
    pub command: CodeBlock,
    /// The files.
    pub files: Vec<FileView>,
}

/// A file.
#[derive(Debug, Clone)]
pub struct FileView {
    /// Below the template's folder.
    pub path: String,
    /// `1.2 KiB`.
    pub size: String,
    /// Its beginning, if it is a text.
    pub text: Option<String>,
    /// What is said of it besides: that it is no text, or that there is more of it.
    pub remark: String,
}
