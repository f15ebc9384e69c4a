//! What the options of `new` and `edit` change.

use std::{collections::BTreeMap, io::Read as _, path::Path};

use anyhow::Context as _;
use cupola_protocol::experiments::NewExperiment;
use serde_json::{Map, Value};

use crate::cli::Settings;

/// Longer lists are not made by naming an item that is not there.
const PATH_ITEMS_MAX: usize = 10_000;

/// `of` with what the options say; what they do not name stays.
pub(super) fn change(of: NewExperiment, options: Settings) -> anyhow::Result<NewExperiment> {
    let mut config = match &options.config_file {
        Some(file) => read_config(file)?,
        None => of.config,
    };
    for pair in &options.set {
        let (path, value) = pair
            .split_once('=')
            .with_context(|| format!("`{pair}` is not FIELD=VALUE, for instance lr=0.001"))?;
        set(&mut config, path.trim(), value_of(value))?;
    }
    let seed =
        match options.seed.as_deref() {
            None => of.seed,
            Some("none") => None,
            Some(text) => Some(text.parse().with_context(|| {
                format!("`--seed`: `{text}` is neither a whole number nor `none`")
            })?),
        };
    let folder = options.working_folder.map_or(of.working_folder, |folder| {
        Some(folder).filter(|folder| !folder.is_empty())
    });
    Ok(NewExperiment {
        description: options.description.unwrap_or(of.description),
        config,
        seed,
        time_budget_secs: options.time_budget.unwrap_or(of.time_budget_secs),
        environment: with_pairs(of.environment, &options.environment),
        working_folder: folder,
        tags: with_pairs(of.tags, &options.tags),
        priority: options.priority.unwrap_or(of.priority),
        ..of
    })
}

fn read_config(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file)
            .with_context(|| format!("failed to read `{}`", file.display()))?;
    }
    serde_json::from_str(&text)
        .with_context(|| format!("`{}` is not a JSON object", file.display()))
}

/// JSON where it is JSON, else the text itself.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// Puts a value where `path` says, `layers.0.width` for instance; makes what is not there.
fn set(config: &mut Map<String, Value>, path: &str, value: Value) -> anyhow::Result<()> {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or_default();
    let mut place = config.entry(first).or_insert(Value::Null);
    for part in parts {
        place = match part.parse::<usize>() {
            Ok(at) if !place.is_object() => {
                if !place.is_array() {
                    *place = Value::Array(Vec::new());
                }
                let items = place.as_array_mut().context("it is a list now")?;
                if at >= PATH_ITEMS_MAX {
                    anyhow::bail!("`{path}`: {at} is too far; give a list in a file");
                }
                if items.len() <= at {
                    items.resize(at + 1, Value::Null);
                }
                &mut items[at]
            }
            _ => {
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                let fields = place.as_object_mut().context("it is an object now")?;
                fields.entry(part).or_insert(Value::Null)
            }
        };
    }
    *place = value;
    Ok(())
}

/// `NAME=VALUE` sets, `NAME` alone takes away.
fn with_pairs(mut of: BTreeMap<String, String>, pairs: &[String]) -> BTreeMap<String, String> {
    for pair in pairs {
        match pair.split_once('=') {
            Some((name, value)) => of.insert(name.to_owned(), value.to_owned()),
            None => of.remove(pair),
        };
    }
    of
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(pairs: &[&str], expected: Value) {
        let mut config = json!({"lr": 1, "opt": {"name": "sgd"}, "layers": [{"width": 1}]})
            .as_object()
            .cloned()
            .unwrap_or_default();
        for pair in pairs {
            let (path, value) = pair.split_once('=').unwrap_or((pair, ""));
            set(&mut config, path, value_of(value)).expect("it fits");
        }
        assert_eq!(Value::Object(config), expected, "{pairs:?}");
    }

    #[test]
    fn fields_are_set_where_their_path_says() {
        check(
            &[
                "lr=0.5",
                "opt.name=adam",
                "layers.1.width=2",
                "new.list.0=true",
            ],
            json!({
                "lr": 0.5, "opt": {"name": "adam"}, "layers": [{"width": 1}, {"width": 2}],
                "new": {"list": [true]},
            }),
        );
        check(
            &["opt.name=\"3\"", "lr=3", "layers=[]"],
            json!({"lr": 3, "opt": {"name": "3"}, "layers": []}),
        );
    }

    #[test]
    fn a_pair_without_a_value_takes_the_name_away() {
        let before = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
        let pairs = ["A".to_owned(), "B=x=y".to_owned()];
        let after = BTreeMap::from([("B".to_owned(), "x=y".to_owned())]);
        assert_eq!(with_pairs(before, &pairs), after);
    }
}
