//! What the tasks of a step have in common, the file's own keys going before the step's.

use std::collections::BTreeMap;

use cupola_domain::{
    resources::{GIB, Needs, Profiles, is_profile_name},
    sandbox::Access,
    setup::{self, Setup},
};

use serde_json::Value;

use super::{
    place::{Place, cut, quoted},
    read::NEEDS_KEYS,
    units,
};
use crate::Config;

/// How long a task may take unless the file says so.
const TIME_BUDGET_SECS: f64 = 3_600.0;

/// Quotes, a colon and a comma.
const AROUND: usize = 6;

/// How many bytes a configuration takes as JSON with variables and tags, about.
pub fn setup_bytes(
    config: &Config,
    environment: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> usize {
    let words = environment.iter().chain(tags);
    let words: usize = words
        .map(|(name, text)| name.len() + text.len() + AROUND)
        .sum();
    words + members_bytes(config)
}

fn members_bytes(members: &Config) -> usize {
    let bytes = |(name, value): (&String, &Value)| name.len() + AROUND + value_bytes(value);
    members.iter().map(bytes).sum()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| value_bytes(item) + AROUND).sum(),
        Value::Object(members) => members_bytes(members),
        // Every value takes so much in memory.
        Value::Null | Value::Bool(_) | Value::Number(_) => size_of::<Value>(),
    }
}

/// The setup of a step: what it says itself, over what the file says for all.
pub(super) fn read(step: &Place<'_>, file: &Place<'_>) -> Option<Setup> {
    let of = |name: &str| step.find(name).or_else(|| file.find(name));
    let time_budget = of("time_budget").map_or_else(
        || setup::time_budget(TIME_BUDGET_SECS).ok(),
        |place| time_budget(&place),
    );
    let priority = of("priority").map_or(Some(0), |place| {
        place.whole(-setup::PRIORITY_MAX, setup::PRIORITY_MAX)
    });
    let folder = match of("working_folder") {
        None => Some(None),
        Some(place) => place.text("give a path").map(Some),
    };
    let config = both(step, file, "config")
        .into_iter()
        .map(|place| place.config());
    let config: Option<Vec<_>> = config.collect();
    let tags = both(step, file, "tags")
        .into_iter()
        .map(|place| tags(&place));
    let tags: Option<Vec<_>> = tags.collect();
    let environment = both(step, file, "environment")
        .into_iter()
        .map(|place| place.words("give a mapping of variables to texts"));
    let environment: Option<Vec<_>> = environment.collect();
    let setup = Setup {
        config: config?.into_iter().flatten().collect(),
        seed: None,
        time_budget: time_budget?,
        environment: environment?.into_iter().flatten().collect(),
        working_folder: folder?,
        tags: tags?.into_iter().flatten().collect(),
        priority: priority?,
    };
    checked(setup, step, file)
}

/// The setup if it can be kept. Its working folder is not absolute yet, so that is left out.
fn checked(setup: Setup, step: &Place<'_>, file: &Place<'_>) -> Option<Setup> {
    let folder = setup.working_folder.clone();
    let bare = Setup {
        working_folder: None,
        ..setup
    };
    match bare.check() {
        Ok(setup) => Some(Setup {
            working_folder: folder,
            ..setup
        }),
        Err(errors) => {
            for error in errors {
                let (key, name) = error.field.split_once('.').unwrap_or((&error.field, ""));
                let section = [step, file].into_iter().filter_map(|place| place.find(key));
                let places: Vec<_> = section.collect();
                let exact = places.iter().find_map(|section| section.find(name));
                match exact.as_ref().or(places.first()) {
                    Some(place) => place.refuse(error.message),
                    None => step.refuse(error.message),
                }
            }
            None
        }
    }
}

/// The file's mapping and the step's, the one that counts more last.
fn both<'a>(step: &Place<'a>, file: &Place<'a>, name: &str) -> Vec<Place<'a>> {
    let own = step.find(name);
    // In a file without tasks the step is the file.
    let general = file.find(name).filter(|_| file.path != step.path);
    general.into_iter().chain(own).collect()
}

fn time_budget(place: &Place<'_>) -> Option<std::time::Duration> {
    units::duration(&place.json()).or_else(|| {
        let remedy = "give seconds, or a time such as `90s`, `10m`, `1h30m`, up to 30 days";
        place.refuse(format!("is {}; {remedy}", place.shown()));
        None
    })
}

/// A mapping of names to texts, or a list of names.
pub(super) fn tags(place: &Place<'_>) -> Option<BTreeMap<String, String>> {
    const REMEDY: &str = "give a list of words, or a mapping of names to texts";
    if place.is_list() {
        let words = place.texts(REMEDY)?;
        return Some(
            words
                .into_iter()
                .map(|word| (word, String::new()))
                .collect(),
        );
    }
    place.words(REMEDY)
}

/// A class of machine, or what is needed one by one. Which classes there are beside the built-in ones only
/// a hub knows: any other name stands beside the needs.
pub(super) fn needs(place: &Place<'_>) -> Option<(Needs, Option<String>)> {
    if place.is_map() {
        return exact_needs(place).map(|needs| (needs, None));
    }
    let word = place.text("say `small`, `medium` or `large`, or give a mapping")?;
    match Profiles::default().find(&word) {
        Ok(profile) => Some((profile.needs.clone(), None)),
        Err(_) if is_profile_name(&word) => Some((Needs::default(), Some(word))),
        Err(message) => {
            place.refuse(message);
            None
        }
    }
}

fn exact_needs(place: &Place<'_>) -> Option<Needs> {
    place.only(NEEDS_KEYS);
    let whole = |name| {
        let number = place
            .find(name)
            .map_or(Some(0), |place| place.whole(0, 1 << 20))?;
        u32::try_from(number).ok()
    };
    let bytes = |name| {
        let gigabytes = place.find(name).map_or(Some(0.0), |place| place.number())?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "not below zero, and the nearest whole number of bytes is meant"
        )]
        Some((gigabytes * GIB as f64) as u64)
    };
    let truth = |name| place.find(name).map_or(Some(false), |place| place.truth());
    Some(Needs {
        cpu_cores: whole("cpu_cores")?,
        memory_bytes: bytes("memory_gb")?,
        disk_bytes: bytes("disk_gb")?,
        gpus: whole("gpus")?,
        gpu_memory_bytes: bytes("gpu_memory_gb")?,
        python: truth("python")?,
        torch: truth("torch")?,
        cuda: truth("cuda")?,
        access: Access {
            network: truth("network")?,
            ..Access::default()
        },
    })
}

/// The names in braces in `text` that are names at all; other braces are ordinary text.
pub(super) fn holes(text: &str) -> impl Iterator<Item = &str> {
    let names = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name).filter(|name| is_hole(name))
}

/// Whether what stands in braces is a name.
pub(super) fn is_hole(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(fits)
}

/// Refuses variables that stand for parameters which no task has.
pub(super) fn check_holes(step: &Place<'_>, file: &Place<'_>, parameters: &[&str]) {
    for section in both(step, file, "environment") {
        for (_, place) in section.entries("").unwrap_or_default() {
            let Some(text) = place.word("") else { continue };
            if place.has_enough_faults() {
                return;
            }
            for name in holes(&text).filter(|name| *name != "seed" && !parameters.contains(name)) {
                let known = parameters.iter().copied().chain(["seed"]);
                place.refuse(format!(
                    "{} is not a parameter of the task; there are {}",
                    cut(&format!("{{{name}}}")),
                    quoted(known)
                ));
            }
        }
    }
}
