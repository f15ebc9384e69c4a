//! All that is known of a job, as lines.

use cupola_workspace::model::{JobDetails, JobKey, ProcessNow};
use ratatui::{buffer::Buffer, layout::Rect};
use serde_json::Value;

use super::{marks, tables::put};
use crate::{
    model::{Details, Model},
    text::{bytes, clean, co2, energy, lasting, moment, short_id, value, width},
    theme::{Theme, Tone},
};

/// A line: what it is about, and what that is.
type Line = (String, String, Tone);

/// How wide a bar of progress is.
const BAR: usize = 24;

/// Parameters deeper than this are written on one line.
const DEPTH_MAX: usize = 12;

pub(super) fn view(
    model: &Model,
    details: &Details,
    theme: Theme,
    buffer: &mut Buffer,
    area: Rect,
) {
    let lines = lines(model, details);
    let seen = lines
        .iter()
        .skip(details.top)
        .take(usize::from(area.height));
    for (y, (name, text, tone)) in (area.y..).zip(seen) {
        let wide = area.width.saturating_sub(2);
        let name_tone = if text.is_empty() {
            Tone::Strong
        } else {
            Tone::Dim
        };
        put(buffer, (area.x + 1, y), wide, name, theme, name_tone);
        let x = if name.is_empty() {
            1
        } else {
            (width(name) + 2).max(14)
        };
        let room = wide.saturating_sub(x.saturating_sub(1));
        put(buffer, (area.x + x, y), room, text, theme, *tone);
    }
}

pub(super) fn len(model: &Model, details: &Details) -> usize {
    lines(model, details).len()
}

fn lines(model: &Model, details: &Details) -> Vec<Line> {
    let found = match &details.found {
        Some(Ok(found)) => found,
        Some(Err(problem)) => return vec![line("", &clean(problem), Tone::Bad)],
        None => return vec![line("", "Reading…", Tone::Dim)],
    };
    let mut lines = Vec::new();
    what(model, found, &mut lines);
    if let Some(process) = &found.process {
        lines.push(field("Process", &process_text(process)));
    }
    carbon(found, &mut lines);
    progress(found, &mut lines);
    tags(found, &mut lines);
    dependencies(details, found, &mut lines);
    lines.push(title("Parameters"));
    parameters(&found.parameters, 0, &mut lines);
    lines.push(title("Logs (l shows them)"));
    for log in &found.logs {
        let text = format!(
            "{}  {}",
            bytes(log.bytes),
            clean(&log.path.display().to_string())
        );
        lines.push(field(&format!("  {}", clean(&log.name)), &text));
    }
    lines
}

fn what(model: &Model, found: &JobDetails, lines: &mut Vec<Line>) {
    let job = &found.job;
    let (state, tone) = marks::job_state(job);
    lines.push(field("Task", &clean(&job.key.task)));
    lines.push(field("ID", &clean(&job.key.id)));
    lines.push((String::from("Status"), state, tone));
    if let Some(scheduler) = marks::scheduler(job) {
        lines.push((
            String::from("Scheduler"),
            scheduler.as_str().to_owned(),
            Tone::Warn,
        ));
    }
    if let Some(problem) = &job.problem {
        lines.push((String::from("Problem"), clean(problem), Tone::Bad));
    }
    lines.push(field("Path", &clean(&job.path.display().to_string())));
    for (name, at) in [
        ("Submitted", job.submitted_at),
        ("Started", job.started_at),
        ("Ended", job.ended_at),
    ] {
        lines.push(field(name, &moment(at, model.offset_secs)));
    }
    lines.push(field(
        "Duration",
        &lasting(job.started_at, job.ended_at, model.now),
    ));
    if let Some(code) = job.exit_code {
        lines.push(field("Exit code", &code.to_string()));
    }
    if job.retries > 0 {
        lines.push(field("Retries", &job.retries.to_string()));
    }
    let runs: Vec<_> = job
        .runs
        .iter()
        .map(|run| format!("{} {}", clean(&run.experiment), clean(&run.run)))
        .collect();
    lines.push(field("Named by", &runs.join(", ")));
}

fn process_text(now: &ProcessNow) -> String {
    let process = &now.process;
    let mut parts = vec![format!("{} {}", clean(&process.kind), clean(&process.pid))];
    if let Some(host) = &process.host {
        parts.push(format!("on {}", clean(host)));
    }
    parts.push(
        match now.is_running {
            Some(true) => "runs",
            Some(false) => "is gone",
            None => "cannot be seen from here",
        }
        .to_owned(),
    );
    if let Some(percent) = now.cpu_percent {
        parts.push(format!("{percent:.0}% CPU"));
    }
    if let Some(memory) = now.memory_bytes {
        parts.push(bytes(memory));
    }
    if let Some(threads) = now.threads {
        let noun = if threads == 1 { "thread" } else { "threads" };
        parts.push(format!("{threads} {noun}"));
    }
    parts.join(", ")
}

fn carbon(found: &JobDetails, lines: &mut Vec<Line>) {
    let Some(carbon) = &found.job.carbon else {
        return;
    };
    let mut parts = vec![
        format!("{} CO₂", co2(carbon.co2_kg)),
        energy(carbon.energy_kwh),
    ];
    for (name, watts) in [
        ("CPU", carbon.cpu_power_w),
        ("GPU", carbon.gpu_power_w),
        ("RAM", carbon.ram_power_w),
    ] {
        parts.extend(watts.map(|watts| format!("{name} {watts:.1} W")));
    }
    parts.push(if carbon.is_final { "final" } else { "so far" }.to_owned());
    lines.push(field("Carbon", &parts.join(", ")));
}

fn progress(found: &JobDetails, lines: &mut Vec<Line>) {
    for level in &found.job.progress {
        let indent = "  ".repeat(usize::try_from(level.level).unwrap_or(0).min(8));
        let bar = marks::progress(level.progress, BAR);
        let share = marks::percent(level.progress);
        let text = format!("{indent}{bar} {share} {}", clean(&level.desc));
        lines.push((String::from("Progress"), text, Tone::Busy));
    }
}

fn tags(found: &JobDetails, lines: &mut Vec<Line>) {
    if found.job.tags.is_empty() {
        return;
    }
    lines.push(title("Tags"));
    for (name, tag) in found.job.tags.iter() {
        lines.push(field(&format!("  {}", clean(name)), &value(tag)));
    }
}

fn dependencies(details: &Details, found: &JobDetails, lines: &mut Vec<Line>) {
    if found.dependencies.is_empty() {
        return;
    }
    lines.push(title("Needs"));
    for key in &found.dependencies {
        let (state, tone) = state_of(details, key);
        let id = short_id(&key.id, 7);
        let text = format!("{} {}", clean(&id), clean(&key.task));
        lines.push((format!("  {state}"), text, tone));
    }
}

fn state_of(details: &Details, key: &JobKey) -> (String, Tone) {
    details.needs.get(key).map_or_else(
        || ("?".to_owned(), Tone::Plain),
        |job| marks::job_state(job),
    )
}

fn parameters(value: &Value, depth: usize, lines: &mut Vec<Line>) {
    let indent = "  ".repeat(depth + 1);
    let mut put = |name: String, inner: &Value| {
        let name = format!("{indent}{}", clean(&name));
        let is_nested = match inner {
            Value::Object(fields) => !fields.is_empty(),
            Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
            _ => false,
        };
        if is_nested && depth < DEPTH_MAX {
            lines.push((name, String::new(), Tone::Plain));
            parameters(inner, depth + 1, lines);
        } else {
            lines.push((name, crate::text::value(inner), Tone::Plain));
        }
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, inner)| put(name.clone(), inner)),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items
                .by_ref()
                .for_each(|(at, inner)| put(at.to_string(), inner));
        }
        Value::Null => {}
        value => lines.push((String::new(), crate::text::value(value), Tone::Plain)),
    }
}

fn title(text: &str) -> Line {
    (text.to_owned(), String::new(), Tone::Strong)
}

fn field(name: &str, text: &str) -> Line {
    let text = if text.is_empty() { "—" } else { text };
    line(name, text, Tone::Plain)
}

fn line(name: &str, text: &str, tone: Tone) -> Line {
    (name.to_owned(), text.to_owned(), tone)
}
