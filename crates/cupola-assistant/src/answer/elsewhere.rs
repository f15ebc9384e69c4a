//! What the assistant does not do: the page and the command that can.

use cupola_domain::text::excerpt;
use cupola_hub::HubError;

use super::{Answer, Desk};
use crate::{
    fact::Deed,
    links,
    names::{Key, Kind, Thing},
};

/// Where something is done.
struct Place {
    /// What the page has.
    page: (String, String),
    /// How it is done there, in a few words.
    there: &'static str,
    /// A command that does it.
    command: String,
}

impl Desk<'_> {
    pub(super) fn elsewhere(&self, what: Deed, on: Option<&Thing>) -> Result<Answer, HubError> {
        let kind = on.map(Thing::kind);
        if let (Deed::Pause | Deed::Resume, Some(Kind::Experiment | Kind::Run)) = (what, kind) {
            let text = "I cannot pause or resume experiments and runs, and nothing can: `cancel NAME` stops one for good, and `retry task 3 of NAME` runs a task again.";
            return Ok(Answer::refused(text));
        }
        if let (Deed::Delete, Some(Kind::Run)) = (what, kind) {
            let text = "I cannot delete a run, and nothing deletes one alone: it goes with its experiment, by the button on that page or `cupola experiment delete NAME`.";
            return Ok(Answer::refused(text).link("experiments", links::EXPERIMENTS));
        }
        let place = match what {
            Deed::Delete => self.deletion(on)?,
            Deed::Rename => self.renaming(on)?,
            Deed::Edit => self.editing(on)?,
            _ => self.other(what, on)?,
        };
        let (title, href) = place.page;
        let text = format!(
            "I cannot {}; {}, or `{}` does it.",
            what.as_str(),
            place.there,
            place.command
        );
        Ok(Answer::refused(text).link(title, href))
    }

    /// The page of what is named, or a list of its kind.
    fn page_of(
        &self,
        on: Option<&Thing>,
        list: (&str, &str),
    ) -> Result<(String, String), HubError> {
        let list = (list.0.to_owned(), list.1.to_owned());
        let Some(thing) = on else { return Ok(list) };
        let href = match &thing.key {
            Key::Experiment(id) => links::experiment(&self.hub.experiment_detail(*id)?.experiment),
            Key::Worker(id) => links::worker(*id),
            Key::Run(_) | Key::Numbered(..) | Key::Picked(..) => links::run(self.run_of(thing)?),
            _ => return Ok(list),
        };
        Ok((thing.name.clone(), href))
    }

    fn deletion(&self, on: Option<&Thing>) -> Result<Place, HubError> {
        let brief = match on.map(|thing| &thing.key) {
            Some(Key::Experiment(id)) => self.hub.experiment_detail(*id)?.experiment.origin.brief(),
            _ => None,
        };
        let there = "its page has a button for it";
        Ok(match (on.map(Thing::kind), brief) {
            (Some(Kind::Worker), _) => Place {
                page: self.page_of(on, ("workers", links::WORKERS))?,
                there,
                command: format!("cupola worker remove {}", argument(on, "NAME")),
            },
            (Some(Kind::Model), _) => Place {
                page: ("models".to_owned(), "/models".to_owned()),
                there,
                command: "cupola model --help".to_owned(),
            },
            (_, Some(brief)) => Place {
                page: self.page_of(on, ("briefs", links::BRIEFS))?,
                there,
                command: format!("cupola brief delete {brief}"),
            },
            _ => Place {
                page: self.page_of(on, ("experiments", links::EXPERIMENTS))?,
                there,
                command: format!("cupola experiment delete {}", argument(on, "NAME")),
            },
        })
    }

    fn renaming(&self, on: Option<&Thing>) -> Result<Place, HubError> {
        Ok(Place {
            page: self.page_of(on, ("experiments", links::EXPERIMENTS))?,
            there: "the page of an experiment that no brief made has a form for it",
            command: format!("cupola experiment edit {} --name NEW", argument(on, "NAME")),
        })
    }

    fn editing(&self, on: Option<&Thing>) -> Result<Place, HubError> {
        Ok(Place {
            page: self.page_of(on, ("experiments", links::EXPERIMENTS))?,
            there: "the page of an experiment that no brief made has a form for what its next runs will be",
            command: format!(
                "cupola experiment edit {} --set FIELD=VALUE",
                argument(on, "NAME")
            ),
        })
    }

    fn other(&self, what: Deed, on: Option<&Thing>) -> Result<Place, HubError> {
        let page = |title: &str, href: &str| (title.to_owned(), href.to_owned());
        let worker = on.filter(|thing| thing.kind() == Kind::Worker);
        let experiment = on.filter(|thing| thing.kind() == Kind::Experiment);
        let person = on.filter(|thing| thing.kind() == Kind::Person);
        let run = on.filter(|thing| thing.kind() == Kind::Run);
        let name = |of: Option<&Thing>, other: &str| argument(of, other);
        let (page, there, command) = match what {
            Deed::Pause => (
                self.page_of(worker, ("workers", links::WORKERS))?,
                "on its page an operator lets it finish what it has and gives it nothing new",
                format!("cupola worker drain {}", name(worker, "NAME")),
            ),
            Deed::Resume => (
                self.page_of(worker, ("workers", links::WORKERS))?,
                "on its page an operator lets it work again",
                format!("cupola worker drain {} --undo", name(worker, "NAME")),
            ),
            Deed::Export => (
                self.page_of(experiment.or(run), ("runs", links::RUNS))?,
                "the foot of its page has the tables as files",
                match run {
                    Some(run) => format!(
                        "cupola export metrics --run {} -o points.csv",
                        self.run_of(run)?
                    ),
                    None => format!(
                        "cupola export runs --experiment {} -o runs.csv",
                        name(experiment, "NAME")
                    ),
                },
            ),
            Deed::Ban => (
                page("verification", links::VERIFICATION),
                "there an administrator does it",
                format!(
                    "cupola verification ban {} --note WHY",
                    name(person, "OWNER")
                ),
            ),
            Deed::LiftBan => (
                page("verification", links::VERIFICATION),
                "there an administrator does it",
                format!(
                    "cupola verification lift {} --note WHY",
                    name(person, "OWNER")
                ),
            ),
            Deed::Budget => (
                page("budgets", "/training/costs/budgets"),
                "that page has the budgets of money",
                format!(
                    "cupola credits budget {} --to CREDITS",
                    name(experiment, "BRIEF")
                ),
            ),
            Deed::Clone => (
                self.page_of(experiment, ("experiments", links::EXPERIMENTS))?,
                "its page leads to a form",
                format!("cupola experiment clone {}", name(experiment, "NAME")),
            ),
            Deed::Promote => (
                self.page_of(run, ("runs", links::RUNS))?,
                "the page of a run does it",
                match run {
                    Some(run) => {
                        format!("cupola model promote {} --model MODEL", self.run_of(run)?)
                    }
                    None => "cupola model promote RUN --model MODEL".to_owned(),
                },
            ),
            Deed::Pay => (
                page("credits", links::CREDITS),
                "there an operator does it",
                format!(
                    "cupola credits grant {} AMOUNT --note WHY",
                    name(person, "PERSON")
                ),
            ),
            Deed::Invite => (
                page("joining", "/workers/joining"),
                "that page makes join codes for machines",
                "cupola token create NAME --role viewer".to_owned(),
            ),
            Deed::Alert | Deed::Delete | Deed::Rename | Deed::Edit => (
                page("rules of alerts", "/alerts/rules/new"),
                "that page makes rules of alerts",
                "cupola alert rule create NAME CONDITION".to_owned(),
            ),
        };
        Ok(Place {
            page,
            there,
            command,
        })
    }
}

/// What is named, as a command takes it; else what stands for it.
fn argument(on: Option<&Thing>, other: &str) -> String {
    let Some(thing) = on else {
        return other.to_owned();
    };
    let name = excerpt(&thing.name);
    let is_plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if is_plain {
        name
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}
