//! What something cost, and what is other than before.

use std::time::Duration;

use cupola_domain::{
    cost::{Day, Kind, Money, Scope, Total},
    date,
    text::excerpt,
    time::Timestamp,
};
use cupola_hub::{
    HubError,
    costs::CostsQuery,
    run_search::{
        Columns, RunFound, RunSearch,
        filter::{self, Filter},
    },
};

use super::{Answer, Desk, quoted};
use crate::{
    facts,
    intent::Spent,
    links,
    names::{Key, Thing},
    numbers::{amount, money, plural},
    people,
    period::Period,
};

/// So far is looked back where nobody says since when.
pub(super) const LOOKED_BACK: Duration = Duration::from_hours(24);

/// What is to be done where nothing has a price.
pub(super) const NO_PRICE: &str = "no machine of it has a price; say what machines cost under `[[prices.machine]]` in cupola.toml";

/// Runs of a worker whose costs are added up.
const RUNS_MAX: u32 = 1_000;

/// Of what costs are added up.
struct Booked {
    kind: Kind,
    /// One or more of the kind.
    subjects: Vec<String>,
    name: String,
    source: String,
}

impl Desk<'_> {
    pub(super) fn cost(
        &self,
        of: Option<&Thing>,
        within: Option<&Period>,
        what: Spent,
    ) -> Result<Answer, HubError> {
        let booked = match of.map(|thing| (&thing.key, thing)) {
            None => Booked {
                kind: Kind::All,
                subjects: vec![String::new()],
                name: "everything".to_owned(),
                source: links::COSTS.to_owned(),
            },
            Some((Key::Experiment(id), thing)) => Booked {
                kind: Kind::Experiment,
                subjects: vec![id.to_string()],
                name: quoted(&thing.name),
                source: links::experiment(&self.hub.experiment_detail(*id)?.experiment),
            },
            Some((Key::Person(name), _)) => Booked {
                kind: Kind::Person,
                subjects: people::names_of(self.hub, name)?.into_iter().collect(),
                name: format!("What {} submitted", quoted(name)),
                source: format!("{}?by=person", links::COSTS),
            },
            Some((Key::Worker(_) | Key::Run(_) | Key::Numbered(..) | Key::Picked(..), thing))
                if what != Spent::Money =>
            {
                return Ok(Answer::refused(format!(
                    "Energy and CO₂ of a {} are told on its page only; ask for an experiment, a person or everything.",
                    thing.kind()
                )));
            }
            Some((Key::Worker(id), thing)) => {
                return self.cost_of_worker(&thing.name, links::worker(*id), within);
            }
            Some((Key::Run(_) | Key::Numbered(..) | Key::Picked(..), thing)) => {
                return self.cost_of_run(thing);
            }
            Some((_, thing)) => {
                return Ok(Answer::refused(format!(
                    "What a {} costs is not counted; ask for an experiment, a run, a worker or a person.",
                    thing.kind()
                )));
            }
        };
        let answer = self.cost_of(&booked, within, what)?;
        match of.map(|thing| &thing.key) {
            Some(Key::Experiment(id)) if what == Spent::Money => self.with_planned(answer, *id),
            _ => Ok(answer),
        }
    }

    fn cost_of(
        &self,
        booked: &Booked,
        within: Option<&Period>,
        what: Spent,
    ) -> Result<Answer, HubError> {
        let Booked { name, source, .. } = booked;
        let currency = self.hub.prices().currency.clone();
        let ends = within
            .and_then(|period| period.until)
            .filter(|until| *until <= self.now);
        let since = within.and_then(|period| period.from).map(Day::of);
        let mut total = self.booked(booked, since)?;
        if let Some(until) = ends {
            total = less(total, self.booked(booked, Some(Day::of(until)))?);
        }
        let when = within.map_or(String::new(), |period| {
            format!(" {}", excerpt(&period.words))
        });
        let known = total.cost();
        let cost = Money::units(total.money);
        let (energy, carbon) = (
            known.energy_wh.map(|watt_hours| watt_hours / 1e3),
            known.carbon_g.map(|grams| grams / 1e3),
        );
        let text = spent_in_words(&total, &currency, (name, &when), what);
        let running = match ends {
            Some(_) => 0,
            None => self.running_of(booked)?,
        };
        let and_running = match running {
            0 => String::new(),
            1 => " and 1 that runs".to_owned(),
            running => format!(" and {running} that run"),
        };
        let hours = total.hours();
        let mut answer = Answer::saying(capital(&text))
            .more(format!(
                "That is {} that ended{and_running}, with {} h of machines.",
                plural(total.runs, "run"),
                amount(hours)
            ))
            .count("runs", total.runs, source)
            .count("runs that run", running, source)
            .number("time", hours, "h", source);
        if known.money.is_some() || total.time.is_zero() {
            answer = answer.number("cost", cost, &currency, source);
        }
        if let (true, Ok(runs)) = (cost > 0.0, u32::try_from(total.runs))
            && runs > 1
            && running == 0
        {
            let each = cost / f64::from(runs);
            answer = answer
                .more(format!("On average a run cost {} {currency}.", money(each)))
                .number("cost of a run on average", each, &currency, source);
        }
        if let Some(energy) = energy {
            answer = answer
                .more(format!(
                    "It took {} kWh, as far as that is known.",
                    amount(energy)
                ))
                .number("energy", energy, "kWh", source);
        }
        if let Some(carbon) = carbon {
            answer = answer.number("CO₂", carbon, "kg", source);
        }
        Ok(Self::cost_notes(answer, booked, &total, within.is_some()))
    }

    /// What limits the sum of costs.
    fn cost_notes(mut answer: Answer, booked: &Booked, total: &Total, is_within: bool) -> Answer {
        let source = &booked.source;
        if total.priced < total.time {
            let priced = total.priced.as_secs_f64() / 3_600.0;
            answer = answer
                .more(format!("Only {} h of it have a price.", amount(priced)))
                .number("time with a price", priced, "h", source);
        }
        if booked.kind == Kind::Person {
            let names: Vec<_> = booked.subjects.iter().map(|name| quoted(name)).collect();
            answer = answer.more(format!(
                "Costs are booked under the names of tokens; counted are {}.",
                names.join(", ")
            ));
        }
        if is_within {
            answer = answer.more("Costs are counted by whole days in UTC.");
        }
        answer.link("costs", source.clone())
    }

    fn booked(&self, booked: &Booked, since: Option<Day>) -> Result<Total, HubError> {
        let mut all = Total::default();
        for subject in &booked.subjects {
            let (kind, subject) = (booked.kind, subject.clone());
            all += self.hub.cost_of(&Scope { kind, subject }, since)?;
        }
        Ok(all)
    }

    /// How many of its runs go on now.
    fn running_of(&self, booked: &Booked) -> Result<u64, HubError> {
        let (kind, days) = (booked.kind, Some(1));
        if kind == Kind::All {
            let kind = Kind::Experiment;
            return Ok(self.hub.costs(&CostsQuery { kind, days })?.running as u64);
        }
        let costs = self.hub.all_costs(&CostsQuery { kind, days })?;
        let of = costs.subjects.iter();
        let of = of.filter(|one| booked.subjects.contains(&one.subject));
        Ok(of.map(|one| one.running as u64).sum())
    }

    fn cost_of_run(&self, thing: &Thing) -> Result<Answer, HubError> {
        let run = self.run_of(thing)?;
        let source = links::run(run);
        let currency = self.hub.prices().currency.clone();
        let name = quoted(&thing.name);
        let cost = self.hub.run_cost(run)?;
        Ok(match cost.and_then(|cost| Some((cost, cost.cost.money?))) {
            Some((cost, money)) => {
                let word = if cost.is_final {
                    "cost"
                } else {
                    "has cost so far"
                };
                let answer = Answer::saying(format!(
                    "{name} {word} {} {currency}.",
                    amount(money.units())
                ));
                answer
                    .number("cost", money.units(), &currency, &source)
                    .number("time", cost.span.as_secs_f64(), "s", &source)
            }
            None => Answer::saying(format!(
                "What {name} cost is not known: no worker had it, or {NO_PRICE}."
            )),
        }
        .link(thing.name.clone(), source)
        .showing(run))
    }

    fn cost_of_worker(
        &self,
        name: &str,
        source: String,
        within: Option<&Period>,
    ) -> Result<Answer, HubError> {
        let mut conditions = vec![format!("worker = {}", filter::quoted(name))];
        let (from, until) = within.map_or((None, None), |period| (period.from, period.until));
        conditions.extend(from.map(|from| format!("created >= {}", moment(from))));
        conditions.extend(until.map(|until| format!("created < {}", moment(until))));
        let found = self.search(&conditions.join(" and "), Vec::new(), RUNS_MAX)?;
        let costs = found.runs.iter().filter_map(|run| run.cost);
        let money = costs.clone().fold(Money::default(), |sum, each| sum + each);
        // What runs costs something from its first seconds on.
        let is_unpriced = |one: &&RunFound| one.cost.is_none() && one.run.finished_at.is_some();
        let unpriced = found.runs.iter().filter(is_unpriced).count() as u64;
        let currency = self.hub.prices().currency.clone();
        let count = found.runs.len() as u64;
        let when = within.map_or(String::new(), |period| {
            format!(" {}", excerpt(&period.words))
        });
        let latest = if found.has_more { "latest " } else { "" };
        let of = format!(
            "the {latest}{} of {}{when}",
            plural(count, "run"),
            quoted(name)
        );
        if count > 0 && unpriced == count {
            let text = format!("What {of} cost is not known: {NO_PRICE}.");
            return Ok(Answer::saying(text)
                .count("runs", count, &source)
                .link(name, source));
        }
        let money = money.units();
        let text = format!("{} cost {} {currency}.", capital(&of), amount(money));
        let mut answer = Answer::saying(text);
        if unpriced > 0 {
            answer = answer.more(format!("Of {} no price is known.", plural(unpriced, "run")));
        }
        Ok(answer
            .number("cost", money, &currency, &source)
            .count("runs", count, &source)
            .link(name, source))
    }

    pub(super) fn changed(
        &self,
        of: Option<&Thing>,
        within: Option<&Period>,
    ) -> Result<Answer, HubError> {
        let from = within
            .and_then(|period| period.from)
            .unwrap_or_else(|| self.now.minus(LOOKED_BACK));
        let until = within
            .and_then(|period| period.until)
            .filter(|until| *until <= self.now);
        let between = |field: &str| {
            let until = until.map_or(String::new(), |until| {
                format!(" and {field} < {}", moment(until))
            });
            format!("{field} >= {}{until}", moment(from))
        };
        let (experiments, also, source) = self.scope(of)?;
        let when = within.map_or("in the last 24 hours".to_owned(), |period| {
            excerpt(&period.words)
        });
        let name = of.map_or(String::new(), |thing| {
            format!(" in {}", quoted(&thing.name))
        });
        let mut parts = Vec::new();
        let mut answer = Answer::default();
        for (word, condition) in [
            (
                "completed",
                format!("state = completed and {}", between("finished")),
            ),
            (
                "failed",
                format!("state = failed and {}", between("finished")),
            ),
            (
                "were cancelled",
                format!("state = cancelled and {}", between("finished")),
            ),
            ("were started", between("started")),
        ] {
            let (count, is_all) = if word == "failed" {
                let also = format!("{}{also}", between("finished"));
                let failures = facts::failures(self.hub, &experiments, &also, RUNS_MAX)?;
                (failures.count, failures.is_all)
            } else {
                let condition = format!("{condition}{also}");
                let found = self.search(&condition, experiments.clone(), RUNS_MAX)?;
                let count = found.total.unwrap_or(found.runs.len() as u64);
                (count, found.total.is_some() || !found.has_more)
            };
            let at_least = if is_all { "" } else { "at least " };
            answer = answer.count(format!("runs that {word}"), count, &source);
            if count > 0 {
                parts.push(format!("{at_least}{count} {word}"));
            }
        }
        answer.text = if parts.is_empty() {
            format!("No run{name} was started or ended {when}.")
        } else {
            format!("Of the runs{name}, {when}: {}.", parts.join(", "))
        };
        if of.is_none() {
            answer = self.experiments_made(answer, from, until)?;
        }
        Ok(answer.link("runs", source))
    }

    fn experiments_made(
        &self,
        mut answer: Answer,
        from: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<Answer, HubError> {
        let known = self.hub.known_experiments()?;
        let made = known.iter().filter(|known| {
            known.deleted_at.is_none()
                && known.bin_of.is_none()
                && known.experiment.created_at >= from
        });
        let made =
            made.filter(|known| until.is_none_or(|until| known.experiment.created_at < until));
        let made: Vec<_> = made.collect();
        answer = answer.count("experiments made", made.len() as u64, links::EXPERIMENTS);
        if !made.is_empty() {
            let names: Vec<_> = made
                .iter()
                .take(5)
                .map(|known| self.called(known.experiment.id, &known.experiment.name))
                .collect();
            let others = match made.len() - names.len() {
                0 => String::new(),
                others => format!(", and {others} more"),
            };
            answer = answer.more(format!(
                "{} made, the newest first: {}{others}.",
                plural(made.len() as u64, "experiment"),
                names.join(", ")
            ));
        }
        Ok(answer)
    }

    /// Which experiments are searched, what else must hold, and where it is shown.
    pub(super) fn scope(
        &self,
        of: Option<&Thing>,
    ) -> Result<(Vec<cupola_domain::ids::ExperimentId>, String, String), HubError> {
        Ok(match of.map(|thing| (&thing.key, thing)) {
            Some((Key::Experiment(id), _)) => {
                let source = links::experiment(&self.hub.experiment_detail(*id)?.experiment);
                (vec![*id], String::new(), source)
            }
            Some((Key::Worker(id), thing)) => (
                Vec::new(),
                format!(" and worker = {}", filter::quoted(&thing.name)),
                links::worker(*id),
            ),
            Some((Key::Run(_) | Key::Numbered(..) | Key::Picked(..), thing)) => {
                let run = self.run_of(thing)?;
                (
                    Vec::new(),
                    format!(" and id = {}", filter::quoted(&run.to_string())),
                    links::run(run),
                )
            }
            _ => (Vec::new(), String::new(), links::RUNS.to_owned()),
        })
    }

    /// Runs that satisfy a filter, the latest first.
    pub(super) fn search(
        &self,
        filter: &str,
        experiments: Vec<cupola_domain::ids::ExperimentId>,
        limit: u32,
    ) -> Result<cupola_hub::run_search::RunsFound, HubError> {
        let filter = Filter::parse(filter)
            .map_err(|error| HubError::Conflict(format!("the filter cannot be read: {error}")))?;
        self.hub.search_runs(RunSearch {
            experiments,
            filter,
            columns: Columns::These(Vec::new()),
            limit,
            ..RunSearch::default()
        })
    }
}

/// A moment in a filter.
pub(super) fn moment(at: Timestamp) -> String {
    filter::quoted(&date::text(at.millis()).unwrap_or_default())
}

fn less(all: Total, part: Total) -> Total {
    Total {
        runs: all.runs.saturating_sub(part.runs),
        time: all.time.saturating_sub(part.time),
        priced: all.priced.saturating_sub(part.priced),
        powered: all.powered.saturating_sub(part.powered),
        money: Money::from_micros(all.money.micros() - part.money.micros()),
        energy_mwh: all.energy_mwh - part.energy_mwh,
        carbon_mg: all.carbon_mg - part.carbon_mg,
    }
}

/// What was spent, in a sentence.
fn spent_in_words(
    total: &Total,
    currency: &str,
    (name, when): (&str, &str),
    what: Spent,
) -> String {
    let known = total.cost();
    let cost = Money::units(total.money);
    let (energy, carbon) = (
        known.energy_wh.map(|watt_hours| watt_hours / 1e3),
        known.carbon_g.map(|grams| grams / 1e3),
    );
    match (what, energy, carbon) {
        (Spent::Money, ..) if known.money.is_none() && total.time > Duration::ZERO => {
            format!("What {name} cost{when} is not known: {NO_PRICE}.")
        }
        (Spent::Money, ..) => format!("{name} cost {} {currency}{when}.", money(cost)),
        (Spent::Energy, Some(energy), _) => format!(
            "{name} took {} kWh{when}, as far as that is known.",
            amount(energy)
        ),
        (Spent::Carbon, _, Some(carbon)) => format!(
            "{name} stands for {} kg of CO₂{when}, as far as that is known.",
            amount(carbon)
        ),
        (Spent::Energy, None, _) => format!(
            "How much energy {name} took{when} is not known: nobody measured it or said the power of its machines."
        ),
        (Spent::Carbon, _, None) => format!(
            "How much CO₂ {name} stands for{when} is not known: nobody said what a kilowatt-hour of its machines does."
        ),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
