//! What the addresses of briefs answer.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    credits::Credits,
    field::FieldError,
    ids::BriefId,
    resources::{Needs, Profile},
    worker::Presence,
};
use cupola_hub::{Hub, HubError, briefs, templates::DEFAULT_TEMPLATE};

use super::{Form, Index, List, Offer, Show, filled::Filled, present};
use crate::{
    auth::{Access, Researcher, Viewer},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, done, html, read},
        components::Link,
        confirmation::{Subject, stopped},
        credits::brief_budget,
        families::parts::{Asked, On, Parts},
        format,
        frame::{Frame, Section},
        listing::{ROWS, Searched, Slice, slice},
        paths,
        reports::ReportOffer,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(paths::BRIEFS, viewer, index)
        .post(paths::BRIEFS, researcher, create)
        .get("/briefs/list", viewer, list)
        .get(paths::NEW_BRIEF, researcher, new)
        .get("/briefs/{id}", viewer, show)
        .get("/briefs/{id}/budget", viewer, budget)
        .post("/briefs/{id}/budget", researcher, raise)
        .get("/briefs/{id}/deletion", researcher, ask_deletion)
        .post("/briefs/{id}/deletion", researcher, delete)
}

fn page_of(hub: &Hub, asked: &Searched) -> Result<Slice<Vec<briefs::BriefRow>>, HubError> {
    slice(asked.page, |offset| {
        hub.list_briefs(&asked.search, ROWS, offset)
    })
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Searched::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let (seq, found) = read(&web, move |hub| page_of(hub, &query)).await?;
    html(&Index {
        frame: Frame::new("Briefs", Section::Briefs, Some((&who).into())).at(seq),
        list: present::list(&asked, &found, &who),
        search: asked.search,
    })
}

async fn list(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Searched::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let found = hub_call(&web, move |hub| page_of(hub, &query)).await?;
    let part: List = present::list(&asked, &found, &who);
    html(&part)
}

async fn show(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<BriefId>,
    mut params: Params,
) -> Rendered {
    let asked = Asked::read(&mut params, On::Brief);
    params.finish()?;
    page(&web, &who, id, asked, (&Fields::default(), &[])).await
}

async fn page(
    web: &Web,
    who: &Principal,
    id: BriefId,
    asked: Asked,
    (fields, errors): (&Fields, &[FieldError]),
) -> Rendered {
    let (seq, (brief, family, spent, parts, profiles)) = read(web, move |hub| {
        let briefs::BriefDetail {
            brief,
            family,
            analysis,
        } = hub.brief_detail(id)?;
        let spent = hub.brief_spending(id)?;
        let of = family.id;
        let detail = hub.detail_of(family, Some(brief.clone()), analysis)?;
        let parts = Parts::read(hub, detail, asked)?;
        Ok((brief, of, spent, parts, hub.profiles()))
    })
    .await?;
    let title = &brief.wanted.title;
    html(&Show {
        frame: Frame::new(title, Section::Briefs, Some(who.into()))
            .under("Briefs", paths::BRIEFS)
            .at(seq),
        title: title.clone(),
        details: present::details(&brief, &profiles),
        campaign: parts.campaign(who),
        results: parts.results(),
        plot: parts.plot(),
        tasks: parts.tasks(),
        budget: brief_budget((id, family), spent.as_ref(), (fields, errors), who),
        deletion: present::deletion(&brief, who),
        report: ReportOffer::on(&[family], who),
    })
}

async fn budget(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<BriefId>) -> Rendered {
    let (detail, spent) = hub_call(&web, move |hub| {
        Ok((hub.brief_detail(id)?, hub.brief_spending(id)?))
    })
    .await?;
    let of = (id, detail.family.id);
    let none = (&Fields::default(), [].as_slice());
    let part = brief_budget(of, spent.as_ref(), none, &who);
    html(&part.ok_or_else(|| HubError::not_found("budget", id))?)
}

async fn raise(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<BriefId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let asked = fields.text("budget_credits").parse::<Credits>();
    let (author, address) = (who.name.clone(), paths::brief(id, ""));
    let answer = match asked {
        Err(message) => {
            let error = FieldError::new("budget_credits", message);
            Err(HubError::Invalid(vec![error]))
        }
        Ok(budget) => hub_call(&web, move |hub| hub.raise_brief_budget(id, budget, &author)).await,
    };
    match answer {
        Err(HubError::Invalid(errors)) => {
            let asked = Asked::read(&mut Params::default(), On::Brief);
            let page = page(&web, &who, id, asked, (&fields, &errors)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        answer => {
            let back = Link::new("Back to the brief", &address);
            done(answer, &who, &address, back)
        }
    }
}

/// The form: empty, or with what its query says when another template's space is asked for.
async fn new(State(web): State<Web>, Researcher(who): Researcher, fields: Fields) -> Rendered {
    let mut filled = match fields.0.as_slice() {
        [] => Filled::untouched(""),
        _ => Filled::read(&fields),
    };
    if !fields.text("use_space").is_empty() {
        filled.rows.clear();
        filled.errors.clear();
    }
    let errors = std::mem::take(&mut filled.errors);
    form(&web, &who, filled, errors).await
}

async fn create(
    State(web): State<Web>,
    Researcher(who): Researcher,
    fields: Fields,
) -> Result<Response, PageError> {
    let filled = Filled::read(&fields);
    let (asked, author) = (filled.clone(), who.name.clone());
    let answer = hub_call(&web, move |hub| submit(hub, &asked, &author)).await;
    match answer {
        Ok(brief) => Ok(Redirect::to(&paths::brief(brief, "")).into_response()),
        Err(HubError::Invalid(errors)) => {
            let page = form(&web, &who, filled, errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// All that is wrong is named at once, whoever found it.
fn submit(hub: &Hub, filled: &Filled, author: &str) -> Result<BriefId, HubError> {
    if filled.errors.is_empty() {
        return Ok(hub.submit_brief(&filled.draft, author)?.brief.id);
    }
    let mut errors = match hub.check_draft(&filled.draft) {
        Err(HubError::Invalid(errors)) => errors,
        Err(error) => return Err(error),
        Ok(_) => Vec::new(),
    };
    errors.extend(filled.errors.iter().cloned());
    Err(HubError::Invalid(errors))
}

async fn form(web: &Web, who: &Principal, mut filled: Filled, errors: Vec<FieldError>) -> Rendered {
    if filled.draft.template.is_empty() {
        DEFAULT_TEMPLATE.clone_into(&mut filled.draft.template);
    }
    let name = filled.draft.template.clone();
    let (templates, offer) = hub_call(web, move |hub| {
        let workers = hub.list_workers()?;
        let online = workers
            .iter()
            .filter(|row| row.presence == Presence::Online);
        let slots: u64 = online.map(|row| u64::from(row.worker.slots)).sum();
        let templates = hub.list_templates();
        let needs = templates.iter().find(|template| template.name == name);
        let needs = needs.map_or_else(Needs::default, |template| template.needs.clone());
        Ok((templates, offer(hub, slots, &needs)))
    })
    .await?;
    let judged = templates.iter().filter(|t| t.objective.is_some());
    let choices: Vec<_> = judged.map(|t| present::choice(t)).collect();
    let chosen = choices
        .iter()
        .find(|choice| choice.name == filled.draft.template);
    let Some(chosen) = chosen.or(choices.first()).cloned() else {
        return Err(HubError::Unavailable("there is no template".to_owned()).into());
    };
    let who = Some(who.into());
    html(&Form::new(
        who,
        &filled.draft,
        &filled.rows,
        &choices,
        chosen,
        offer,
        errors,
    ))
}

/// What an hour costs on the workers that are there, by class of machine.
fn offer(hub: &Hub, slots: u64, needs: &Needs) -> Offer {
    let class = |profile: &Profile| {
        let hourly = hub.hourly_of_fitting(&profile.needs.and(needs));
        let ends = hourly.iter().min().zip(hourly.iter().max());
        ends.map(|(least, most)| (profile.name.clone(), *least, *most))
    };
    Offer {
        slots,
        profiles: hub.profiles(),
        currency: hub.prices().currency.clone(),
        hourly: hub.profiles().iter().filter_map(class).collect(),
    }
}

async fn ask_deletion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<BriefId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.brief_detail(id)).await?;
    let counts = detail.family.counts;
    let family = format!("its family {}", detail.family.name);
    let tasks = format::counted(counts.total(), "task", "tasks");
    let goes = [family, format!("{tasks} with results, curves and logs")];
    let goes = goes.into_iter().chain(stopped(counts.running));
    let asked = Subject {
        who: &who,
        section: Section::Briefs,
        list: ("Briefs", paths::BRIEFS),
        kind: "brief",
        name: &detail.brief.wanted.title,
        address: paths::brief(id, ""),
    };
    html(&asked.deletion(goes.collect()))
}

async fn delete(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<BriefId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.delete_brief(id)).await;
    let back = Link::new("Back to the brief", paths::brief(id, ""));
    done(answer, &who, paths::BRIEFS, back)
}
