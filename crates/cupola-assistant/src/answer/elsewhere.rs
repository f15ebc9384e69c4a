//! What the assistant does not do: the page and the command that can.

use cupola_domain::text::excerpt;
use cupola_hub::HubError;

use super::{Answer, Desk, quoted};
use crate::{
    fact::Deed,
    links,
    names::{Key, Kind, Thing},
};

/// Where something is done.
struct Place {
    /// What the page has.
    page: (String, String),
    /// How it is done there, in a few words before the command.
    there: &'static str,
    /// A command that does it.
    command: String,
}

/// Where one thing is done.
struct Way {
    what: Deed,
    /// What it is done to.
    of: Kind,
    /// Its page; that of what is named where there is no other.
    page: Option<(&'static str, &'static str)>,
    there: &'static str,
    /// What stands before the name, in place of one, and behind it.
    command: (&'static str, &'static str, &'static str),
}

/// The first is for what has no line.
const WAYS: &[Way] = &[
    Way {
        what: Deed::Alert,
        of: Kind::Metric,
        page: Some(("rules of alerts", "/alerts/rules/new")),
        there: "they are made on that page, or by",
        command: ("cupola alert rule create ", "NAME", " CONDITION"),
    },
    Way {
        what: Deed::Pause,
        of: Kind::Worker,
        page: None,
        there: "an operator can on its page (it finishes what it has and is given nothing new), or by",
        command: ("cupola worker drain ", "NAME", ""),
    },
    Way {
        what: Deed::Resume,
        of: Kind::Worker,
        page: None,
        there: "an operator can on its page, or by",
        command: ("cupola worker drain ", "NAME", " --undo"),
    },
    Way {
        what: Deed::Export,
        of: Kind::Experiment,
        page: None,
        there: "tables are at the foot of its page, or made by",
        command: ("cupola export runs --experiment ", "NAME", " -o runs.csv"),
    },
    Way {
        what: Deed::Ban,
        of: Kind::Person,
        page: Some(("verification", links::VERIFICATION)),
        there: "an administrator can on that page, or by",
        command: ("cupola verification ban ", "OWNER", " --note WHY"),
    },
    Way {
        what: Deed::LiftBan,
        of: Kind::Person,
        page: Some(("verification", links::VERIFICATION)),
        there: "an administrator can on that page, or by",
        command: ("cupola verification lift ", "OWNER", " --note WHY"),
    },
    Way {
        what: Deed::Budget,
        of: Kind::Experiment,
        page: Some(("budgets", "/training/costs/budgets")),
        there: "those of money are changed on that page, the credits of a brief by",
        command: ("cupola credits budget ", "BRIEF", " --to CREDITS"),
    },
    Way {
        what: Deed::Make,
        of: Kind::Template,
        page: Some(("a new experiment", "/experiments/new")),
        there: "it is done on that page (or ask me to draft a brief), or by",
        command: ("cupola experiment new NAME --template ", "TEMPLATE", ""),
    },
    Way {
        what: Deed::Clone,
        of: Kind::Experiment,
        page: None,
        there: "it is done from its page, or by",
        command: ("cupola experiment clone ", "NAME", ""),
    },
    Way {
        what: Deed::Promote,
        of: Kind::Run,
        page: None,
        there: "it is done on the page of a run, or by",
        command: ("cupola model promote ", "RUN", " --model MODEL"),
    },
    Way {
        what: Deed::Pay,
        of: Kind::Person,
        page: Some(("credits", links::CREDITS)),
        there: "an operator can on that page, or by",
        command: ("cupola credits grant ", "PERSON", " AMOUNT --note WHY"),
    },
    Way {
        what: Deed::Invite,
        of: Kind::Metric,
        page: Some(("joining", "/workers/joining")),
        there: "join codes for machines are made on that page, tokens for people by",
        command: ("cupola token create ", "NAME", " --role viewer"),
    },
    Way {
        what: Deed::ListReports,
        of: Kind::Metric,
        page: Some(("reports", links::REPORTS)),
        there: "they are on that page, and listed by",
        command: ("cupola report list", "", ""),
    },
    Way {
        what: Deed::DeleteReport,
        of: Kind::Metric,
        page: Some(("reports", links::REPORTS)),
        there: "it is done from its page, or by",
        command: ("cupola report delete ", "ID", ""),
    },
];

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
        if let (Deed::Delete, Some(person)) = (what, on.filter(|on| on.kind() == Kind::Person)) {
            return Ok(of_person(person));
        }
        let place = match what {
            Deed::Delete => self.deletion(on)?,
            Deed::Rename => self.renaming(on)?,
            Deed::Edit => self.editing(on)?,
            _ => self.other(what, on)?,
        };
        let (title, href) = place.page;
        let text = format!(
            "I cannot {}: {} `{}`.",
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
        let there = "it is done by the button on its page, or by";
        Ok(match (on.map(Thing::kind), brief) {
            (Some(Kind::Worker), _) => Place {
                page: self.page_of(on, ("workers", links::WORKERS))?,
                there,
                command: format!("cupola worker remove {}", argument(on, "NAME")),
            },
            (Some(Kind::Model), _) => Place {
                page: ("models".to_owned(), "/models".to_owned()),
                there,
                command: "DELETE /api/v1/models/NAME".to_owned(),
            },
            (_, Some(brief)) => Place {
                page: self.page_of(on, ("briefs", links::BRIEFS))?,
                there,
                command: format!("cupola brief delete {brief}"),
            },
            _ => Place {
                page: self.page_of(experiment(on), ("experiments", links::EXPERIMENTS))?,
                there: "an experiment is deleted by the button on its page, or by",
                command: format!(
                    "cupola experiment delete {}",
                    argument(experiment(on), "NAME")
                ),
            },
        })
    }

    /// What is named, as a command takes it: the family of a brief by its id, which is no name.
    fn experiment_argument(&self, on: Option<&Thing>) -> Result<String, HubError> {
        let on = experiment(on);
        if let Some(Key::Experiment(id)) = on.map(|thing| &thing.key) {
            let origin = self.hub.experiment_detail(*id)?.experiment.origin;
            if origin.brief().is_some() {
                return Ok(id.to_string());
            }
        }
        Ok(argument(on, "NAME"))
    }

    fn renaming(&self, on: Option<&Thing>) -> Result<Place, HubError> {
        Ok(Place {
            page: self.page_of(experiment(on), ("experiments", links::EXPERIMENTS))?,
            there: "an experiment that no brief made is renamed by the form on its page, or by",
            command: format!(
                "cupola experiment edit {} --name NEW",
                self.experiment_argument(on)?
            ),
        })
    }

    fn editing(&self, on: Option<&Thing>) -> Result<Place, HubError> {
        Ok(Place {
            page: self.page_of(experiment(on), ("experiments", links::EXPERIMENTS))?,
            there: "of an experiment that no brief made, what its next runs will be is changed by the form on its page, or by",
            command: format!(
                "cupola experiment edit {} --set FIELD=VALUE",
                self.experiment_argument(on)?
            ),
        })
    }

    fn other(&self, what: Deed, on: Option<&Thing>) -> Result<Place, HubError> {
        let way = WAYS.iter().find(|way| way.what == what).unwrap_or(&WAYS[0]);
        let named = on.filter(|thing| thing.kind() == way.of);
        let run = on.filter(|thing| thing.kind() == Kind::Run);
        let page = match (way.page, what, run) {
            (Some((title, href)), ..) => (title.to_owned(), href.to_owned()),
            (None, Deed::Export, Some(_)) => self.page_of(run, ("runs", links::RUNS))?,
            (None, ..) => self.page_of(named, list_of(way.of))?,
        };
        let (before, other, after) = way.command;
        let command = match (what, named, run) {
            (Deed::Export, _, Some(run)) => {
                format!(
                    "cupola export metrics --run {} -o points.csv",
                    self.run_of(run)?
                )
            }
            (_, Some(named), _) if way.of == Kind::Run => {
                format!("{before}{}{after}", self.run_of(named)?)
            }
            (_, Some(named), _) if way.of == Kind::Experiment => {
                let argument = match what {
                    // A budget is one of a brief, which its title names.
                    Deed::Budget => argument(Some(named), other),
                    _ => self.experiment_argument(Some(named))?,
                };
                format!("{before}{argument}{after}")
            }
            (_, named, _) => format!("{before}{}{after}", argument(named, other)),
        };
        Ok(Place {
            page,
            there: way.there,
            command,
        })
    }
}

/// Nobody is deleted: what a person was paid and ran stays told.
fn of_person(person: &Thing) -> Answer {
    let name = quoted(&person.name);
    let argument = argument(Some(person), "OWNER");
    Answer::refused(format!(
        "I cannot delete {name}, and nothing deletes a person: an administrator takes their tokens away (`cupola token list`, `cupola token revoke ID`), or keeps their machines out by `cupola verification ban {argument} --note WHY`. What is theirs (credits, costs, experiments) stays."
    ))
    .link("credits", links::CREDITS)
}

/// An experiment, where one is named.
fn experiment(on: Option<&Thing>) -> Option<&Thing> {
    on.filter(|thing| thing.kind() == Kind::Experiment)
}

/// The page with all of a kind.
fn list_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Worker => ("workers", links::WORKERS),
        Kind::Run => ("runs", links::RUNS),
        _ => ("experiments", links::EXPERIMENTS),
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
