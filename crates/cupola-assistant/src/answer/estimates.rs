//! What a draft would take, before anybody hands it in.

use std::time::Duration;

use cupola_domain::{ids::ExperimentId, text::excerpt, worker::Presence};
use cupola_hub::HubError;
use serde_json::Value;

use super::{
    Answer, Desk,
    changes::{or_said, text},
    drafts::{planned, seconds},
};
use crate::{
    links,
    numbers::{amount, duration, plural},
    tools::Mode,
    wish::{NUM_TASKS, Wish},
};

impl Desk<'_> {
    pub(super) fn estimate(&self, wish: &Wish, is_time: bool) -> Result<Answer, HubError> {
        if wish.goal.is_empty() || wish.template.is_none() {
            return self.drafted(wish);
        }
        let arguments = match self.arguments(wish) {
            Ok(arguments) => arguments,
            Err(answer) => return Ok(*answer),
        };
        let checked = match self.call("check_brief", &arguments, Mode::AsAsked) {
            Ok(checked) => checked,
            Err(refused) => return or_said(refused),
        };
        if checked["valid"] != Value::Bool(true) {
            return self.drafted(wish);
        }
        let tasks = wish.num_tasks.unwrap_or(NUM_TASKS);
        let answer = if is_time {
            self.time_of_draft(wish, tasks)
        } else {
            cost_of_draft(&checked, tasks)
        };
        Ok(answer.link("a new brief", links::NEW_BRIEF))
    }

    /// About what all of a brief would cost, while some of its tasks are left.
    pub(super) fn with_planned(
        &self,
        answer: Answer,
        id: ExperimentId,
    ) -> Result<Answer, HubError> {
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let left = experiment.counts.pending + experiment.counts.running;
        let Some(brief) = experiment.origin.brief().filter(|_| left > 0) else {
            return Ok(answer);
        };
        let brief = self.hub.find_brief(brief)?;
        let spending = self.hub.spending(&experiment, brief.as_ref())?;
        let Some(whole) = spending.planned else {
            return Ok(answer);
        };
        let (least, most) = (whole.least.units(), whole.most.units());
        let (currency, source) = (spending.currency.as_str(), links::experiment(&experiment));
        let said =
            planned(least, most, currency).replace("It would cost", "All of its tasks would cost");
        Ok(answer
            .more(format!("{said} That is if each uses up its time once."))
            .number("planned cost, least", least, currency, &source)
            .number("planned cost, most", most, currency, &source))
    }

    /// If each task uses up its time once, on all slots that fit now.
    fn time_of_draft(&self, wish: &Wish, tasks: u32) -> Answer {
        let each = Duration::from_secs(seconds(wish));
        let source = links::NEW_BRIEF;
        let slots = self.slots_for(wish).unwrap_or_default();
        let all = each.saturating_mul(tasks);
        let answer = Answer::default()
            .count("slots that fit", slots, links::WORKERS)
            .number("time of all tasks together", all.as_secs_f64(), "s", source);
        let said = format!(
            "{} of {} each are {} of machines if each uses up its time",
            plural(tasks.into(), "task"),
            duration(each),
            duration(all)
        );
        let Some(rounds) = u64::from(tasks)
            .checked_div(slots)
            .map(|whole| whole + u64::from(u64::from(tasks) % slots > 0))
        else {
            let text = format!(
                "It cannot be told how long the draft would take: no worker that is online fits. {said}."
            );
            return Answer { text, ..answer };
        };
        let span = each.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
        let text = format!(
            "The draft would take about {} on the {} that fit now, if nothing else runs there. {said}.",
            duration(span),
            plural(slots, "slot")
        );
        Answer { text, ..answer }.number("planned time", span.as_secs_f64(), "s", source)
    }

    /// Slots of workers that are online and could take its tasks.
    fn slots_for(&self, wish: &Wish) -> Result<u64, HubError> {
        let templates = self.hub.list_templates();
        let template = templates
            .iter()
            .find(|template| Some(&template.name) == wish.template.as_ref());
        let hardware = wish.hardware.map_or("small", |hardware| hardware.as_str());
        let profiles = self.hub.profiles();
        let (Some(template), Ok(profile)) = (template, profiles.find(hardware)) else {
            return Ok(0);
        };
        let needs = template.needs.and(&profile.needs);
        let rows = self.hub.list_workers()?;
        let fitting = rows.iter().filter(|row| {
            row.presence == Presence::Online
                && row.paused.is_none()
                && row.drain.is_none()
                && needs.unmet_by(&row.worker.capabilities).is_empty()
        });
        Ok(fitting.map(|row| u64::from(row.worker.slots)).sum())
    }
}

fn cost_of_draft(checked: &Value, tasks: u32) -> Answer {
    let source = links::NEW_BRIEF;
    let cost = &checked["planned_cost"];
    let currency = cost["currency"].as_str().unwrap_or_default();
    let mut answer = match (cost["least"].as_f64(), cost["most"].as_f64()) {
        (Some(least), Some(most)) => Answer::saying(format!(
            "{} That is if each of {} uses up its time once.",
            planned(least, most, currency),
            plural(tasks.into(), "task")
        ))
        .number("planned cost, least", least, currency, source)
        .number("planned cost, most", most, currency, source),
        _ => Answer::saying(
            "What the draft would cost is not known: no worker that is heard of fits and has a price.",
        ),
    };
    let each = text(&checked["credits_per_task"]);
    if let Ok(credits) = each.parse::<f64>() {
        let all = credits * f64::from(tasks);
        answer = answer
            .more(format!(
                "In credits it is at most {} each, {} in all.",
                excerpt(each),
                amount(all)
            ))
            .number("credits of each task", credits, "credits", source)
            .number("credits of all tasks", all, "credits", source);
    }
    answer
}
