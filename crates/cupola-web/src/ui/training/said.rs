//! Values with how they came to be known, and what is not known with why.

use askama::Template;
use cupola_hub::training::Basis;

use crate::ui::{
    components::{Moment, html_safe},
    format,
};

/// A value in words; what nobody measured is marked.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_said.html")]
pub struct SaidText {
    /// The value, or `unknown`.
    pub text: String,
    /// How it came to be known, unless it was measured; empty for what is not known.
    pub mark: &'static str,
    /// The same for the style sheet.
    pub basis: &'static str,
    /// Why it is not known; empty where it is.
    pub why: &'static str,
}

/// When something ends, with the range in which it most likely does.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_end.html")]
pub struct End {
    /// Most likely then; none where nobody knows.
    pub at: Option<Moment>,
    /// With four chances in five between these; none while too little was measured.
    pub range: Option<(Moment, Moment)>,
    /// Why it is not known; empty where it is, and for what does not run.
    pub why: &'static str,
}

html_safe!(SaidText, End);

impl SaidText {
    /// A value that is known so.
    pub fn known(text: impl Into<String>, basis: Basis) -> Self {
        Self {
            text: text.into(),
            mark: match basis {
                Basis::Measured => "",
                Basis::Manual => "by hand",
                Basis::Configuration => "configured",
                Basis::Planned => "planned",
            },
            basis: basis.as_str(),
            why: "",
        }
    }

    /// A value that was measured.
    pub fn measured(text: impl Into<String>) -> Self {
        Self::known(text, Basis::Measured)
    }

    /// What nobody knows, and why.
    pub fn unknown(why: &'static str) -> Self {
        Self {
            text: "unknown".to_owned(),
            mark: "",
            basis: "",
            why,
        }
    }

    /// What there is none of.
    pub fn nothing() -> Self {
        Self::measured(format::NOTHING)
    }
}
