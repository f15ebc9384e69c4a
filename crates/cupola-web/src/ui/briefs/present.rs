//! From briefs to what pages show of them.

use cupola_domain::{
    access::{Principal, Role},
    brief::Brief,
    resources::Profiles,
    template::Template,
};
use cupola_hub::{briefs, templates::expressions};

use super::{BriefRow, Details, List, TemplateChoice};
use crate::ui::{
    components::{EmptyState, Link, Pager, StackedBar},
    format,
    listing::{ROWS, Searched, Slice},
    paths,
    present::{better, family_badge, may, metric, progress},
};

pub(super) fn list(
    asked: &Searched,
    slice: &Slice<Vec<briefs::BriefRow>>,
    who: &Principal,
) -> List {
    let Slice { found, total, page } = slice;
    let empty = || {
        if !asked.search.is_empty() {
            return EmptyState::new(
                "No brief matches",
                "Try a shorter part of its title, goal or id.",
            );
        }
        EmptyState::new(
            "No briefs yet",
            "A brief says what is wanted: goal, budget, hardware.",
        )
        .with_action("Create brief", paths::NEW_BRIEF)
        .with_command("cupola demo")
    };
    List {
        count: format::counted(*total, "brief", "briefs"),
        src: asked.address("/briefs/list", *page),
        rows: found.iter().map(|found| row(found, who)).collect(),
        pager: Pager::new(*page, ROWS.into(), *total, |page| {
            asked.address(paths::BRIEFS, page)
        }),
        empty: found.is_empty().then(empty),
    }
}

fn row(row: &briefs::BriefRow, who: &Principal) -> BriefRow {
    let briefs::BriefRow {
        brief,
        family,
        best,
    } = row;
    BriefRow {
        id: brief.id.into(),
        title: brief.wanted.title.clone(),
        goal: List::shortened(&brief.wanted.goal),
        badge: family_badge(family),
        bar: StackedBar::new(&family.counts),
        progress: progress(&family.counts),
        metric: metric(family.objective.as_ref()),
        best: (*best).into(),
        budget: format::budget(brief.wanted.budget),
        hardware: brief.wanted.hardware.clone(),
        created: brief.created_at.into(),
        deletion: deletion(brief, who),
    }
}

pub(super) fn deletion(brief: &Brief, who: &Principal) -> Option<Link> {
    let link = || Link::new("Delete", paths::brief(brief.id, "/deletion"));
    may(who, Role::Researcher).then(link)
}

pub(super) fn details(brief: &Brief, profiles: &Profiles) -> Details {
    let wanted = &brief.wanted;
    Details {
        id: brief.id.into(),
        goal: wanted.goal.clone(),
        constraints: wanted.constraints.clone(),
        budget: format::budget(wanted.budget),
        hardware: profiles
            .find(&wanted.hardware)
            .map_or_else(|_| wanted.hardware.clone(), super::new::describe),
        template: wanted.template.clone(),
        time_budget: format::duration(wanted.time_budget),
        sampler: format!("{}, study seed {}", wanted.sampler, wanted.study_seed),
        space: expressions(&wanted.space),
        author: brief.author.clone(),
        created: brief.created_at.into(),
    }
}

pub(super) fn choice(template: &Template) -> TemplateChoice {
    let objective = template.objective.as_ref();
    let name = objective.map_or("", |objective| objective.metric.as_str());
    TemplateChoice {
        name: template.name.clone(),
        title: template.title.clone(),
        description: template.description.clone(),
        objective: format!("{name}, {}", better(objective)),
        space: expressions(&template.space),
    }
}
