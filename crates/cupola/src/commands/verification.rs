//! `cupola verification`.

use cupola_client::query::CheckFilter;
use cupola_protocol::verification::{
    CheckBody, CheckDetailBody, ChecksBody, NewBan, NewCheck, StandingBody,
};

use crate::{
    cli::Verification,
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Verification) -> anyhow::Result<()> {
    match command {
        Verification::List {
            stage,
            finding,
            owner,
            before,
            limit,
            read,
        } => {
            let filter = CheckFilter {
                stage,
                finding,
                owner,
                before,
                limit,
            };
            let found = client(&read.connect)?.checks(&filter).await?;
            shown(&found, read.json, list)
        }
        Verification::Show { check, read } => {
            let found = client(&read.connect)?.check(&check).await?;
            shown(&found, read.json, detail)
        }
        Verification::Owners(read) => {
            let found = client(&read.connect)?.standings().await?;
            shown(&found.items, read.json, |found| owners(found))
        }
        Verification::Check { run, read } => {
            let new = NewCheck { run_id: run };
            let made = client(&read.connect)?.check_run(&new).await?;
            shown(&made, read.json, check)
        }
        Verification::Ban { owner, note, read } => {
            let made = client(&read.connect)?.ban(&NewBan { owner, note }).await?;
            shown(&made, read.json, |of| owners(std::slice::from_ref(of)))
        }
        Verification::Lift { owner, note, read } => {
            let client = client(&read.connect)?;
            let made = client.lift_ban(&NewBan { owner, note }).await?;
            shown(&made, read.json, |of| owners(std::slice::from_ref(of)))
        }
    }
}

fn shown<T: serde::Serialize>(found: &T, is_json: bool, show: fn(&T)) -> anyhow::Result<()> {
    if is_json {
        return output::json(found);
    }
    show(found);
    Ok(())
}

/// What it found, or how far it is.
fn state(check: &CheckBody) -> String {
    check.finding.clone().unwrap_or_else(|| check.stage.clone())
}

fn value(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn list(found: &ChecksBody) {
    let mut table = Table::new(&["check", "state", "why", "owner", "value", "run", "at"]);
    for check in &found.items {
        table.row([
            check.id.clone(),
            state(check),
            check.why.clone(),
            check.claim.owner.clone(),
            value(check.claim.value),
            check.run_id.clone(),
            check.opened_at.to_string(),
        ]);
    }
    table.print("Nothing was checked.");
    if let Some(before) = &found.next_before {
        output::note(&format!("those before: --before {before}"));
    }
    if !found.obstacle.is_empty() {
        output::note(&format!("checks wait: {}", found.obstacle));
    }
    if found.profile.is_empty() {
        output::note(
            "nothing is checked here: name a `profile` in `[verification]` of cupola.toml",
        );
    }
}

fn check(of: &CheckBody) {
    output::fields(&[
        ("check", of.id.clone()),
        ("state", state(of)),
        ("found", of.note.clone()),
        ("why", of.why.clone()),
        ("run", of.run_id.clone()),
        ("experiment", of.experiment.clone()),
        ("task", of.task_number.to_string()),
        ("owner", of.claim.owner.clone()),
        ("class", of.claim.class.clone()),
        ("digest", of.claim.digest.clone()),
        ("value", value(of.claim.value)),
        ("tolerance", value(of.tolerance)),
    ]);
}

fn detail(of: &CheckDetailBody) {
    check(&of.check);
    let mut table = Table::new(&[
        "round", "role", "owner", "class", "value", "found", "digest",
    ]);
    for run in &of.runs {
        let found = run.finding.clone().unwrap_or_else(|| run.place.clone());
        table.row([
            run.round.to_string(),
            run.role.clone(),
            run.claim.owner.clone(),
            run.claim.class.clone(),
            value(run.claim.value),
            found,
            run.claim.digest.clone(),
        ]);
    }
    table.print("Nobody was chosen yet.");
    if !of.obstacle.is_empty() {
        output::note(&format!("it waits: {}", of.obstacle));
    }
}

fn owners(found: &[StandingBody]) {
    let mut table = Table::new(&[
        "owner", "class", "passed", "standing", "frauds", "faults", "note",
    ]);
    for of in found {
        let common = |class: &str, passed: String, status: &str| {
            [
                of.owner.clone(),
                class.to_owned(),
                passed,
                status.to_owned(),
                of.frauds.to_string(),
                of.faults.to_string(),
                of.note.clone(),
            ]
        };
        if of.classes.is_empty() {
            let status = of.ban.as_ref().map_or("–", |_| "banned");
            table.row(common("–", "0".to_owned(), status));
        }
        for class in &of.classes {
            table.row(common(
                &class.class,
                class.passed.to_string(),
                &class.status,
            ));
        }
    }
    table.print("Nothing is known of anybody yet.");
}
