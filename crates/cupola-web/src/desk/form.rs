//! The form for what an owner lets a worker have.

use cupola_domain::field::FieldError;
use cupola_protocol::{
    desk::{DeskBody, LimitsBody},
    work::CapabilitiesBody,
};

use crate::ui::components::{Field, Input};

/// The fields, filled in with what was typed, where that was not taken, and else with what holds.
pub(super) fn fields(
    desk: &DeskBody,
    typed: Option<&[(String, String)]>,
    errors: &[FieldError],
) -> Vec<Field> {
    let all = amounts(desk).into_iter().chain(times(&desk.settings));
    all.map(|field| refilled(field, typed, errors)).collect()
}

/// How much it may have.
fn amounts(desk: &DeskBody) -> Vec<Field> {
    let limits = &desk.settings;
    let has = |of: fn(&CapabilitiesBody) -> String| {
        let has = desk.measured.as_ref();
        has.map_or_else(String::new, |has| format!("0 is all of it: {}.", of(has)))
    };
    vec![
        number("cores", "CPU cores", limits.cores)
            .hint(has(|has| format!("{} cores", has.cpu_cores))),
        number("memory_gib", "RAM in GiB", limits.memory_gib)
            .hint(has(|has| gib(has.memory_bytes))),
        check("gpu", "GPU compute", limits.gpu)
            .hint("Without it, programs see no graphics processor."),
        number("disk_gib", "Disk in GiB", limits.disk_gib)
            .hint(has(|has| format!("{} free", gib(has.disk_bytes)))),
        number(
            "bandwidth_mbit",
            "Transfers in Mbit/s",
            limits.bandwidth_mbit,
        )
        .hint("Code that is fetched and files that are kept; 0 is as fast as they can."),
        number("slots", "Runs at once", limits.slots)
            .hint("0 is as many as the worker was started with."),
    ]
}

/// When it may have it.
fn times(limits: &LimitsBody) -> Vec<Field> {
    let stops = "Otherwise they run to their end. What is stopped is given back, and another worker begins anew.";
    vec![
        Field::new("hours", "Hours", limits.hours.join("\n"))
            .with(Input::Area { rows: 3 })
            .hint("One line each, such as mon-fri 18:00-08:00 or sat,sun; always when empty."),
        number(
            "only_idle_minutes",
            "Only when nobody has used the machine for so many minutes",
            limits.only_idle_minutes,
        )
        .hint("0 is whether it is used or not."),
        check("only_on_mains", "Only on mains power", limits.only_on_mains),
        check(
            "stops_running",
            "Stop programs when it begins to rest",
            limits.stops_running,
        )
        .hint(stops),
    ]
}

fn number(name: &str, label: &str, value: impl ToString) -> Field {
    Field::new(name, label, value.to_string()).with(Input::Number)
}

fn check(name: &str, label: &str, is_checked: bool) -> Field {
    Field::new(name, label, is_checked.to_string()).with(Input::Check { is_checked })
}

fn refilled(mut field: Field, typed: Option<&[(String, String)]>, errors: &[FieldError]) -> Field {
    if let Some(typed) = typed {
        let value = last(typed, &field.name);
        if let Input::Check { is_checked } = &mut field.input {
            *is_checked = value == "true";
        }
        field.value = value.to_owned();
    }
    let error = errors.iter().find(|error| error.field == field.name);
    field.error = error.map(|error| error.message.clone());
    field
}

/// What was typed, as settings.
pub(super) fn read(typed: &[(String, String)]) -> Result<LimitsBody, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut number = |name: &str| {
        let text = last(typed, name).trim();
        let text = if text.is_empty() { "0" } else { text };
        text.replace(',', ".").parse::<f64>().unwrap_or_else(|_| {
            errors.push(FieldError::new(
                name,
                format!("is `{text}`; write a number"),
            ));
            0.0
        })
    };
    let memory_gib = number("memory_gib");
    let disk_gib = number("disk_gib");
    let bandwidth_mbit = number("bandwidth_mbit");
    let mut whole = |name: &str| {
        let text = last(typed, name).trim();
        let text = if text.is_empty() { "0" } else { text };
        text.parse::<u32>().unwrap_or_else(|_| {
            let message = format!("is `{text}`; write a whole number");
            errors.push(FieldError::new(name, message));
            0
        })
    };
    let (cores, slots, only_idle_minutes) =
        (whole("cores"), whole("slots"), whole("only_idle_minutes"));
    let is_checked = |name: &str| last(typed, name) == "true";
    let hours = last(typed, "hours").lines().map(str::trim);
    let limits = LimitsBody {
        slots,
        cores,
        memory_gib,
        gpu: is_checked("gpu"),
        disk_gib,
        bandwidth_mbit,
        hours: hours
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
        only_idle_minutes,
        only_on_mains: is_checked("only_on_mains"),
        stops_running: is_checked("stops_running"),
    };
    if errors.is_empty() {
        Ok(limits)
    } else {
        Err(errors)
    }
}

/// A box that is ticked sends two values, of which the last counts.
pub(super) fn last<'f>(typed: &'f [(String, String)], name: &str) -> &'f str {
    let found = typed.iter().rev().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value.as_str())
}

pub(super) fn gib(bytes: u64) -> String {
    crate::ui::format::bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn a_form_is_read_as_it_was_typed() {
        let form = typed(&[
            ("cores", "4"),
            ("memory_gib", "7,5"),
            ("gpu", "false"),
            ("gpu", "true"),
            ("only_on_mains", "false"),
            ("hours", " mon 8-9 \r\n\r\nsat"),
        ]);
        let read = read(&form).unwrap();
        let expected = LimitsBody {
            cores: 4,
            memory_gib: 7.5,
            hours: vec!["mon 8-9".to_owned(), "sat".to_owned()],
            ..LimitsBody::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let errors = read(&typed(&[("cores", "2.5"), ("disk_gib", "much")])).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["disk_gib", "cores"]);
    }
}
