//! `cupola verification`.

use cupola_client::{Client, query::CheckFilter};
use cupola_protocol::verification::{
    CheckBody, CheckDetailBody, ChecksBody, NewBan, NewCheck, StandingBody,
};

use crate::{
    cli::Verification,
    commands::named::{is_whole_id, only},
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
            let client = client(&read.connect)?;
            let id = check_id_of(&client, &check).await?;
            let found = client.check(&id).await?;
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
            let client = client(&read.connect)?;
            // Only to be told of: a hub of before does not say it.
            let known = client.standings().await.ok();
            let known = known.iter().flat_map(|page| &page.items);
            let of_owner = known.into_iter().find(|of| of.owner == owner.trim());
            let in_escrow = of_owner.map_or(0, |of| of.in_escrow);
            let made = client.ban(&NewBan { owner, note }).await?;
            shown(&made, read.json, |of| owners(std::slice::from_ref(of)))?;
            if in_escrow > 0 && !read.json {
                output::note(&format!(
                    "{} had its earnings in escrow: what nobody confirmed of them runs again",
                    output::counted(in_escrow, "run")
                ));
            }
            Ok(())
        }
        Verification::Lift { owner, note, read } => {
            let client = client(&read.connect)?;
            let made = client.lift_ban(&NewBan { owner, note }).await?;
            shown(&made, read.json, |of| owners(std::slice::from_ref(of)))
        }
    }
}

/// So many checks are looked through, the latest first, for one with such a part of its id.
const PAGES_LOOKED_AT: usize = 50;

/// The id of the one check that is meant by it or by a part of it.
async fn check_id_of(client: &Client, named: &str) -> anyhow::Result<String> {
    if is_whole_id(named) {
        return Ok(named.to_owned());
    }
    let mut known = Vec::new();
    let mut filter = CheckFilter {
        limit: Some(200),
        ..CheckFilter::default()
    };
    for _ in 0..PAGES_LOOKED_AT {
        let page = client.checks(&filter).await?;
        known.extend(
            page.items
                .into_iter()
                .map(|check| (check.id, String::new())),
        );
        filter.before = page.next_before;
        if filter.before.is_none() {
            break;
        }
    }
    only(("check", "verification"), named, &known)
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
    plain(check.finding.as_deref().unwrap_or(&check.stage)).to_owned()
}

/// The words of bodies as people say them.
fn plain(word: &str) -> &str {
    match word {
        "at_work" => "at work",
        "valid" => "right",
        "wrong_worse" => "wrong",
        "wrong_better" => "made up",
        "probation" => "a newcomer's",
        "best" => "would be the best",
        "asked" => "asked for",
        "doubt" => "in doubt",
        "spot" => "known answer",
        "known" => "known before",
        "came" => "not compared yet",
        "gone" => "gave nothing",
        other => other,
    }
}

/// As what somebody ran the task.
fn role(word: &str) -> &str {
    match word {
        "spot" => "newcomer",
        other => plain(other),
    }
}

fn list(found: &ChecksBody) {
    let mut table = Table::new(&["check", "state", "why", "owner", "value", "run", "at"]);
    for check in &found.items {
        table.row([
            check.id.clone(),
            state(check),
            plain(&check.why).to_owned(),
            check.claim.owner.clone(),
            output::number(check.claim.value),
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
        ("why", plain(&of.why).to_owned()),
        ("run", of.run_id.clone()),
        ("experiment", of.experiment.clone()),
        ("task", of.task_number.to_string()),
        ("owner", of.claim.owner.clone()),
        ("class", of.claim.class.clone()),
        ("digest", of.claim.digest.clone()),
        ("value", output::number(of.claim.value)),
        ("tolerance", output::number(of.tolerance)),
    ]);
}

fn detail(of: &CheckDetailBody) {
    check(&of.check);
    let mut table = Table::new(&[
        "round", "role", "owner", "class", "value", "found", "digest",
    ]);
    for run in &of.runs {
        let found = match (run.finding.as_deref(), run.place.as_str()) {
            (None, "came") if of.check.finding.is_some() => "not needed",
            (finding, place) => plain(finding.unwrap_or(place)),
        };
        table.row([
            run.round.to_string(),
            role(&run.role).to_owned(),
            run.claim.owner.clone(),
            run.claim.class.clone(),
            output::number(run.claim.value),
            found.to_owned(),
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
        "owner",
        "class",
        "passed",
        "standing",
        "frauds",
        "faults",
        "in escrow",
        "note",
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
                of.in_escrow.to_string(),
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
