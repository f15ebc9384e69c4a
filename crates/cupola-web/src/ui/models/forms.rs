//! Forms by which models are changed: each is a page with a few fields.

use askama::Template;
use cupola_domain::{
    field::FieldError,
    model::{DeploymentStatus, ModelVersion, Stage},
};
use cupola_hub::{
    HubError,
    models::{KnownVersion, ModelDetail, NewDeployment, NewEvaluation, Promotion, Revision},
};

use crate::ui::{
    answer::Fields,
    components::{Field, Input, Opt},
    frame::Frame,
};

/// A page with a form.
#[derive(Debug, Clone, Template)]
#[template(path = "models/form.html")]
pub struct ModelForm {
    /// Around it.
    pub frame: Frame,
    /// What it is about.
    pub title: String,
    /// What comes of it.
    pub lead: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What is wrong with what no field shows.
    pub errors: Vec<String>,
    /// What the button says.
    pub verb: &'static str,
    /// Where it posts.
    pub action: String,
    /// Where one leaves it.
    pub back: String,
}

/// The field of notes.
pub(super) fn notes(fields: &Fields) -> Vec<Field> {
    let text = fields.text("description");
    vec![Field::new("description", "Notes", text).with(Input::Area { rows: 8 })]
}

/// A version's stage, aliases and notes.
pub(super) fn version(fields: &Fields) -> Vec<Field> {
    let stage = fields.text("stage");
    vec![
        Field::new("stage", "Stage", stage).with(stages(stage)),
        Field::new("archive_others", "Archive all others in this stage", "").with(Input::Check {
            is_checked: fields.text("archive_others") == "true",
        }),
        Field::new("aliases", "Aliases", fields.text("aliases"))
            .hint("Separated by commas. An alias that stands for another version moves here."),
        Field::new("description", "Notes", fields.text("description"))
            .with(Input::Area { rows: 5 }),
    ]
}

fn stages(chosen: &str) -> Input {
    let stages = Stage::ALL.iter();
    Input::Select(
        stages
            .map(|stage| Opt::new(stage.as_str(), stage.as_str(), chosen))
            .collect(),
    )
}

/// What stands in the form of a version before anything is changed.
pub(super) fn of_version(known: &KnownVersion) -> Fields {
    let ModelVersion {
        stage, description, ..
    } = &known.version;
    said(&[
        ("stage", stage.as_str()),
        ("aliases", &known.aliases.join(", ")),
        ("description", description),
    ])
}

pub(super) fn said(pairs: &[(&str, &str)]) -> Fields {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Fields(pairs.iter().map(owned).collect())
}

pub(super) fn read_revision(fields: &Fields) -> Result<Revision, HubError> {
    let stage = stage_of(fields)?;
    Ok(Revision {
        stage,
        // Nobody asks for it in a stage where it means nothing.
        is_alone: fields.text("archive_others") == "true" && stage.is_active(),
        description: fields.text("description").to_owned(),
        aliases: aliases_of(fields),
    })
}

fn stage_of(fields: &Fields) -> Result<Stage, HubError> {
    let text = fields.text("stage");
    text.parse()
        .map_err(|()| wrong("stage", format!("`{text}` is not a stage")))
}

fn aliases_of(fields: &Fields) -> Vec<String> {
    let aliases = fields.text("aliases").split(',').map(str::trim);
    let aliases = aliases.filter(|alias| !alias.is_empty());
    aliases.map(str::to_owned).collect()
}

/// Which run's files become a version.
pub(super) fn promotion(fields: &Fields) -> Vec<Field> {
    let stage = fields.text("stage");
    vec![
        Field::new("model", "Model", fields.text("model"))
            .required()
            .hint("Made where there is none of this name."),
        Field::new("files", "Files", fields.text("files"))
            .with(Input::Code { rows: 4 })
            .hint("Files and folders of the run, one a line."),
        Field::new("stage", "Stage", stage).with(stages(stage)),
        Field::new("aliases", "Aliases", fields.text("aliases")).hint("Separated by commas."),
        Field::new("description", "Notes", fields.text("description"))
            .with(Input::Area { rows: 4 }),
    ]
}

pub(super) fn read_promotion(fields: &Fields) -> Result<Promotion, HubError> {
    let files = fields.text("files").lines().map(str::trim);
    let stage = stage_of(fields)?;
    Ok(Promotion {
        model: fields.text("model").to_owned(),
        files: files
            .filter(|file| !file.is_empty())
            .map(str::to_owned)
            .collect(),
        description: fields.text("description").to_owned(),
        stage: (stage != Stage::None).then_some(stage),
        aliases: aliases_of(fields),
    })
}

/// How a model did.
pub(super) fn evaluation(fields: &Fields, detail: &ModelDetail) -> Vec<Field> {
    vec![
        which(fields, detail),
        Field::new("metric", "Metric", fields.text("metric"))
            .placeholder("overall_score")
            .hint("What was measured."),
        Field::new("score", "Score", fields.text("score"))
            .with(Input::Number)
            .hint("Left empty, what the run gave."),
        Field::new("run", "Run", fields.text("run"))
            .hint("The id of the run that measured it, if one did."),
        Field::new("source", "Called", fields.text("source"))
            .hint("The set of questions, for instance."),
        Field::new("note", "Note", fields.text("note")).with(Input::Area { rows: 3 }),
    ]
}

pub(super) fn read_evaluation(fields: &Fields) -> Result<NewEvaluation, HubError> {
    let score = fields.text("score").trim();
    let score = match score {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| wrong("score", format!("`{text}` is not a number")))?,
        ),
    };
    let run = match fields.text("run").trim() {
        "" => None,
        id => Some(
            id.parse()
                .map_err(|_| wrong("run", format!("there is no run `{id}`")))?,
        ),
    };
    Ok(NewEvaluation {
        version: version_of(fields)?,
        metric: fields.text("metric").to_owned(),
        score,
        run,
        source: fields.text("source").to_owned(),
        note: fields.text("note").to_owned(),
        at: None,
    })
}

/// Where a model is deployed.
pub(super) fn deployment(fields: &Fields, detail: &ModelDetail) -> Vec<Field> {
    let status = match fields.text("status") {
        "" => DeploymentStatus::Active.as_str(),
        status => status,
    };
    let all = DeploymentStatus::ALL.iter();
    let all = all.map(|one| Opt::new(one.as_str(), one.as_str(), status));
    vec![
        which(fields, detail),
        Field::new("status", "Status", status).with(Input::Select(all.collect())),
        Field::new("place", "Where", fields.text("place"))
            .hint("A machine, a service or an address."),
        Field::new("note", "Note", fields.text("note")).with(Input::Area { rows: 3 }),
    ]
}

pub(super) fn read_deployment(fields: &Fields) -> Result<NewDeployment, HubError> {
    let status = fields.text("status");
    Ok(NewDeployment {
        version: version_of(fields)?,
        status: status
            .parse()
            .map_err(|()| wrong("status", format!("`{status}` is not a status")))?,
        place: fields.text("place").to_owned(),
        note: fields.text("note").to_owned(),
    })
}

/// Which version is meant.
fn which(fields: &Fields, detail: &ModelDetail) -> Field {
    let chosen = fields.text("version");
    let versions = detail.versions.iter().map(|one| {
        let number = one.known.version.number.to_string();
        Opt::new(&number, format!("v{number}"), chosen)
    });
    let all = std::iter::once(Opt::new("", "the model as a whole", chosen)).chain(versions);
    Field::new("version", "Version", chosen).with(Input::Select(all.collect()))
}

fn version_of(fields: &Fields) -> Result<Option<u32>, HubError> {
    match fields.text("version").trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| wrong("version", format!("`{text}` is not a version"))),
    }
}

fn wrong(field: &str, message: String) -> HubError {
    HubError::Invalid(vec![FieldError::new(field, message)])
}

/// The same mistakes, those with an alias under the name that the form has for the field.
pub(super) fn renamed_alias(error: HubError) -> HubError {
    let HubError::Invalid(mut errors) = error else {
        return error;
    };
    for error in errors.iter_mut().filter(|error| error.field == "alias") {
        "aliases".clone_into(&mut error.field);
    }
    HubError::Invalid(errors)
}
