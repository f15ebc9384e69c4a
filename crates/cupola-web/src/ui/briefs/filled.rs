//! The form of a brief as it was filled in.

use cupola_domain::{brief::Draft, field::FieldError};
use serde_json::{Map, Value};

use crate::ui::answer::Fields;

/// What a form says: a draft, and the rows of the search space as they were typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filled {
    pub(super) draft: Draft,
    pub(super) rows: Vec<(String, String)>,
    /// What is wrong with the rows themselves.
    pub(super) errors: Vec<FieldError>,
}

impl Filled {
    /// A form that nobody has touched.
    pub(super) fn untouched(template: &str) -> Self {
        let draft = Draft {
            template: template.to_owned(),
            hardware: "small".to_owned(),
            device_class: "any".to_owned(),
            num_tasks: "10".to_owned(),
            time_budget: "60".to_owned(),
            sampler: "random".to_owned(),
            study_seed: "0".to_owned(),
            ..Draft::default()
        };
        Self {
            draft,
            ..Self::default()
        }
    }

    /// What was sent. Rows without anything are passed over.
    pub(super) fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        let rows: Vec<_> = fields
            .all("parameter")
            .zip(fields.all("expression"))
            .map(|(name, expression)| (name.trim().to_owned(), expression.trim().to_owned()))
            .filter(|(name, expression)| !name.is_empty() || !expression.is_empty())
            .collect();
        let (space, errors) = space(&rows);
        let draft = Draft {
            title: text("title"),
            goal: text("goal"),
            constraints: text("constraints"),
            template: text("template"),
            budget_credits: text("budget_credits"),
            hardware: text("hardware"),
            device_class: text("device_class"),
            num_tasks: text("num_tasks"),
            time_budget: text("time_budget"),
            sampler: text("sampler"),
            study_seed: text("study_seed"),
            priority: text("priority"),
            space,
        };
        Self {
            draft,
            rows,
            errors,
        }
    }
}

fn space(rows: &[(String, String)]) -> (Map<String, Value>, Vec<FieldError>) {
    let mut space = Map::new();
    let mut errors = Vec::new();
    for (name, expression) in rows {
        if name.is_empty() {
            let message = format!("`{expression}` belongs to no parameter; name one beside it");
            errors.push(FieldError::new("space", message));
        } else if space.contains_key(name) {
            let message = "is there twice; keep one of the two rows";
            errors.push(FieldError::new(format!("space.{name}"), message));
        } else {
            space.insert(name.clone(), Value::String(expression.clone()));
        }
    }
    (space, errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[(&str, &str)], expected: &str, wrong: &[&str]) {
        let pairs = rows
            .iter()
            .flat_map(|(name, expression)| [("parameter", *name), ("expression", *expression)]);
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let filled = Filled::read(&Fields(pairs.collect()));
        let fields: Vec<_> = filled.errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(Value::Object(filled.draft.space).to_string(), expected);
        assert_eq!(fields, wrong);
    }

    #[test]
    fn rows_become_parameters() {
        check(
            &[("lr", " fixed(1) "), (" ", "")],
            r#"{"lr":"fixed(1)"}"#,
            &[],
        );
        check(&[("lr", "")], r#"{"lr":""}"#, &[]);
        check(&[("", "fixed(1)")], "{}", &["space"]);
        check(&[("a", "1"), ("a", "2")], r#"{"a":"1"}"#, &["space.a"]);
    }
}
