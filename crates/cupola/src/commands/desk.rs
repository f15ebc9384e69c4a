//! `cupola worker status`, `pause`, `resume`, `settings`, `test`: the worker on this machine, in words.

use std::time::Duration;

use anyhow::Context as _;
use cupola_client::Client;
use cupola_domain::time::Timestamp;
use cupola_protocol::desk::{
    DeskBody, DeskEndedBody, DeskLineBody, DeskTaskBody, LimitsBody, PauseBody, TestBody,
};
use cupola_tui::worker::{self, Sheet, Wish};
use tokio::runtime::Handle;

use crate::{
    cli::{DeskCommand, DeskSettings, Here, LimitFlags, Pause},
    commands::monitor::{colours, need_terminal},
    desk::Place,
    output::{self, Table},
    world::{offset_secs, wall_clock},
};

const DAY_SECS: i64 = 24 * 3600;

pub(crate) async fn run(command: DeskCommand) -> anyhow::Result<()> {
    match command {
        DeskCommand::Status { here, json } => {
            let place = find(here).await?;
            let desk = place.client()?.desk().await?;
            if json {
                return output::json(&desk);
            }
            show(&desk, &place);
        }
        DeskCommand::Pause(pause) => {
            let body = body_of(&pause, wall_clock(), offset_secs(wall_clock()))?;
            let places = Place::find_all(pause.here.state).await?;
            for place in &places {
                say(&place.client()?.pause_desk(&body).await?, places.len());
            }
        }
        DeskCommand::Resume(here) => {
            let places = Place::find_all(here.state).await?;
            for place in &places {
                say(&place.client()?.resume_desk().await?, places.len());
            }
        }
        DeskCommand::Settings(asked) => settings(*asked).await?,
        DeskCommand::Test(here) => {
            let test = find(here).await?.client()?.test_desk().await?;
            if test.latency_ms.is_none() {
                anyhow::bail!(answer(&test));
            }
            output::line(&answer(&test));
        }
    }
    Ok(())
}

async fn find(here: Here) -> anyhow::Result<Place> {
    Place::find(here.state).await
}

/// What is asked for at `now`, where clocks are `offset_secs` ahead of UTC.
fn body_of(pause: &Pause, now: Timestamp, offset_secs: i32) -> anyhow::Result<PauseBody> {
    let after = match (&pause.span, &pause.until) {
        (Some(span), _) => Some(span_of(span).with_context(|| {
            format!("`--for {span}`: write a number with a unit, such as `90m`, `8h` or `2d`")
        })?),
        (None, Some(until)) => Some(until_of(until, now, offset_secs).with_context(|| {
            format!("`--until {until}`: write a time of the day, such as `18:00`")
        })?),
        (None, None) => None,
    };
    Ok(PauseBody {
        until: after.map(|after| now.plus(after).into()),
        stops_running: pause.stop,
    })
}

fn span_of(text: &str) -> Option<Duration> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let secs = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return None,
    };
    let secs = number.parse::<u32>().ok()?.checked_mul(secs)?;
    Some(Duration::from_secs(secs.into())).filter(|span| !span.is_zero())
}

/// How long it is until a time of the day.
fn until_of(text: &str, now: Timestamp, offset_secs: i32) -> Option<Duration> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let here = (now.millis() / 1000 + i64::from(offset_secs)).rem_euclid(DAY_SECS);
    let ahead = (hour * 3600 + minute * 60 - here).rem_euclid(DAY_SECS);
    let ahead = if ahead == 0 { DAY_SECS } else { ahead };
    u64::try_from(ahead).ok().map(Duration::from_secs)
}

async fn settings(asked: DeskSettings) -> anyhow::Result<()> {
    let client = find(asked.here.clone()).await?.client()?;
    let before = client.desk().await?.settings;
    let mut wanted = changed(before.clone(), &asked.limits);
    wanted.slots = asked.slots.unwrap_or(wanted.slots);
    let now = if wanted == before {
        before
    } else {
        client.change_desk(&wanted).await?.settings
    };
    if asked.json {
        return output::json(&now);
    }
    output::fields(&words(&now));
    Ok(())
}

/// Limits with what was asked for in place of what was.
pub(super) fn changed(mut limits: LimitsBody, asked: &LimitFlags) -> LimitsBody {
    fn put<T: Copy>(place: &mut T, value: Option<T>) {
        *place = value.unwrap_or(*place);
    }
    put(&mut limits.cores, asked.cores);
    put(&mut limits.memory_gib, asked.memory);
    put(&mut limits.gpu, asked.gpu);
    put(&mut limits.disk_gib, asked.disk);
    put(&mut limits.bandwidth_mbit, asked.bandwidth);
    put(&mut limits.only_idle_minutes, asked.only_idle);
    put(&mut limits.only_on_mains, asked.only_on_mains);
    put(&mut limits.stops_running, asked.stops_running);
    if !asked.hours.is_empty() {
        let hours = asked.hours.iter().filter(|line| *line != "always");
        limits.hours = hours.cloned().collect();
    }
    limits
}

fn words(limits: &LimitsBody) -> Vec<(&'static str, String)> {
    let most = |value: f64, unit: &str| {
        if value > 0.0 {
            format!("{value}{unit}")
        } else {
            "all".to_owned()
        }
    };
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let slots = if limits.slots > 0 {
        limits.slots.to_string()
    } else {
        "as started".to_owned()
    };
    let hours = if limits.hours.is_empty() {
        "always".to_owned()
    } else {
        limits.hours.join("\n")
    };
    let idle = if limits.only_idle_minutes > 0 {
        format!("after {} min", limits.only_idle_minutes)
    } else {
        "no".to_owned()
    };
    let tasks = if limits.stops_running {
        "are stopped and given back"
    } else {
        "go on to their end"
    };
    vec![
        ("cores", most(limits.cores.into(), "")),
        ("memory", most(limits.memory_gib, " GiB")),
        ("GPU", yes(limits.gpu)),
        ("disk", most(limits.disk_gib, " GiB")),
        ("bandwidth", most(limits.bandwidth_mbit, " Mbit/s")),
        ("slots", slots),
        ("hours", hours),
        ("only when idle", idle),
        ("only on mains power", yes(limits.only_on_mains)),
        ("tasks, once it rests", tasks.to_owned()),
    ]
}

/// Watches the worker on this machine in this terminal.
pub(crate) async fn watch(here: Here) -> anyhow::Result<()> {
    need_terminal()?;
    let client = find(here.clone()).await?.client()?;
    let colours = colours();
    let runtime = Handle::current();
    let mut own = Own {
        here,
        client,
        runtime,
    };
    let watching = move || worker::watch(&mut own, colours);
    Ok(tokio::task::spawn_blocking(watching).await??)
}

/// So long a worker may take to say what it does; it is on this machine.
const LOOK_WAIT: Duration = Duration::from_secs(2);

/// The worker on this machine, for the terminal.
struct Own {
    here: Here,
    client: Client,
    runtime: Handle,
}

impl worker::Worker for Own {
    fn look(&mut self) -> Result<Sheet, String> {
        let desk = self.runtime.block_on(async {
            if let Ok(Ok(desk)) = tokio::time::timeout(LOOK_WAIT, self.client.desk()).await {
                return Ok(desk);
            }
            // It may have been started again, with another key.
            self.client = find(self.here.clone()).await?.client()?;
            anyhow::Ok(tokio::time::timeout(LOOK_WAIT, self.client.desk()).await??)
        });
        let desk = desk.map_err(|error| format!("{error:#}"));
        desk.map(|desk| sheet(&desk))
    }

    fn tell(&mut self, wish: Wish) -> Result<String, String> {
        let stops_running = wish == Wish::Stop;
        let pause = PauseBody {
            until: None,
            stops_running,
        };
        let told = self.runtime.block_on(async {
            let desk = match wish {
                Wish::Pause | Wish::Stop => self.client.pause_desk(&pause).await?,
                Wish::Resume => self.client.resume_desk().await?,
                Wish::Test => {
                    let test = self.client.test_desk().await?;
                    return Ok(answer(&test));
                }
            };
            Ok::<_, cupola_client::Error>(state(&desk))
        });
        told.map_err(|error| error.to_string())
    }
}

fn sheet(desk: &DeskBody) -> Sheet {
    let until = desk
        .until
        .map_or_else(String::new, |until| format!(" until {until}"));
    let mut facts = facts(desk);
    facts.retain(|(name, _)| *name != "state" && *name != "name");
    let task = |task: &DeskTaskBody| {
        let level = task.progress.first();
        let part = level.and_then(|level| Some(level.current / level.total?));
        (
            format!("{} ({}) run {}", task.template, task.phase, task.run_id),
            part,
            progress(task),
        )
    };
    let past = |ended: &DeskEndedBody| {
        let value = ended.value.map_or_else(String::new, |value| {
            format!("{} = {value}  ", ended.metric_name)
        });
        let took = ended.wall_time_secs;
        let rest = format!("{value}{took:.1} s  {}  {}", ended.template, ended.run_id);
        (ended.status.clone(), rest)
    };
    let line = |line: &DeskLineBody| {
        let at = line.at.to_string();
        let time = at.get(11..19).unwrap_or(&at).to_owned();
        (time, line.level.clone(), line.text.clone())
    };
    Sheet {
        name: desk.name.clone(),
        state: desk.state.clone(),
        why: format!("{}{until}", desk.why),
        facts,
        tasks: desk.tasks.iter().map(task).collect(),
        past: desk.history.iter().map(past).collect(),
        log: desk.log.iter().map(line).collect(),
    }
}

/// What came of a command that so many workers were given.
fn say(desk: &DeskBody, workers: usize) {
    let name = match workers {
        1 => String::new(),
        _ => format!("{}: ", desk.name),
    };
    let running = match desk.tasks.len() {
        0 => String::new(),
        1 => "; 1 task is still here".to_owned(),
        count => format!("; {count} tasks are still here"),
    };
    output::line(&format!("{name}{}{running}", state(desk)));
}

/// `paused: paused by its owner, until …`.
fn state(desk: &DeskBody) -> String {
    let why = match desk.why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    let until = desk.until.map(|until| format!(", until {until}"));
    format!("{}{why}{}", desk.state, until.unwrap_or_default())
}

fn answer(test: &TestBody) -> String {
    match test.latency_ms {
        Some(latency) => format!("the hub answered after {latency:.1} ms"),
        None => format!("the hub did not answer: {}", test.error),
    }
}

fn facts(desk: &DeskBody) -> Vec<(&'static str, String)> {
    let id = desk.worker_id.as_deref();
    let offered = desk.offered.as_ref().map(|has| {
        let memory = output::gib(has.memory_bytes);
        format!(
            "{}, {memory} RAM, {}",
            output::counted(has.cpu_cores.into(), "core"),
            output::counted(has.gpus.len() as u64, "GPU")
        )
    });
    let earned = desk.earned.as_ref().map(|earned| {
        let (total, today) = (&earned.total, &earned.today);
        format!("{total} credits, {today} of them today")
    });
    vec![
        ("state", state(desk)),
        ("worker", id.unwrap_or("not registered").to_owned()),
        ("name", desk.name.clone()),
        ("hub", desk.hub.clone()),
        ("offers", output::or_dash(offered.as_deref())),
        ("sees", desk.observed.join("; ")),
        ("earned", output::or_dash(earned.as_deref())),
    ]
}

fn show(desk: &DeskBody, place: &Place) {
    let mut facts = facts(desk);
    facts.push(("page", place.page()));
    output::fields(&facts);
    if !desk.settings_error.is_empty() {
        output::line(&format!(
            "settings.toml is passed over: {}",
            desk.settings_error
        ));
    }
    let mut table = Table::new(&["run", "template", "phase", "progress", "since"]);
    for task in &desk.tasks {
        table.row([
            task.run_id.clone(),
            task.template.clone(),
            task.phase.clone(),
            progress(task),
            task.started_at.to_string(),
        ]);
    }
    table.print("No task.");
}

fn progress(task: &DeskTaskBody) -> String {
    let level = task.progress.first();
    let words = level.map(|level| match level.total {
        Some(total) => format!("{} of {total} {}", level.current, level.message),
        None => format!("{} {}", level.current, level.message),
    });
    output::or_dash(words.as_deref().map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit() {
        let check = |text: &str, secs: Option<u64>| {
            assert_eq!(span_of(text), secs.map(Duration::from_secs), "{text}");
        };
        check("90m", Some(5400));
        check("8h", Some(28_800));
        check("2d", Some(172_800));
        check("30s", Some(30));
        for wrong in ["", "8", "h", "0h", "-1h", "1.5h", "8 h", "99999999d"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_time_of_the_day_is_the_next_one() {
        let now = Timestamp::from_millis(12 * 3_600_000);
        let check = |text: &str, offset_hours: i32, minutes: Option<u64>| {
            let found = until_of(text, now, 3600 * offset_hours);
            assert_eq!(
                found,
                minutes.map(|m| Duration::from_secs(60 * m)),
                "{text}"
            );
        };
        check("18:00", 0, Some(360));
        check("18:00", 2, Some(240));
        check("11:30", 0, Some(23 * 60 + 30));
        check("12:00", 0, Some(24 * 60));
        for wrong in ["24:00", "8", "8:60", "noon", ""] {
            check(wrong, 0, None);
        }
    }
}
