//! What the addresses of the first page answer.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    run::Run,
    task::Task,
};
use cupola_hub::{
    Hub,
    families::FamilyRow,
    overview::{Activity, Overview},
};

use super::{Best, BestRow, Latest, LatestRow, Running, RunningRow, Stats};
use crate::{
    auth::{Access, Viewer},
    error::PageError,
    params::Params,
    router::Routes,
    state::{Home, Web, hub_call},
    ui::{
        answer::{Rendered, html, read},
        components::{EmptyState, Link, Progress, StackedBar},
        format,
        frame::{Frame, Section},
        paths,
        plain::plain,
        present::{
            family_badge, family_link, may, metric, run_badge, task_badge, task_link, worker_link,
        },
        training,
    },
};

pub(crate) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::HOME, viewer, first)
        .get(paths::OVERVIEW, viewer, show)
        .get("/overview/stats", viewer, stats)
        .get("/overview/running", viewer, running)
        .get("/overview/latest", viewer, latest)
        .get("/overview/best", viewer, best)
}

/// What the configuration says.
async fn first(web: State<Web>, viewer: Viewer, params: Params) -> Result<Response, PageError> {
    Ok(match web.settings.home {
        Home::Overview => show(web, viewer).await?.into_response(),
        Home::Training => training::overview(web, viewer, params)
            .await?
            .into_response(),
        Home::Workspaces => Redirect::to(paths::WORKSPACES).into_response(),
    })
}

async fn show(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let (seq, (overview, activity)) =
        read(&web, |hub| Ok((hub.overview()?, hub.activity()?))).await?;
    html(&super::Home {
        frame: Frame::new("Overview", Section::Overview, Some((&who).into())).at(seq),
        stats: present_stats(&overview),
        running: present_running(&activity, &who),
        latest: present_latest(&activity),
        best: present_best(&activity),
    })
}

async fn stats(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&present_stats(&hub_call(&web, Hub::overview).await?))
}

async fn running(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let activity = hub_call(&web, Hub::activity).await?;
    html(&present_running(&activity, &who))
}

async fn latest(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&present_latest(&hub_call(&web, Hub::activity).await?))
}

async fn best(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&present_best(&hub_call(&web, Hub::activity).await?))
}

fn present_stats(overview: &Overview) -> Stats {
    Stats::new(
        overview.workers_online as u64,
        overview.workers_total as u64,
        &overview.tasks,
        overview.families,
        overview.briefs,
    )
}

/// Whether there is nothing to show yet but what to do first.
fn is_new(activity: &Activity) -> bool {
    activity.families.is_empty()
}

fn present_running(activity: &Activity, who: &Principal) -> Running {
    let rows: Vec<_> = activity
        .running
        .iter()
        .filter_map(|(task, run)| running_row(task, run, activity))
        .collect();
    let left_out = activity.tasks.running.saturating_sub(rows.len() as u64);
    let keys = rows.iter().map(|row| format!(",run:{}", row.run.full));
    Running {
        keys: std::iter::once("tasks,families".to_owned())
            .chain(keys)
            .collect(),
        more: match left_out {
            0 => String::new(),
            number => format!("and {} more", format::count(number)),
        },
        rows,
        empty: is_new(activity).then(|| first_step(who)),
    }
}

fn first_step(who: &Principal) -> EmptyState {
    let text =
        "Say what you want to find out; Cupola turns it into runs and shows what comes of them.";
    let empty = EmptyState::new("Write your first brief", text).with_command("cupola demo");
    if may(who, Role::Researcher) {
        empty.with_action("Create brief", paths::NEW_BRIEF)
    } else {
        empty
    }
}

fn running_row(task: &Task, run: &Run, activity: &Activity) -> Option<RunningRow> {
    let family = activity.experiments.get(&task.experiment)?;
    let said = run.progress.as_ref();
    Some(RunningRow {
        run: run.id.into(),
        badge: run_badge(run),
        task: task_link(task),
        family: family_link(family),
        worker: worker_link(&activity.workers, task.shown_worker()),
        progress: Progress::new(
            said.and_then(cupola_domain::progress::Progress::fraction),
            "Progress of the run",
        ),
        message: said
            .map(|said| plain(said.levels.message()))
            .unwrap_or_default(),
        started: run.started_at.into(),
    })
}

fn present_latest(activity: &Activity) -> Latest {
    let row = |task: &Task| {
        let family = activity.experiments.get(&task.experiment)?;
        Some(LatestRow {
            task: task.id.into(),
            family: family_link(family),
            badge: task_badge(task),
            metric: family.metric().to_owned(),
            value: task.value.into(),
            finished: task.finished_at.into(),
        })
    };
    Latest {
        rows: activity.latest.iter().filter_map(row).collect(),
        is_hidden: is_new(activity),
    }
}

fn present_best(activity: &Activity) -> Best {
    Best {
        rows: activity.families.iter().map(best_row).collect(),
        is_hidden: is_new(activity),
    }
}

fn best_row(row: &FamilyRow) -> BestRow {
    let family = &row.family;
    let brief = match (family.origin.brief(), &row.title) {
        (Some(id), Some(title)) => Link::new(title, paths::brief(id, "")),
        _ => family_link(family),
    };
    BestRow {
        family: family_link(family),
        brief,
        badge: family_badge(family),
        bar: StackedBar::new(&family.counts),
        metric: metric(family.objective.as_ref()),
        best: row.best.into(),
        task: row.best_task.map(Into::into),
    }
}
