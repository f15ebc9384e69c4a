//! What changes a model: forms, and questions before something is lost.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    field::FieldError,
    ids::{ModelId, RunId},
};
use cupola_hub::{
    Hub, HubError,
    models::{ModelDetail, VersionName},
};

use super::super::forms::{self, ModelForm};
use crate::{
    auth::{Access, Researcher},
    error::PageError,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, done, html},
        components::{Field, Link},
        confirmation::{Confirmation, Subject},
        format,
        frame::{Frame, Section},
        paths,
        plain::plain,
    },
};

pub(super) fn routes() -> Routes {
    let researcher = Access::Role(Role::Researcher);
    Routes::new()
        .get("/models/{id}/notes", researcher, ask_notes)
        .post("/models/{id}/notes", researcher, describe)
        .get("/models/{id}/evaluation", researcher, ask_evaluation)
        .post("/models/{id}/evaluation", researcher, evaluate)
        .get("/models/{id}/deployment", researcher, ask_deployment)
        .post("/models/{id}/deployment", researcher, deploy)
        .get("/models/{id}/deletion", researcher, ask_deletion)
        .post("/models/{id}/deletion", researcher, delete)
        .get("/models/{id}/versions/{version}", researcher, ask_version)
        .post(
            "/models/{id}/versions/{version}",
            researcher,
            change_version,
        )
        .get(
            "/models/{id}/versions/{version}/deletion",
            researcher,
            ask_version_deletion,
        )
        .post(
            "/models/{id}/versions/{version}/deletion",
            researcher,
            delete_version,
        )
        .get("/runs/{id}/promotion", researcher, ask_promotion)
        .post("/runs/{id}/promotion", researcher, promote)
}

async fn detail_of(web: &Web, id: ModelId) -> Result<ModelDetail, PageError> {
    Ok(hub_call(web, move |hub| hub.model_detail(&id.to_string())).await?)
}

/// A form about a model, with what is said about it.
struct About<'a> {
    who: &'a Principal,
    detail: &'a ModelDetail,
    /// What the page is called.
    title: &'static str,
    lead: &'static str,
    verb: &'static str,
    /// The address of the form, below that of the model.
    part: String,
}

impl About<'_> {
    fn form(&self, fields: Vec<Field>, errors: &[FieldError]) -> ModelForm {
        let model = &self.detail.summary.known.model;
        let (name, page) = (plain(&model.name), paths::model(model.id, ""));
        let frame = Frame::new(self.title, Section::Models, Some(self.who.into()));
        ModelForm {
            frame: frame.under("Models", paths::MODELS).under(&name, &page),
            title: format!("{}: {name}", self.title),
            lead: self.lead.to_owned(),
            errors: not_shown(&fields, errors),
            fields: with_errors(fields, errors),
            verb: self.verb,
            action: paths::model(model.id, &self.part),
            back: page,
        }
    }

    /// Onwards, or the form again with what is wrong.
    fn answer<T>(
        &self,
        answer: Result<T, HubError>,
        fields: Vec<Field>,
    ) -> Result<Response, PageError> {
        let page = paths::model(self.detail.summary.known.model.id, "");
        answered(answer, &page, self.who, |errors| self.form(fields, errors))
    }
}

/// What no field shows by itself.
fn not_shown(fields: &[Field], errors: &[FieldError]) -> Vec<String> {
    let is_shown = |error: &&FieldError| fields.iter().all(|field| field.name != error.field);
    let errors = errors.iter().filter(is_shown);
    errors.map(ToString::to_string).collect()
}

fn with_errors(fields: Vec<Field>, errors: &[FieldError]) -> Vec<Field> {
    let fields = fields.into_iter();
    fields.map(|field| field.with_error_of(errors)).collect()
}

fn answered<T>(
    answer: Result<T, HubError>,
    page: &str,
    who: &Principal,
    form: impl FnOnce(&[FieldError]) -> ModelForm,
) -> Result<Response, PageError> {
    match answer {
        Err(HubError::Invalid(errors)) => {
            let form = html(&form(&errors))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, form).into_response())
        }
        answer => done(answer, who, page, Link::new("Back", page)),
    }
}

fn notes<'a>(who: &'a Principal, detail: &'a ModelDetail) -> About<'a> {
    About {
        who,
        detail,
        title: "Notes",
        lead: "For people: what it is for, what to take care of.",
        verb: "Save",
        part: "/notes".to_owned(),
    }
}

async fn ask_notes(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
) -> Rendered {
    let detail = detail_of(&web, id).await?;
    let said = forms::said(&[("description", &detail.summary.known.model.description)]);
    html(&notes(&who, &detail).form(forms::notes(&said), &[]))
}

async fn describe(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let detail = detail_of(&web, id).await?;
    let (name, text) = (name_of(&detail), fields.text("description").to_owned());
    let answer = hub_call(&web, move |hub| hub.describe_model(&name, &text)).await;
    notes(&who, &detail).answer(answer, forms::notes(&fields))
}

fn name_of(detail: &ModelDetail) -> String {
    detail.summary.known.model.name.clone()
}

fn evaluation<'a>(who: &'a Principal, detail: &'a ModelDetail) -> About<'a> {
    About {
        who,
        detail,
        title: "Evaluate",
        lead: "Adds to the history of how the model did; nothing there changes.",
        verb: "Add",
        part: "/evaluation".to_owned(),
    }
}

async fn ask_evaluation(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
) -> Rendered {
    let detail = detail_of(&web, id).await?;
    let fields = forms::evaluation(&Fields::default(), &detail);
    html(&evaluation(&who, &detail).form(fields, &[]))
}

async fn evaluate(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let detail = detail_of(&web, id).await?;
    let (name, author) = (name_of(&detail), who.name.clone());
    let asked = fields.clone();
    let answer = hub_call(&web, move |hub| {
        hub.evaluate_model(&name, forms::read_evaluation(&asked)?, &author)
    });
    let answer = answer.await;
    evaluation(&who, &detail).answer(answer, forms::evaluation(&fields, &detail))
}

fn deployment<'a>(who: &'a Principal, detail: &'a ModelDetail) -> About<'a> {
    About {
        who,
        detail,
        title: "Deploy",
        lead: "Says where the model is used from now on; what was said before stays in the history.",
        verb: "Save",
        part: "/deployment".to_owned(),
    }
}

async fn ask_deployment(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
) -> Rendered {
    let detail = detail_of(&web, id).await?;
    let fields = forms::deployment(&Fields::default(), &detail);
    html(&deployment(&who, &detail).form(fields, &[]))
}

async fn deploy(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let detail = detail_of(&web, id).await?;
    let (name, author) = (name_of(&detail), who.name.clone());
    let asked = fields.clone();
    let answer = hub_call(&web, move |hub| {
        hub.deploy_model(&name, forms::read_deployment(&asked)?, &author)
    });
    let answer = answer.await;
    deployment(&who, &detail).answer(answer, forms::deployment(&fields, &detail))
}

async fn ask_deletion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
) -> Rendered {
    let detail = detail_of(&web, id).await?;
    let versions = detail.versions.len() as u64;
    let mut consequences = vec![format!(
        "{} with the files that they keep",
        format::counted(versions, "version", "versions")
    )];
    if detail.evaluated > 0 {
        consequences.push(format::counted(
            detail.evaluated,
            "evaluation",
            "evaluations",
        ));
    }
    let subject = Subject {
        who: &who,
        section: Section::Models,
        list: ("Models", paths::MODELS),
        kind: "model",
        name: &plain(&detail.summary.known.model.name),
        address: paths::model(id, ""),
    };
    html(&subject.deletion(consequences))
}

async fn delete(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ModelId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| {
        hub.delete_model(&hub.model_name(&id.to_string())?)
    });
    let back = Link::new("Back to the model", paths::model(id, ""));
    done(answer.await, &who, paths::MODELS, back)
}

/// A version in a path: the model, and its number. What is no number names nothing.
type Version = Path<(String, String)>;

async fn version_of(
    web: &Web,
    Path((model, version)): Version,
) -> Result<(ModelDetail, u32), PageError> {
    let number: u32 = version
        .parse()
        .map_err(|_| HubError::not_found("model version", version))?;
    let detail = hub_call(web, move |hub| {
        let name = hub.model_name(&model)?;
        hub.find_model_version(&name, VersionName::Number(number))?;
        hub.model_detail(&model)
    });
    Ok((detail.await?, number))
}

fn version(
    who: &Principal,
    detail: &ModelDetail,
    number: u32,
    form: Option<Form<'_>>,
) -> ModelForm {
    let about = About {
        who,
        detail,
        title: "Change a version",
        lead: "Its files never change; these do.",
        verb: "Save",
        part: format!("/versions/{number}"),
    };
    let (fields, errors) = if let Some((fields, errors)) = form {
        (forms::version(fields), errors)
    } else {
        let mut versions = detail.versions.iter().map(|one| &one.known);
        let known = versions.find(|known| known.version.number == number);
        let said = known.map(forms::of_version).unwrap_or_default();
        (forms::version(&said), &[][..])
    };
    let mut form = about.form(fields, errors);
    form.title = format!("{} v{number}", plain(&detail.summary.known.model.name));
    form
}

/// What was typed, and what is wrong with it.
type Form<'a> = (&'a Fields, &'a [FieldError]);

async fn ask_version(
    State(web): State<Web>,
    Researcher(who): Researcher,
    path: Version,
) -> Rendered {
    let (detail, number) = version_of(&web, path).await?;
    html(&version(&who, &detail, number, None))
}

async fn change_version(
    State(web): State<Web>,
    Researcher(who): Researcher,
    path: Version,
    fields: Fields,
) -> Result<Response, PageError> {
    let (detail, number) = version_of(&web, path).await?;
    let id = detail.summary.known.model.id;
    let asked = fields.clone();
    let answer = hub_call(&web, move |hub| {
        let wanted = forms::read_revision(&asked)?;
        let revised = hub.revise_model_version(&id.to_string(), number, wanted);
        revised.map_err(forms::renamed_alias)
    });
    let page = paths::model(id, "");
    answered(answer.await, &page, &who, |errors| {
        version(&who, &detail, number, Some((&fields, errors)))
    })
}

async fn ask_version_deletion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    path: Version,
) -> Rendered {
    let (detail, number) = version_of(&web, path).await?;
    let model = &detail.summary.known.model;
    let (name, page) = (plain(&model.name), paths::model(model.id, ""));
    html(&Confirmation {
        frame: Frame::new("Delete the version", Section::Models, Some((&who).into()))
            .under("Models", paths::MODELS)
            .under(&name, &page),
        question: format!("Delete version {number} of “{name}”?"),
        lead: "This goes:",
        consequences: vec!["the version with its files and aliases".to_owned()],
        remark: "This cannot be undone, and the number does not come again.".to_owned(),
        verb: "Delete",
        action: paths::model(model.id, &format!("/versions/{number}/deletion")),
        back: page,
    })
}

async fn delete_version(
    State(web): State<Web>,
    Researcher(who): Researcher,
    path: Version,
) -> Result<Response, PageError> {
    let (detail, number) = version_of(&web, path).await?;
    let (name, page) = (
        name_of(&detail),
        paths::model(detail.summary.known.model.id, ""),
    );
    let answer = hub_call(&web, move |hub| hub.delete_model_version(&name, number)).await;
    done(answer, &who, &page, Link::new("Back to the model", &page))
}

fn promotion(who: &Principal, run: RunId, fields: &Fields, errors: &[FieldError]) -> ModelForm {
    let page = paths::run(run, "");
    let form = forms::promotion(fields);
    ModelForm {
        frame: Frame::new("Promote the run", Section::Models, Some(who.into()))
            .under("Runs", paths::RUNS)
            .under(format!("Run {}", run.short()), &page),
        title: format!("Promote run {}", run.short()),
        lead: "Its files become the next version of a model, together with its numbers, code, \
               configuration and data."
            .to_owned(),
        errors: not_shown(&form, errors),
        fields: with_errors(form, errors),
        verb: "Promote",
        action: paths::run(run, "/promotion"),
        back: page,
    }
}

async fn ask_promotion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(run): Id<RunId>,
) -> Rendered {
    let (model, files) = hub_call(&web, move |hub: &Hub| {
        Ok::<_, HubError>((hub.model_of_run(run)?, hub.list_artifacts(run)?))
    })
    .await?;
    let names = files.iter().map(|file| plain(&file.name));
    let said = forms::said(&[
        ("model", &model.unwrap_or_default()),
        ("files", &names.collect::<Vec<_>>().join("\n")),
    ]);
    html(&promotion(&who, run, &said, &[]))
}

/// Leads to the model.
async fn promote(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(run): Id<RunId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (asked, author) = (fields.clone(), who.name.clone());
    let answer = hub_call(&web, move |hub| {
        let wanted = forms::read_promotion(&asked)?;
        let made = hub.promote_run(run, wanted, &author);
        made.map_err(forms::renamed_alias)
    });
    let answer = answer.await;
    if let Ok(made) = &answer {
        return Ok(Redirect::to(&paths::model(made.version.model, "")).into_response());
    }
    let page = paths::run(run, "");
    answered(answer, &page, &who, |errors| {
        promotion(&who, run, &fields, errors)
    })
}
