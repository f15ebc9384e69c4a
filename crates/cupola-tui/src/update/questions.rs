//! What is asked before anything is changed.

use std::{collections::BTreeSet, sync::Arc};

use cupola_workspace::{
    model::{ExperimentAction, Job, JobKey, JobState, RunKey},
    source::Action,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use crate::{
    event::Effect,
    keys::Command,
    model::{Choice, Dialog, Model},
    text::clean,
    view,
};

/// So many names are listed in a question.
const NAMES_MAX: usize = 6;

pub(super) fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    let Some(dialog) = model.dialog.as_mut() else {
        return Vec::new();
    };
    let last = dialog.choices.len() - 1;
    match event.code {
        KeyCode::Up | KeyCode::Left | KeyCode::BackTab => {
            dialog.chosen = dialog.chosen.saturating_sub(1);
        }
        KeyCode::Down | KeyCode::Right | KeyCode::Tab => {
            dialog.chosen = (dialog.chosen + 1).min(last);
        }
        KeyCode::Char('y') if last == 1 => return answer(model, 1),
        KeyCode::Enter => {
            let chosen = dialog.chosen;
            return answer(model, chosen);
        }
        KeyCode::Esc | KeyCode::Char('n' | 'q') => model.dialog = None,
        _ => {}
    }
    Vec::new()
}

/// Does what was chosen.
pub(super) fn answer(model: &mut Model, chosen: usize) -> Vec<Effect> {
    if let Some(dialog) = &mut model.dialog {
        dialog.chosen = chosen;
    }
    if !view::shows_chosen(model) {
        // Nobody means what he cannot see.
        return Vec::new();
    }
    let dialog = model.dialog.take();
    let choice = dialog.and_then(|dialog| dialog.choices.into_iter().nth(chosen));
    match choice {
        Some(choice) => choice.effects,
        None => Vec::new(),
    }
}

pub(super) fn kill(model: &mut Model, key: JobKey) -> Vec<Effect> {
    let lines = vec![clean(&key.task), clean(&key.id)];
    let choices = vec![Choice::new("kill it", Effect::Act(vec![Action::Kill(key)]))];
    ask(model, "Kill this job?", lines, choices)
}

/// What is done is not begun again by one key.
pub(super) fn start(model: &mut Model, key: JobKey) -> Vec<Effect> {
    let is_done = shown(model, &key).is_some_and(|job| job.state == JobState::Done);
    let lines = vec![clean(&key.task), clean(&key.id)];
    let again = Effect::Act(vec![Action::Start(key)]);
    if !is_done || !model.place.is_hub {
        return vec![again];
    }
    let choices = vec![Choice::new("run it again", again)];
    ask(model, "It is done. Run it once more?", lines, choices)
}

pub(super) fn delete(model: &mut Model, key: JobKey) -> Vec<Effect> {
    if model.place.is_hub {
        model.complain("a hub deletes experiments as a whole");
        return Vec::new();
    }
    let mut lines = vec![
        clean(&key.task),
        clean(&key.id),
        "Its folder and all that is in it will be gone.".to_owned(),
    ];
    let experiments = named_by(model, &key);
    if !experiments.is_empty() {
        let names = experiments.iter().take(NAMES_MAX).map(|name| clean(name));
        let names = names.collect::<Vec<_>>().join(", ");
        lines.push(format!("Named by {}: {names}", experiments.len()));
        lines.push("What needs it there has to do without it.".to_owned());
    }
    let choices = vec![Choice::new(
        "delete it",
        Effect::Act(vec![Action::Delete(key)]),
    )];
    ask(model, "Delete this job?", lines, choices)
}

/// The experiments that a job belongs to, as far as it is seen.
fn named_by(model: &Model, key: &JobKey) -> BTreeSet<String> {
    let runs = shown(model, key).into_iter().flat_map(|job| &job.runs);
    runs.map(|run| run.experiment.clone()).collect()
}

/// A job of the list that is open.
fn shown<'m>(model: &'m Model, key: &JobKey) -> Option<&'m Arc<Job>> {
    let jobs = &model.opened.as_ref()?.jobs.arranged.jobs;
    jobs.iter().find(|job| job.key == *key)
}

/// Which jobs run is known of the run that is shown; of others it is read when it is done.
pub(super) fn kill_running_of(model: &mut Model, run: &RunKey) -> Vec<Effect> {
    let experiment = model.experiments.find(&run.experiment);
    let known = experiment.and_then(|it| it.runs.iter().find(|known| known.key == *run));
    let running = known.map_or(0, |known| known.counts.running);
    if running == 0 {
        model.say(format!("no job of {} runs", clean(&run.experiment)));
        return Vec::new();
    }
    let lines = vec![
        format!("Experiment {}: {running} jobs", clean(&run.experiment)),
        "Each is asked to end, and killed after a while.".to_owned(),
    ];
    let choices = vec![Choice::new(
        "kill all running jobs",
        Effect::KillRunning(run.clone()),
    )];
    ask(model, "Kill all its running jobs?", lines, choices)
}

pub(super) fn delete_experiment(model: &mut Model, id: &str) -> Vec<Effect> {
    if model.place.is_hub {
        return delete_of_hub(model, id);
    }
    let choice = |label: &str, with_jobs| {
        let act = Action::DeleteExperiment {
            experiment: id.to_owned(),
            run: None,
            with_jobs,
        };
        Choice::new(label, Effect::Act(vec![act]))
    };
    let choices = vec![
        choice("delete it, keep the jobs", false),
        choice("delete it with the jobs that nothing else names", true),
    ];
    ask(model, "Delete this experiment?", vec![clean(id)], choices)
}

/// A hub keeps nothing of it. Its run is named besides, so that no other one goes which is called
/// the same by the time of the answer.
fn delete_of_hub(model: &mut Model, id: &str) -> Vec<Effect> {
    let experiment = model.experiments.find(id);
    let Some(run) = experiment.and_then(|experiment| experiment.runs.first()) else {
        return Vec::new();
    };
    let lines = vec![
        clean(id),
        format!("Its {} tasks end, and all their runs go,", run.counts.total),
        "with logs, curves and files; a brief goes as a whole.".to_owned(),
    ];
    let act = Action::DeleteExperiment {
        experiment: id.to_owned(),
        run: Some(run.key.run.clone()),
        with_jobs: true,
    };
    let choices = vec![Choice::new(
        "delete it with all its runs",
        Effect::Act(vec![act]),
    )];
    ask(model, "Delete this experiment?", lines, choices)
}

pub(super) fn delete_run(model: &mut Model, key: &RunKey) -> Vec<Effect> {
    if model.place.is_hub {
        return delete_of_hub(model, &key.experiment);
    }
    let choice = |label: &str, with_jobs| {
        let act = Action::DeleteExperiment {
            experiment: key.experiment.clone(),
            run: Some(key.run.clone()),
            with_jobs,
        };
        Choice::new(label, Effect::Act(vec![act]))
    };
    let lines = vec![format!("{} {}", clean(&key.experiment), clean(&key.run))];
    let choices = vec![
        choice("delete it, keep the jobs", false),
        choice("delete it with the jobs that nothing else names", true),
    ];
    ask(model, "Delete this run?", lines, choices)
}

pub(super) fn execute(model: &mut Model, run: RunKey, action: &ExperimentAction) -> Vec<Effect> {
    let lines = vec![clean(&action.id), clean(&action.description)];
    let act = Action::Execute(run, action.id.clone());
    ask(
        model,
        "Do this?",
        lines,
        vec![Choice::new("do it", Effect::Act(vec![act]))],
    )
}

pub(super) fn kill_strays(model: &mut Model) -> Vec<Effect> {
    let keys = orphans(model, true);
    let one = |key: &JobKey| Action::KillStray(vec![key.clone()]);
    let acts = keys.iter().map(one).collect();
    ask_about(model, "Kill all stray jobs?", "kill", &keys, acts)
}

pub(super) fn delete_orphans(model: &mut Model) -> Vec<Effect> {
    let keys = orphans(model, false);
    let one = |key: &JobKey| Action::DeleteOrphans(vec![key.clone()]);
    let acts = keys.iter().map(one).collect();
    ask_about(
        model,
        "Delete all that nothing names?",
        "delete",
        &keys,
        acts,
    )
}

pub(super) fn about_warning(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(warning) = model
        .warnings
        .selected()
        .filter(|_| command == Command::Open)
    else {
        return Vec::new();
    };
    let lines = vec![
        format!(
            "{} {}",
            clean(&warning.run.experiment),
            clean(&warning.run.run)
        ),
        clean(&warning.description),
    ];
    let choice = |(key, label): &(String, String)| {
        let act = Action::Warning {
            run: warning.run.clone(),
            key: warning.key.clone(),
            action: key.clone(),
        };
        Choice::new(clean(label), Effect::Act(vec![act]))
    };
    let choices = warning.actions.iter().map(choice).collect();
    let title = clean(&warning.key);
    ask(model, &title, lines, choices)
}

fn orphans(model: &mut Model, is_stray: bool) -> Vec<JobKey> {
    if model.orphans.shows_finished == is_stray {
        model.orphans.switch();
    }
    let rows = model.orphans.rows();
    let wanted =
        rows.filter(|orphan| is_stray == (orphan.job.state == JobState::Running) || !is_stray);
    wanted.map(|orphan| orphan.job.key.clone()).collect()
}

fn ask_about(
    model: &mut Model,
    title: &str,
    verb: &str,
    keys: &[JobKey],
    acts: Vec<Action>,
) -> Vec<Effect> {
    if keys.is_empty() {
        model.say("there are none");
        return Vec::new();
    }
    let mut lines: Vec<_> = keys
        .iter()
        .take(NAMES_MAX)
        .map(|key| clean(&key.to_string()))
        .collect();
    if keys.len() > NAMES_MAX {
        lines.push(format!("… and {} more", keys.len() - NAMES_MAX));
    }
    let choices = vec![Choice::new(
        format!("{verb} {} jobs", keys.len()),
        Effect::Act(acts),
    )];
    ask(model, title, lines, choices)
}

fn ask(model: &mut Model, title: &str, lines: Vec<String>, choices: Vec<Choice>) -> Vec<Effect> {
    if !model.place.can_act {
        model.complain("this place can only be looked at");
        return Vec::new();
    }
    model.dialog = Some(Dialog::ask(title, lines, choices));
    Vec::new()
}
