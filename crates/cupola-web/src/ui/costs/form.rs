//! The form for a budget.

use cupola_domain::{
    access::Principal,
    cost::{Budget, Draft, Kind, Period},
    field::FieldError,
};

use super::{Form, SECTION};
use crate::ui::{
    answer::Fields,
    components::{Field, Input, Opt},
    frame::Frame,
    paths,
};

/// What a form says.
pub(super) fn draft(fields: &Fields) -> Draft {
    let text = |name| fields.text(name).trim().to_owned();
    Draft {
        name: text("name"),
        scope: text("scope"),
        subject: text("subject"),
        limit: text("limit"),
        period: text("period"),
        is_hard: text("is_hard") == "true",
    }
}

/// What a budget is now, as a form says it.
pub(super) fn draft_of(budget: &Budget) -> Draft {
    let wanted = &budget.wanted;
    Draft {
        name: wanted.name.clone(),
        scope: wanted.scope.kind.as_str().to_owned(),
        subject: wanted.scope.subject.clone(),
        limit: wanted.limit.units().to_string(),
        period: wanted.period.as_str().to_owned(),
        is_hard: wanted.is_hard,
    }
}

/// The page for a new one.
pub(in crate::ui) fn new(
    draft: &Draft,
    errors: &[FieldError],
    currency: &str,
    who: &Principal,
) -> Form {
    let scope = [
        Field::new("scope", "Of", &draft.scope)
            .with(Input::Select(scopes(&draft.scope)))
            .hint("A model is a run's tag model; a person is who made the experiment."),
        Field::new("subject", "Which one", &draft.subject)
            .hint("A model's key, an id, or a name. Left empty for all runs."),
    ];
    Form {
        frame: frame("New budget", who),
        title: "New budget".to_owned(),
        action: paths::BUDGETS.to_owned(),
        verb: "Create budget",
        fields: fields(draft, errors, currency, scope.into()),
    }
}

/// The page for a change. What the budget is of cannot be changed.
pub(super) fn edit(
    budget: &Budget,
    draft: &Draft,
    errors: &[FieldError],
    currency: &str,
    who: &Principal,
) -> Form {
    let title = format!("Change the budget “{}”", budget.wanted.name);
    Form {
        frame: frame("Change the budget", who),
        title,
        action: paths::budget(budget.id, ""),
        verb: "Save",
        fields: fields(draft, errors, currency, Vec::new()),
    }
}

fn fields(draft: &Draft, errors: &[FieldError], currency: &str, scope: Vec<Field>) -> Vec<Field> {
    let before =
        [Field::new("name", "Name", &draft.name).hint("Left empty, it says what it is of.")];
    let after = [
        Field::new("limit", format!("Limit in {currency}"), &draft.limit)
            .with(Input::Number)
            .required(),
        Field::new("period", "For", &draft.period).with(Input::Select(periods(&draft.period))),
        Field::new(
            "is_hard",
            "Start nothing once it is spent",
            draft.is_hard.to_string(),
        )
        .with(Input::Check {
            is_checked: draft.is_hard,
        })
        .hint("What runs goes on; what waits goes on once the budget is raised."),
    ];
    let all = before.into_iter().chain(scope).chain(after);
    all.map(|field| field.with_error_of(errors)).collect()
}

fn scopes(chosen: &str) -> Vec<Opt> {
    let label = |kind| match kind {
        Kind::All => "all runs",
        Kind::Model => "a model",
        Kind::Experiment => "an experiment",
        Kind::Brief => "a brief",
        Kind::Person => "a person",
    };
    let option = |kind: Kind| Opt::new(kind.as_str(), label(kind), chosen);
    Kind::ALL.map(option).into()
}

fn periods(chosen: &str) -> Vec<Opt> {
    let label = |period| match period {
        Period::Total => "the whole time",
        Period::Month => "each month, by UTC",
        Period::Day => "each day, by UTC",
    };
    let option = |period: Period| Opt::new(period.as_str(), label(period), chosen);
    Period::ALL.map(option).into()
}

pub(super) fn frame(title: &str, who: &Principal) -> Frame {
    Frame::new(title, SECTION, Some(who.into())).under("Costs", paths::COSTS)
}
