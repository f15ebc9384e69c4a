//! Reports that are kept: because somebody asked for one, or because a schedule is due.

use std::time::Duration;

use cupola_domain::{
    ids::ExperimentId,
    report::{Kept, Schedule, When},
    text::excerpt,
};
use cupola_hub::{Hub, HubError, loops::Loop, reports::NewReport};
use cupola_report::Report;

use super::write;

/// Makes the reports that are due.
pub const LOOP: Loop = Loop {
    name: "reports",
    period: Duration::from_secs(10),
    tick,
};

/// Writes a report and keeps it: `by` whom, and whose it is.
pub fn keep(hub: &Hub, subjects: Vec<ExperimentId>, by: (&str, &str)) -> Result<Kept, HubError> {
    let report = write(hub, &subjects)?;
    hub.keep_report(new(&report, subjects), by)
}

/// Looks once at every schedule that is due; says how many reports were made. One that cannot be made holds
/// up no other: its schedule says why, and tries again at its next time.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let mut made = 0;
    for schedule in hub.list_due_report_schedules()? {
        if make(hub, schedule)? {
            made += 1;
        }
    }
    Ok(made)
}

fn make(hub: &Hub, mut schedule: Schedule) -> Result<bool, HubError> {
    schedule.looked_at(hub.now());
    let report = match due(hub, &schedule) {
        Ok(Ok(report)) => report,
        Ok(Err(why)) => return noted(hub, schedule, &why),
        Err(error @ HubError::Unavailable(_)) => return Err(error),
        // What went wrong on the hub is nobody's but its log's.
        Err(error @ HubError::Internal(_)) => {
            tracing::error!(%error, schedule = %schedule.id, "a report was not made");
            return noted(hub, schedule, "the hub could not make it; its log says why");
        }
        Err(error) => return noted(hub, schedule, &error.to_string()),
    };
    "made a report".clone_into(&mut schedule.note);
    let new = new(&report, schedule.subjects.clone());
    match hub.keep_scheduled_report(new, schedule.clone()) {
        Ok(kept) => Ok(kept.is_some()),
        Err(error @ (HubError::Unavailable(_) | HubError::Internal(_))) => Err(error),
        Err(error) => noted(hub, schedule, &error.to_string()),
    }
}

/// The report that a schedule makes now, or why it makes none.
fn due(hub: &Hub, schedule: &Schedule) -> Result<Result<Report, String>, HubError> {
    if schedule.when == When::Done {
        for id in &schedule.subjects {
            if !has_ended(hub, *id)? {
                return Ok(Err("waits until all of it has ended".to_owned()));
            }
        }
        return write(hub, &schedule.subjects).map(Ok);
    }
    let report = write(hub, &schedule.subjects)?;
    let before = hub.find_latest_of_schedule(schedule.id)?;
    let before = before.and_then(|document| Report::from_json(&document));
    if before.is_some_and(|before| is_same(&before, &report)) {
        return Ok(Err("nothing changed since its last report".to_owned()));
    }
    Ok(Ok(report))
}

/// Whether an experiment has tasks and none of them, nor any that its brief still makes, is to come.
fn has_ended(hub: &Hub, id: ExperimentId) -> Result<bool, HubError> {
    let experiment = hub.experiment_detail(id)?.experiment;
    let counts = &experiment.counts;
    let planned = match experiment.origin.brief() {
        Some(_) => hub
            .family_detail(id)?
            .brief
            .map_or(0, |brief| u64::from(brief.wanted.num_tasks)),
        None => 1,
    };
    let is_over = counts.pending + counts.running == 0;
    // What was stopped as a whole makes no more tasks.
    Ok(is_over && (counts.total() >= planned || hub.is_stopped(id)?))
}

/// Whether they say the same, whenever they were made.
fn is_same(a: &Report, b: &Report) -> bool {
    (&a.title, &a.about, &a.sections) == (&b.title, &b.about, &b.sections)
}

fn noted(hub: &Hub, mut schedule: Schedule, why: &str) -> Result<bool, HubError> {
    schedule.note = excerpt(why);
    hub.save_report_schedule(schedule)?;
    Ok(false)
}

fn new(report: &Report, subjects: Vec<ExperimentId>) -> NewReport {
    NewReport {
        title: report.title.clone(),
        subjects,
        document: report.to_json(),
    }
}
