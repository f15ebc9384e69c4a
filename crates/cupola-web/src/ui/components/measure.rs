//! A measured value.

use askama::Template;

use crate::ui::format;

/// A value, short, with all its digits in the title.
#[derive(Debug, Clone, Template)]
#[template(path = "components/measure.html")]
pub struct Measure {
    /// What is read.
    pub text: String,
    /// All digits; empty when there is no value.
    pub exact: String,
    /// Whether it is NaN or infinite: a value that was lost.
    pub is_lost: bool,
}

super::html_safe!(Measure);

impl From<f64> for Measure {
    fn from(value: f64) -> Self {
        Self {
            text: format::number(value),
            exact: value.to_string(),
            is_lost: !value.is_finite(),
        }
    }
}

impl From<Option<f64>> for Measure {
    fn from(value: Option<f64>) -> Self {
        value.map_or_else(
            || Self {
                text: format::NOTHING.to_owned(),
                exact: String::new(),
                is_lost: false,
            },
            Self::from,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_value_is_a_word() {
        insta::assert_snapshot!(Measure::from(f64::NAN).to_string(), @r#"<span class="measure is-lost" title="NaN">not a number</span>"#);
    }
}
