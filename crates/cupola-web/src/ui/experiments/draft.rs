//! The form of an experiment as it was filled in.

use cupola_domain::{field::FieldError, ids::ExperimentId, schema::Schema};
use cupola_hub::{Hub, HubError, experiments::ExperimentDraft};

use super::pairs;
use crate::ui::{answer::Fields, form::Written};

/// What the form says, each field as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it runs.
    pub template: String,
    /// Its name for people.
    pub name: String,
    /// In its author's words.
    pub description: String,
    /// How it is configured.
    pub config: Written,
    /// How long a run may take, in seconds.
    pub time_budget: String,
    /// The random seed; empty gives each task its own.
    pub seed: String,
    /// Higher is leased first.
    pub priority: String,
    /// Where the program starts; empty for the run's own folder.
    pub working_folder: String,
    /// Variables for the program, one a line.
    pub environment: String,
    /// For people, one a line.
    pub tags: String,
}

impl Draft {
    /// What a draft of the hub says; values that the schema has no field for are left out and named
    /// in the second part.
    pub fn of(draft: &ExperimentDraft, schema: &Schema) -> (Self, Vec<String>) {
        let (config, left_out) = Written::of_config(schema, &draft.config);
        let filled = Self {
            template: draft.template.clone(),
            name: draft.name.clone(),
            description: draft.description.clone(),
            config,
            time_budget: draft.time_budget_secs.to_string(),
            seed: draft.seed.map(|seed| seed.to_string()).unwrap_or_default(),
            priority: draft.priority.to_string(),
            working_folder: draft.working_folder.clone().unwrap_or_default(),
            environment: pairs::written(&draft.environment),
            tags: pairs::written(&draft.tags),
        };
        (filled, left_out)
    }

    /// What was sent.
    pub(super) fn read(fields: &Fields, schema: &Schema) -> Self {
        let text = |name: &str| fields.text(name).replace("\r\n", "\n");
        Self {
            template: text("template"),
            name: text("name"),
            description: text("description"),
            config: Written::read(schema, &fields.0),
            time_budget: text("time_budget_secs"),
            seed: text("seed"),
            priority: text("priority"),
            working_folder: text("working_folder"),
            environment: text("environment"),
            tags: text("tags"),
        }
    }

    /// The draft that it says, or everything that is wrong with it, whoever found it. Mistakes are
    /// named as the fields of the form are.
    pub(super) fn check(
        &self,
        hub: &Hub,
        schema: &Schema,
        edited: Option<ExperimentId>,
    ) -> Result<ExperimentDraft, HubError> {
        let (said, mut errors) = self.said(schema);
        let checked = match edited {
            Some(id) => hub.check_edit(id, &said),
            None => hub.check_experiment(&said),
        };
        match checked {
            Ok(_) if errors.is_empty() => return Ok(said),
            Ok(_) => {}
            Err(HubError::Invalid(found)) => {
                let is_new = |field: &str| {
                    let mut own = errors.iter().map(|error| error.field.as_str());
                    own.all(|own| !is_below(field, own))
                };
                let found: Vec<_> = found.into_iter().filter(|e| is_new(&e.field)).collect();
                errors.extend(found);
            }
            Err(error) => return Err(error),
        }
        Err(HubError::Invalid(errors.into_iter().map(placed).collect()))
    }

    /// The draft with what can be read, and what cannot.
    fn said(&self, schema: &Schema) -> (ExperimentDraft, Vec<FieldError>) {
        let (config, mut errors) = self.config.config(schema);
        let defaults = ExperimentDraft::default();
        let secs = number::<f64>(&self.time_budget, "a number of seconds");
        let seed = number(&self.seed, "a whole number");
        let priority = number::<i64>(&self.priority, "a whole number");
        let environment = pairs::read(&self.environment);
        let tags = pairs::read(&self.tags);
        let folder = self.working_folder.trim();
        let draft = ExperimentDraft {
            name: self.name.clone(),
            description: self.description.clone(),
            template: self.template.clone(),
            config,
            seed: kept("seed", seed, &mut errors),
            time_budget_secs: kept("time_budget_secs", secs, &mut errors)
                .unwrap_or(defaults.time_budget_secs),
            environment: kept("environment", environment, &mut errors),
            working_folder: Some(folder.to_owned()).filter(|folder| !folder.is_empty()),
            tags: kept("tags", tags, &mut errors),
            priority: kept("priority", priority, &mut errors).unwrap_or(defaults.priority),
        };
        (draft, errors)
    }
}

/// What was read; nothing, and a mistake, where it could not be.
fn kept<T: Default>(field: &str, read: Result<T, String>, errors: &mut Vec<FieldError>) -> T {
    read.unwrap_or_else(|message| {
        errors.push(FieldError::new(field, message));
        T::default()
    })
}

/// A number; none where nothing stands.
fn number<N: std::str::FromStr>(text: &str, wanted: &str) -> Result<Option<N>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().map(Some);
    number.map_err(|_| format!("is `{text}`; give {wanted}"))
}

/// Whether `field` is `above` or lies below it.
fn is_below(field: &str, above: &str) -> bool {
    field
        .strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A mistake at a field of the form: variables and tags stand in one text area each.
fn placed(error: FieldError) -> FieldError {
    for area in ["environment", "tags"] {
        let name = error.field.strip_prefix(area);
        if let Some(name) = name.and_then(|rest| rest.strip_prefix('.')) {
            return FieldError::new(area, format!("`{name}` {}", error.message));
        }
    }
    error
}
