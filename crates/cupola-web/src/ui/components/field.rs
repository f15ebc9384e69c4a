//! A field of a form with its label, hint and error.

use askama::Template;

/// One choice of a select.
#[derive(Debug, Clone)]
pub struct Opt {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it stands there at first.
    pub is_selected: bool,
}

impl Opt {
    /// A choice; `chosen` is the form's value.
    pub fn new(value: impl Into<String>, label: impl Into<String>, chosen: &str) -> Self {
        let value = value.into();
        Self {
            is_selected: value == chosen,
            value,
            label: label.into(),
        }
    }
}

/// How a field is filled in.
#[derive(Debug, Clone)]
pub enum Input {
    /// One line.
    Text,
    /// One line that is not shown.
    Password,
    /// A number, as text: a browser forgets what it cannot read, and the person should see it again.
    Number,
    /// A number, also as text, that the arrow keys move. Each is empty for none.
    Stepped {
        /// Least.
        min: String,
        /// Largest.
        max: String,
        /// How far at a time.
        step: String,
    },
    /// Several lines.
    Area {
        /// How many are shown.
        rows: u32,
    },
    /// Several lines for a program, which do not break.
    Code {
        /// How many are shown.
        rows: u32,
    },
    /// An address of mail.
    Email,
    /// An address of a page.
    Url,
    /// One of a few.
    Select(Vec<Opt>),
    /// Yes or no. Sends `true` or `false`, never nothing.
    Check {
        /// Whether it is ticked.
        is_checked: bool,
    },
}

/// A field of a form.
#[derive(Debug, Clone, Template)]
#[template(path = "components/field.html")]
pub struct Field {
    /// Its key.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What it is for.
    pub hint: String,
    /// What stands in it.
    pub value: String,
    /// What is shown in it while nothing stands there.
    pub placeholder: String,
    /// What is wrong with that.
    pub error: Option<String>,
    /// Whether a form without it is refused.
    pub is_required: bool,
    /// How it is filled in.
    pub input: Input,
}

super::html_safe!(Field);

impl Field {
    /// A field of one line.
    pub fn new(
        name: impl Into<String>,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: String::new(),
            value: value.into(),
            placeholder: String::new(),
            error: None,
            is_required: false,
            input: Input::Text,
        }
    }

    /// Sets how it is filled in.
    #[must_use]
    pub fn with(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// Sets what it is for.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Sets what is shown while nothing stands there.
    #[must_use]
    pub fn placeholder(mut self, placeholder: impl Into<String>) -> Self {
        self.placeholder = placeholder.into();
        self
    }

    /// Refuses a form without it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Takes its own mistakes out of a form's.
    #[must_use]
    pub fn with_error_of(mut self, errors: &[cupola_domain::field::FieldError]) -> Self {
        self.error = errors
            .iter()
            .find(|error| error.field == self.name)
            .map(|error| error.message.clone());
        self
    }

    /// The ids of what describes it, for screen readers.
    pub fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let error = self.error.is_some().then(|| format!("{}-error", self.name));
        [hint, error]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_tied_to_its_message() {
        let errors = [cupola_domain::field::FieldError::new(
            "num_tasks",
            "`<x>` is not a whole number",
        )];
        let field = Field::new("num_tasks", "Tasks", "<x>")
            .with(Input::Number)
            .required()
            .with_error_of(&errors);
        insta::assert_snapshot!(field.to_string(), @r##"
        <div class="field is-wrong">
        <label for="num_tasks">Tasks <span class="required" aria-hidden="true">*</span></label>
        <input id="num_tasks" name="num_tasks" type="text" inputmode="decimal" value="&#60;x&#62;" autocomplete="off" required aria-invalid="true" aria-describedby="num_tasks-error">
        <p class="field-error" id="num_tasks-error">`&#60;x&#62;` is not a whole number</p>
        </div>
        "##);
    }
}
