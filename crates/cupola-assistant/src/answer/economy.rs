//! Who has and earned what, which results were run again, and who may not work here.

use cupola_domain::{audit::Finding, credits::Credits, text::excerpt};
use cupola_hub::{
    HubError,
    ledger::WorkerEarnings,
    verification::{Audit, Filter, OwnerRow, Sight, cause_in_words, is_settled},
};

use super::{Answer, Desk, quoted};
use crate::{
    facts, links,
    names::{Key, Thing},
    numbers::{amount, plural, units},
};

/// People and checks that are told one by one.
const LISTED_MAX: usize = 8;

/// Checks that are read for a count.
const CHECKS_READ: i64 = 200;

impl Desk<'_> {
    pub(super) fn credits(&self, of: Option<&Thing>) -> Result<Answer, HubError> {
        match of.map(|thing| (&thing.key, thing)) {
            None => self.credits_of_all(),
            Some((Key::Person(name), _)) => self.credits_of(name),
            Some((Key::Worker(id), thing)) => {
                let earned = self.hub.earnings_of_worker(*id)?;
                Ok(of_worker(&earned, &thing.name, links::worker(*id)))
            }
            Some((Key::Experiment(id), thing)) => {
                let experiment = self.hub.experiment_detail(*id)?.experiment;
                let source = links::experiment(&experiment);
                let spent = match experiment.origin.brief() {
                    Some(brief) => self.hub.brief_spending(brief)?,
                    None => None,
                };
                let name = quoted(&thing.name);
                let Some(spent) = spent else {
                    return Ok(Answer::saying(format!("{name} has no budget of credits."))
                        .link(thing.name.clone(), source));
                };
                let text = format!(
                    "{name} spent {} of {} credits; {} are held for runs that go on.",
                    said(spent.spent),
                    said(spent.budget),
                    said(spent.held)
                );
                let mut answer = Answer::saying(text)
                    .number("spent", units(spent.spent), "credits", &source)
                    .number("budget", units(spent.budget), "credits", &source)
                    .number("held", units(spent.held), "credits", &source);
                if !spent.waiting.is_empty() {
                    answer = answer.more(excerpt(&spent.waiting));
                }
                Ok(answer.link(thing.name.clone(), source))
            }
            Some((_, thing)) => Ok(Answer::saying(format!(
                "A {} has no credits; ask for a person, a worker or a brief.",
                thing.kind()
            ))),
        }
    }

    pub(super) fn credits_of(&self, name: &str) -> Result<Answer, HubError> {
        let statement = facts::statement(self.hub, self.caller, name)?;
        let source = links::CREDITS;
        let leaders = self.hub.leaders(None, false)?;
        let earned = leaders.iter().find(|leader| leader.name == name);
        let text = format!(
            "{} has {} credits, and {} in escrow.",
            quoted(name),
            said(statement.balance.posted),
            said(statement.escrow)
        );
        let held = statement.balance.held;
        let mut answer = Answer::saying(text)
            .number(
                "balance",
                units(statement.balance.posted),
                "credits",
                source,
            )
            .number("held", units(held), "credits", source)
            .number("escrow", units(statement.escrow), "credits", source);
        if held > Credits::default() {
            answer = answer.more(format!(
                "{} of them are held for runs that go on.",
                said(held)
            ));
        }
        if let Some(earned) = earned {
            answer = answer
                .more(format!(
                    "Earned {} by {} that were accepted.",
                    said(earned.amount),
                    plural(earned.runs, "run")
                ))
                .number("earned", units(earned.amount), "credits", source)
                .count("runs that earned", earned.runs, source);
        }
        Ok(answer.link("credits", source))
    }

    fn credits_of_all(&self) -> Result<Answer, HubError> {
        let overview = self.hub.credits_overview()?;
        let source = links::CREDITS;
        let text = format!(
            "{} {} {} credits, briefs {}; {} are in escrow. {} were issued.",
            plural(overview.people.1, "account"),
            if overview.people.1 == 1 {
                "has"
            } else {
                "have"
            },
            said(overview.people.0.posted),
            said(overview.briefs.0.posted),
            said(overview.escrow),
            said(overview.issued)
        );
        let mut answer = Answer::saying(text)
            .number(
                "of people",
                units(overview.people.0.posted),
                "credits",
                source,
            )
            .number(
                "of briefs",
                units(overview.briefs.0.posted),
                "credits",
                source,
            )
            .number("escrow", units(overview.escrow), "credits", source)
            .number("issued", units(overview.issued), "credits", source);
        for leader in self.hub.leaders(None, false)?.into_iter().take(LISTED_MAX) {
            let line = format!(
                "{} earned {} by {}",
                quoted(&leader.name),
                said(leader.amount),
                plural(leader.runs, "run")
            );
            let name = format!("earned by {}", excerpt(&leader.name));
            answer = answer
                .more(line)
                .number(name, units(leader.amount), "credits", source);
        }
        Ok(answer.link("credits", source))
    }

    pub(super) fn checks(&self, of: Option<&Thing>) -> Result<Answer, HubError> {
        let sight = Sight::of(self.caller.role);
        let (mut checks, name) = match of.map(|thing| (&thing.key, thing)) {
            Some((Key::Run(_) | Key::Numbered(..) | Key::Picked(..), thing)) => {
                let run = self.run_of(thing)?;
                let checks = Checks {
                    audits: self.hub.audits_of_run(run, sight)?,
                    has_older: false,
                };
                (checks, Some(thing.name.clone()))
            }
            Some((Key::Experiment(id), thing)) => {
                let mut checks = self.latest_checks(String::new(), sight)?;
                checks.audits.retain(|audit| audit.experiment == *id);
                (checks, Some(thing.name.clone()))
            }
            other => {
                let owner = match other {
                    Some((Key::Person(name), _)) => name.clone(),
                    Some((Key::Worker(id), _)) => match self.hub.standing_of_worker(*id)? {
                        Some(row) => row.standing.owner,
                        None => return Ok(believed(other.map_or("", |(_, thing)| &thing.name))),
                    },
                    _ => String::new(),
                };
                let checks = self.latest_checks(owner.clone(), sight)?;
                (checks, (!owner.is_empty()).then_some(owner))
            }
        };
        for audit in &mut checks.audits {
            let name = self.names.called(audit.experiment, &audit.experiment_name);
            audit.experiment_name = name;
        }
        Ok(of_checks(&checks, name.as_deref()))
    }

    fn latest_checks(&self, owner: String, sight: Sight) -> Result<Checks, HubError> {
        let filter = Filter {
            owner,
            limit: CHECKS_READ,
            ..Filter::default()
        };
        let page = self.hub.list_audits(filter, sight)?;
        Ok(Checks {
            audits: page.audits,
            has_older: page.has_more,
        })
    }

    pub(super) fn bans(&self, of: Option<&Thing>) -> Result<Answer, HubError> {
        let source = links::VERIFICATION;
        let one = match of.map(|thing| &thing.key) {
            Some(Key::Person(name)) => Some(self.hub.owner_row(name)?),
            Some(Key::Worker(id)) => match self.hub.standing_of_worker(*id)? {
                Some(row) => Some(row),
                None => return Ok(believed(of.map_or("", |thing| &thing.name))),
            },
            _ => None,
        };
        if let Some(row) = one {
            let text = match banned(&row) {
                Some(line) => line,
                None => format!("{} is not banned.", quoted(&row.standing.owner)),
            };
            return Ok(Answer::saying(text)
                .count("frauds found", row.standing.frauds.into(), source)
                .count("faults found", row.standing.faults.into(), source)
                .link("verification", source));
        }
        let lines: Vec<_> = self
            .hub
            .list_standings()?
            .iter()
            .filter_map(banned)
            .collect();
        let count = lines.len() as u64;
        let text = match count {
            0 => "Nobody is banned.".to_owned(),
            1 => "1 owner is banned.".to_owned(),
            _ => format!("{count} owners are banned."),
        };
        let mut answer = Answer::saying(text).count("banned owners", count, source);
        answer.detail.extend(lines.into_iter().take(LISTED_MAX));
        Ok(answer.link("verification", source))
    }
}

fn of_worker(earned: &WorkerEarnings, name: &str, source: String) -> Answer {
    let text = format!(
        "{} earned {} credits by {}, {} of them today.",
        quoted(name),
        said(earned.total.amount),
        plural(earned.total.runs, "run"),
        said(earned.today.amount)
    );
    Answer::saying(text)
        .number("earned", units(earned.total.amount), "credits", &source)
        .number(
            "earned today",
            units(earned.today.amount),
            "credits",
            &source,
        )
        .count("runs that earned", earned.total.runs, &source)
        .link(name, source)
}

fn believed(name: &str) -> Answer {
    Answer::saying(format!(
        "{} is one of the hub's own machines: what it says is believed.",
        quoted(name)
    ))
    .link("verification", links::VERIFICATION)
}

/// The latest checks, of which some are told.
struct Checks {
    audits: Vec<Audit>,
    /// Whether there are more that were not looked at.
    has_older: bool,
}

/// Counts of the latest checks, and those that found something, a line each.
fn of_checks(checks: &Checks, name: Option<&str>) -> Answer {
    let Checks { audits, has_older } = checks;
    let source = links::VERIFICATION;
    let of = name.map_or(String::new(), |name| format!(" of {}", quoted(name)));
    let settled = audits.iter().filter(|audit| is_settled(audit)).count() as u64;
    let against = |audit: &&Audit| audit.finding.is_some_and(Finding::is_against);
    let wrong = audits.iter().filter(against).count() as u64;
    let open = audits.len() as u64 - settled;
    let latest = if *has_older { "latest " } else { "" };
    let text = match audits.len() as u64 {
        0 if *has_older => format!(
            "None of the latest {CHECKS_READ} checks is{of}; older ones were not looked at."
        ),
        0 => format!("No result{of} was checked."),
        count => format!(
            "Of the {latest}{}{of}, {settled} settled: {wrong} found something wrong. {open} still open.",
            plural(count, "check")
        ),
    };
    let mut answer = Answer::saying(text)
        .count("checks", audits.len() as u64, source)
        .count("checks that found something wrong", wrong, source)
        .count("open checks", open, source);
    for audit in audits.iter().filter(against).take(LISTED_MAX) {
        let line = format!(
            "task {} of {} by {}: {}",
            audit.task_number,
            quoted(&audit.experiment_name),
            quoted(&audit.claim.owner),
            excerpt(&audit.note)
        );
        answer = answer.more(line).link(
            format!("check of task {}", audit.task_number),
            links::check(audit.id),
        );
    }
    answer.link("verification", source)
}

/// Why an owner is banned; none of one who is not.
fn banned(row: &OwnerRow) -> Option<String> {
    let standing = &row.standing;
    let cause = cause_in_words(standing.ban.as_deref()?);
    let since = standing
        .banned_at
        .and_then(|at| cupola_domain::date::text(at.millis()))
        .map_or(String::new(), |at| format!(" since {at}"));
    let note = match excerpt(&standing.ban_note) {
        note if note.is_empty() => String::new(),
        note => format!(" ({note})"),
    };
    Some(format!(
        "{} is banned{since} for {cause}{note}.",
        quoted(&standing.owner)
    ))
}

fn said(credits: Credits) -> String {
    amount(units(credits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_not_denied() {
        let said = |has_older, name| {
            let checks = Checks {
                audits: Vec::new(),
                has_older,
            };
            of_checks(&checks, name).text
        };
        assert_eq!(said(false, None), "No result was checked.");
        assert_eq!(said(false, Some("a")), "No result of `a` was checked.");
        assert_eq!(
            said(true, Some("a")),
            "None of the latest 200 checks is of `a`; older ones were not looked at."
        );
    }
}
