//! `--dry-run`: the tasks of a file, without running any.

use cupola_search::file::{ExperimentFile, FileTask, Program};
use serde_json::{Value, json};

use super::console::config_text;
use crate::output::{self, Table};

/// More tasks than that are counted, not listed.
const ROWS_MAX: usize = 1_000;

pub(super) fn print(file: &ExperimentFile, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let tasks: Vec<Value> = file.tasks().map(|task| body(file, &task)).collect();
        return output::json(&json!({ "name": file.name, "tasks": tasks }));
    }
    let total = file.task_count() as usize;
    let noun = if total == 1 { "task" } else { "tasks" };
    output::line(&output::clean(&format!("{}: {total} {noun}", file.name)));
    let mut table = Table::new(&["task", "name", "runs", "seed", "config", "after"]);
    for task in file.tasks().take(ROWS_MAX) {
        let step = &file.steps[task.step];
        let after: Vec<_> = step
            .depends_on
            .iter()
            .map(|at| file.steps[*at].name.as_str())
            .collect();
        table.row([
            task.number.to_string(),
            output::or_dash(Some(&task.name)),
            program_text(&step.program),
            task.seed.to_string(),
            output::or_dash(Some(&config_text(&task.config))),
            output::or_dash(Some(&after.join(", "))),
        ]);
    }
    table.print("");
    if total > ROWS_MAX {
        let more = total - ROWS_MAX;
        output::line(&format!("… and {more} more; `--json` prints them all"));
    }
    Ok(())
}

fn program_text(program: &Program) -> String {
    match program {
        Program::Template(name) => name.clone(),
        Program::Command { command, .. } => match command.as_slice() {
            [shell, flag, line] if shell == "sh" && flag == "-ec" => {
                line.lines().next().unwrap_or_default().to_owned()
            }
            command => command.join(" "),
        },
    }
}

fn body(file: &ExperimentFile, task: &FileTask) -> Value {
    json!({
        "number": task.number,
        "name": task.name,
        "seed": task.seed,
        "config": task.config,
        "environment": task.environment,
        "needs": file.needed_by(task.step),
    })
}
