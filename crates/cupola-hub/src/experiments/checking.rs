//! Whether a draft of an experiment can be run.

use std::sync::Arc;

use cupola_domain::{
    field::FieldError,
    ids::ExperimentId,
    setup::{Setup, time_budget},
    task::Config,
    template::Template,
    text::storable,
};

use super::{COMMAND, ExperimentDraft, find_startable};
use crate::{Hub, HubError};

const NAME_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 20_000;

/// A draft in which nothing is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedExperiment {
    /// Its name for people.
    pub name: String,
    /// In its author's words.
    pub description: String,
    /// What it runs, as it is now.
    pub template: Arc<Template>,
    /// How its tasks are to be run, with the template's defaults.
    pub setup: Setup,
}

/// A draft that was looked at: what it asks for, unless something is wrong.
pub(super) struct Checked {
    pub(super) found: Option<CheckedExperiment>,
    pub(super) wrong: Vec<FieldError>,
}

impl Hub {
    /// Reads every field of a draft; all that is wrong is named at once. Mistakes in the configuration
    /// are named `config.…`.
    pub fn check_experiment(&self, draft: &ExperimentDraft) -> Result<CheckedExperiment, HubError> {
        let template = self.require_template(draft.template.trim());
        check(draft, template).into_result()
    }

    /// The same for a draft that an experiment is to be changed to. It may go on with the command that
    /// a file gave it.
    pub fn check_edit(
        &self,
        id: ExperimentId,
        draft: &ExperimentDraft,
    ) -> Result<CheckedExperiment, HubError> {
        let before = self.read(move |tx| find_startable(tx, id))?;
        let template = match draft.template.trim() {
            same if same == before.template => self.template_of(&before)?,
            other => self.require_template(other),
        };
        check(draft, template).into_result()
    }

    /// The template called so. A file's command has a name, too, but is none.
    pub(super) fn require_template(&self, name: &str) -> Result<Arc<Template>, FieldError> {
        self.templates.require(name).map_err(|error| match name {
            COMMAND => FieldError::new(
                "template",
                "`command` is what an experiment file gave, no template; run the file again with \
                 `cupola run FILE --hub URL`, or choose a template",
            ),
            _ => error,
        })
    }
}

impl Checked {
    pub(super) fn into_result(self) -> Result<CheckedExperiment, HubError> {
        self.found.ok_or(HubError::Invalid(self.wrong))
    }
}

/// Reads every field of a draft that asks for `template`.
pub(super) fn check(
    draft: &ExperimentDraft,
    template: Result<Arc<Template>, FieldError>,
) -> Checked {
    let mut wrong = Vec::new();
    let name = name(&draft.name, &mut wrong);
    let description = text(
        "description",
        &draft.description,
        DESCRIPTION_CHARS_MAX,
        &mut wrong,
    );
    let template = template.map_err(|error| wrong.push(error)).ok();
    let config = template.as_ref().and_then(|template| {
        let completed = completed(template, &draft.config);
        completed.map_err(|found| wrong.extend(found)).ok()
    });
    let setup = setup(draft, config.unwrap_or_default(), &mut wrong);
    let found = template.zip(setup).filter(|_| wrong.is_empty());
    Checked {
        found: found.map(|(template, setup)| CheckedExperiment {
            name,
            description,
            template,
            setup,
        }),
        wrong,
    }
}

/// The configuration with the template's defaults. A template without fields takes anything.
fn completed(template: &Template, config: &Config) -> Result<Config, Vec<FieldError>> {
    if template.schema.fields.is_empty() {
        return Ok(config.clone());
    }
    let completed = template.schema.complete(config);
    completed.map_err(|errors| errors.into_iter().map(|e| e.under("config")).collect())
}

/// A name that is there and fits.
fn name(given: &str, errors: &mut Vec<FieldError>) -> String {
    let name = text("name", given, NAME_CHARS_MAX, errors);
    if name.is_empty() {
        errors.push(FieldError::new("name", "is empty; give it a name"));
    }
    name
}

fn text(field: &str, given: &str, chars_max: usize, errors: &mut Vec<FieldError>) -> String {
    let kept = storable(given.trim()).into_owned();
    let chars = kept.chars().count();
    if chars > chars_max {
        let message = format!("has {chars} characters; at most {chars_max} fit");
        errors.push(FieldError::new(field, message));
    }
    kept
}

fn setup(draft: &ExperimentDraft, config: Config, errors: &mut Vec<FieldError>) -> Option<Setup> {
    let time_budget = time_budget(draft.time_budget_secs);
    let time_budget = time_budget.map_err(|error| errors.push(error)).ok();
    let setup = Setup {
        config,
        seed: draft.seed,
        time_budget: time_budget.unwrap_or_default(),
        environment: draft.environment.clone(),
        working_folder: draft.working_folder.clone(),
        tags: draft.tags.clone(),
        priority: draft.priority,
    };
    setup.check().map_err(|found| errors.extend(found)).ok()
}
