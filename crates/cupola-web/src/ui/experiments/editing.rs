//! What the addresses of the form answer.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    field::FieldError,
    ids::{ExperimentId, RunId},
    schema::Schema,
    template::Template,
};
use cupola_hub::{Hub, HubError, experiments::ExperimentDraft, templates::DEFAULT_TEMPLATE};
use cupola_protocol::problem::FieldProblem;

use super::{Draft, EditPage, Editor, editor};
use crate::{
    auth::{Access, Researcher},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, html},
        form::{FIELDS_MAX, Op, Written},
        frame::{Frame, Section},
        paths,
    },
};

/// Where a form is looked at while somebody fills it in.
pub(super) const CHECK: &str = "/experiments/check";

/// A form may be this long: a configuration with 10,000 items fits many times.
const FORM_BYTES_MAX: usize = 8 << 20;

pub(super) fn routes() -> Routes {
    let researcher = Access::Role(Role::Researcher);
    Routes::new()
        .get(paths::NEW_EXPERIMENT, researcher, new)
        .post_up_to(FORM_BYTES_MAX, paths::NEW_EXPERIMENT, researcher, create)
        .post_up_to(FORM_BYTES_MAX, CHECK, researcher, check)
        .get("/experiments/{id}/edit", researcher, edit)
        .post_up_to(FORM_BYTES_MAX, "/experiments/{id}/edit", researcher, update)
}

/// Where a form comes from and goes to.
#[derive(Debug, Clone)]
struct Place {
    id: Option<ExperimentId>,
    /// The name of the experiment that is edited.
    name: String,
}

impl Place {
    fn new() -> Self {
        Self {
            id: None,
            name: String::new(),
        }
    }

    fn of(hub: &Hub, id: ExperimentId) -> Result<Self, HubError> {
        let name = hub.draft_of_experiment(id)?.name;
        Ok(Self { id: Some(id), name })
    }

    fn page(&self, who: &Principal, form: Editor) -> EditPage {
        let who = Some(who.into());
        let Some(id) = self.id else {
            return EditPage {
                frame: Frame::new("New experiment", Section::Experiments, who)
                    .under("Experiments", paths::EXPERIMENTS),
                heading: "New experiment".to_owned(),
                form: form.posting_to(paths::NEW_EXPERIMENT, paths::EXPERIMENTS),
            };
        };
        let page = paths::experiment(id, "");
        let form = form.posting_to(paths::experiment(id, "/edit"), &page);
        EditPage {
            frame: Frame::new("Edit", Section::Experiments, who)
                .under("Experiments", paths::EXPERIMENTS)
                .under(&self.name, page),
            heading: format!("Edit “{}”", self.name),
            form: Editor {
                check: format!("{CHECK}?experiment={id}"),
                verb: "Save",
                ..form
            },
        }
    }
}

/// The templates, and the schema of the one that a form asks for.
struct Templates {
    all: Vec<Arc<Template>>,
    schema: Schema,
}

impl Templates {
    /// One that is not there takes anything, so that nothing that was typed is lost.
    fn read(hub: &Hub, asked: &str) -> Self {
        let all = hub.list_templates();
        let found = all.iter().find(|template| template.name == asked);
        let schema = found.map(|template| template.schema.clone());
        Self {
            schema: schema.unwrap_or_default(),
            all,
        }
    }

    fn editor(&self, draft: &Draft, errors: &[FieldError]) -> Editor {
        let choices: Vec<_> = self.all.iter().map(|one| (&**one).into()).collect();
        Editor::new(draft, &self.schema, &choices, errors)
    }

    /// The form of a draft of the hub, with a word on what it cannot hold.
    fn editor_of(&self, draft: &ExperimentDraft) -> Editor {
        let (filled, left_out) = Draft::of(draft, &self.schema);
        let form = self.editor(&filled, &[]);
        Editor {
            notice: editor::left_out(&left_out),
            ..form
        }
    }
}

/// What a new experiment begins as: a template's defaults, another experiment, or a run.
#[derive(Debug, Clone)]
struct Beginning {
    template: String,
    experiment: Option<ExperimentId>,
    run: Option<RunId>,
}

impl Beginning {
    fn read(params: &mut Params) -> Self {
        Self {
            template: params.text("template").to_owned(),
            experiment: params.parsed("experiment"),
            run: params.parsed("run"),
        }
    }

    fn draft(&self, hub: &Hub) -> Result<ExperimentDraft, HubError> {
        let copied = match (self.experiment, self.run) {
            (Some(id), _) => hub.draft_of_experiment(id)?,
            (None, Some(id)) => hub.draft_of_run(id)?,
            (None, None) => {
                return Ok(ExperimentDraft {
                    template: self.template.clone(),
                    ..ExperimentDraft::default()
                });
            }
        };
        Ok(ExperimentDraft {
            name: format!("{} (copy)", copied.name),
            ..copied
        })
    }
}

async fn new(State(web): State<Web>, Researcher(who): Researcher, mut params: Params) -> Rendered {
    let beginning = Beginning::read(&mut params);
    params.finish()?;
    let form = hub_call(&web, move |hub| {
        let mut draft = beginning.draft(hub)?;
        if draft.template.is_empty() {
            DEFAULT_TEMPLATE.clone_into(&mut draft.template);
        }
        Ok(Templates::read(hub, &draft.template).editor_of(&draft))
    });
    html(&Place::new().page(&who, form.await?))
}

async fn edit(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Rendered {
    let (place, form) = hub_call(&web, move |hub| {
        let draft = hub.draft_of_experiment(id)?;
        let form = Templates::read(hub, &draft.template).editor_of(&draft);
        Ok((Place::of(hub, id)?, form))
    })
    .await?;
    html(&place.page(&who, form))
}

async fn create(
    State(web): State<Web>,
    Researcher(who): Researcher,
    fields: Fields,
) -> Result<Response, PageError> {
    submit(&web, &who, fields, None).await
}

async fn update(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
    fields: Fields,
) -> Result<Response, PageError> {
    submit(&web, &who, fields, Some(id)).await
}

/// What came of a form that was sent.
enum Outcome {
    /// It is saved; here is its page.
    Saved(ExperimentId),
    /// It is to be shown again, with what is wrong with it.
    Again(Place, Box<Editor>, StatusCode),
}

async fn submit(
    web: &Web,
    who: &Principal,
    fields: Fields,
    id: Option<ExperimentId>,
) -> Result<Response, PageError> {
    let fields = bounded(fields)?;
    let by = who.clone();
    let outcome = hub_call(web, move |hub| carry_out(hub, &fields, id, &by)).await?;
    match outcome {
        Outcome::Saved(id) => Ok(Redirect::to(&paths::experiment(id, "")).into_response()),
        Outcome::Again(place, form, status) => {
            let page = html(&place.page(who, *form))?;
            Ok((status, page).into_response())
        }
    }
}

/// Saves the form, or shows it again with a change that one of its buttons makes.
fn carry_out(
    hub: &Hub,
    fields: &Fields,
    id: Option<ExperimentId>,
    who: &Principal,
) -> Result<Outcome, HubError> {
    let place = id.map_or_else(|| Ok(Place::new()), |id| Place::of(hub, id))?;
    let templates = Templates::read(hub, fields.text("template"));
    let mut draft = Draft::read(fields, &templates.schema);
    let op = fields.text("op");
    if !["", "save", "start"].contains(&op) {
        let before = draft.config.clone();
        let focus = change(&mut draft, &templates, op);
        // What would be lost on the way is said instead of lost.
        let is_stuck = op == "turn" && draft.config == before;
        let errors = if is_stuck {
            mistakes(hub, &draft, &templates, id)?
        } else {
            Vec::new()
        };
        let form = Editor {
            focus: focus.unwrap_or_default(),
            ..templates.editor(&draft, &errors)
        };
        return Ok(Outcome::Again(place, Box::new(form), StatusCode::OK));
    }
    if let (Some(id), "start") = (id, op) {
        hub.refuse_spending(id, (&who.owner, who.role))?;
    }
    match save(hub, &draft, &templates, id, &who.name) {
        Ok(saved) => {
            if op == "start" {
                hub.start_experiment(saved, 1)?;
            }
            Ok(Outcome::Saved(saved))
        }
        Err(HubError::Invalid(errors)) => {
            let form = Box::new(templates.editor(&draft, &errors));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(Outcome::Again(place, form, status))
        }
        Err(error) => Err(error),
    }
}

fn save(
    hub: &Hub,
    draft: &Draft,
    templates: &Templates,
    id: Option<ExperimentId>,
    author: &str,
) -> Result<ExperimentId, HubError> {
    let said = draft.check(hub, &templates.schema, id)?;
    let saved = match id {
        Some(id) => hub.update_experiment(id, &said)?,
        None => hub.create_experiment(&said, author)?,
    };
    Ok(saved.experiment.id)
}

/// Changes the form as one of its buttons asks, and says what should have the focus then.
fn change(draft: &mut Draft, templates: &Templates, op: &str) -> Option<String> {
    if op == "turn" {
        let config = std::mem::replace(&mut draft.config, Written::Json(String::new()));
        draft.config = config.turned(&templates.schema);
        return Some("turn".to_owned());
    }
    if op == "template" {
        return Some("template".to_owned());
    }
    draft.config.apply(&templates.schema, &Op::parse(op)?)
}

/// Says what is wrong with a form, field by field, and changes nothing.
async fn check(
    State(web): State<Web>,
    _: Researcher,
    mut params: Params,
    fields: Fields,
) -> Result<Json<Vec<FieldProblem>>, PageError> {
    let edited = params.parsed("experiment");
    params.finish()?;
    let fields = bounded(fields)?;
    let errors = hub_call(&web, move |hub| {
        let templates = Templates::read(hub, fields.text("template"));
        let draft = Draft::read(&fields, &templates.schema);
        mistakes(hub, &draft, &templates, edited)
    });
    let problem = |error: FieldError| FieldProblem {
        field: error.field,
        message: error.message,
    };
    Ok(Json(errors.await?.into_iter().map(problem).collect()))
}

fn mistakes(
    hub: &Hub,
    draft: &Draft,
    templates: &Templates,
    edited: Option<ExperimentId>,
) -> Result<Vec<FieldError>, HubError> {
    match draft.check(hub, &templates.schema, edited) {
        Ok(_) => Ok(Vec::new()),
        Err(HubError::Invalid(errors)) => Ok(errors),
        Err(error) => Err(error),
    }
}

/// A form of no more fields than a form has.
fn bounded(fields: Fields) -> Result<Fields, PageError> {
    let total = fields.0.len();
    if total <= FIELDS_MAX {
        return Ok(fields);
    }
    let message = format!("has {total} fields, and a form at most {FIELDS_MAX}; write it as JSON");
    Err(vec![FieldError::new("config", message)].into())
}
