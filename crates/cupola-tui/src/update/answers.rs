//! What was asked for has come.

use cupola_workspace::{model::RunKey, source::SourceError};

use crate::{
    event::{Answer, Arranged, Effect},
    model::{Front, Model},
    update::{jobs, logs},
};

pub(super) fn update(model: &mut Model, answer: Answer) -> Vec<Effect> {
    if let Answer::Log(asked, result) = answer {
        return logs::answered(model, &asked, result);
    }
    if let Answer::Experiments(result) = answer {
        // Jobs report more often than an experiment changes.
        model.is_dirty |= model.experiments.take(words(result));
        return jobs::follow_latest(model);
    }
    model.is_dirty = true;
    match answer {
        Answer::Jobs(run, result) => return jobs_came(model, &run, result),
        Answer::Arranged(run, arranged) => {
            let Some(opened) = model.opened.as_mut().filter(|opened| opened.run == run) else {
                return Vec::new();
            };
            return jobs::rearranged(opened, arranged);
        }
        Answer::Details(key, result) => {
            for front in &mut model.fronts {
                if let Front::Details(details) = front
                    && details.key == key
                {
                    details.found = Some(result.map_err(|error| error.to_string()));
                    break;
                }
            }
            look_up(model);
        }
        Answer::Series(key, result) => {
            for front in &mut model.fronts {
                if let Front::Chart(chart) = front
                    && chart.key == key
                {
                    chart.found = Some(result.map_err(|error| error.to_string()));
                    break;
                }
            }
        }
        Answer::Services(None, result) => model.services.take(words(result)),
        Answer::Services(Some(run), result) => {
            if let Some(opened) = model.opened.as_mut().filter(|opened| opened.run == run) {
                opened.services.take(words(result));
            }
        }
        Answer::Actions(run, result) => {
            if let Some(opened) = model.opened.as_mut().filter(|opened| opened.run == run) {
                opened.actions.take(words(result));
            }
        }
        Answer::Orphans(result) => model.orphans.take(words(result)),
        Answer::Warnings(result) => model.warnings.take(words(result)),
        Answer::Sheets(result) => match result {
            Ok(sheets) => model.sheets = sheets,
            Err(error) => model.complain(error.to_string()),
        },
        Answer::Log(..) | Answer::Experiments(_) => {}
    }
    Vec::new()
}

fn jobs_came(
    model: &mut Model,
    run: &RunKey,
    result: Result<Arranged, SourceError>,
) -> Vec<Effect> {
    let Some(opened) = model.opened.as_mut().filter(|opened| opened.run == *run) else {
        return Vec::new();
    };
    let effects = match result {
        Ok(arranged) => jobs::arranged(opened, arranged),
        Err(error) => {
            opened.jobs.is_known = true;
            opened.jobs.problem = Some(error.to_string());
            Vec::new()
        }
    };
    look_up(model);
    effects
}

/// Details say how the jobs are that a job needs.
fn look_up(model: &mut Model) {
    let Some(opened) = &model.opened else {
        return;
    };
    for front in &mut model.fronts {
        if let Front::Details(details) = front {
            details.look_up(&opened.jobs.arranged.jobs);
        }
    }
}

fn words<T>(result: Result<T, SourceError>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}
