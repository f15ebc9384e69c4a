//! Where files are: the addresses by which clients know those of runs and models.
//!
//! ```text
//! mlflow-artifacts:/EXPERIMENT/RUN/artifacts/NAME           of a run
//! mlflow-artifacts:/EXPERIMENT/models/MODEL/artifacts/NAME  of a logged model
//! mlflow-artifacts:/models/MODEL/NUMBER/NAME                of a version of a registered model
//! ```

use std::string::FromUtf8Error;

use cupola_domain::{
    artifact::{Keeper, check_name},
    ids::{LoggedModelId, RunId},
    model::LoggedModel,
    run::Run,
};
use cupola_hub::models::KnownVersion;

use super::Error;

/// The scheme of addresses with this hub.
pub(crate) const SCHEME: &str = "mlflow-artifacts:";

/// The folder of models among the runs of an experiment, and of versions beside experiments.
const MODELS: &str = "models";

/// The folder of a run's or a model's files.
const ARTIFACTS: &str = "artifacts";

/// The ids of logged models begin so, by which clients tell them from names.
const MODEL_PREFIX: &str = "m-";

/// What is decoded more often than this hides something.
const DECODINGS_MAX: usize = 4;

/// Files of one keeper: one, or all below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// What keeps them.
    pub(crate) keeper: Keeper,
    /// Their name, or that of their folder; empty is all of them.
    pub(crate) name: String,
}

impl Place {
    /// Reads a path as it stands after the scheme.
    pub(crate) fn parse(path: &str) -> Result<Self, Error> {
        let path = path.trim_start_matches('/');
        let found = Self::find(path.trim_end_matches('/'));
        let place = found.ok_or_else(|| {
            Error::of_field(
                "path",
                format_args!("'{path}' is of no run and no model of this hub"),
            )
        })?;
        check_path(&place.name, "path")?;
        Ok(place)
    }

    /// Reads a whole address; `None` when it is not with this hub.
    pub(crate) fn of_uri(uri: &str) -> Result<Option<Self>, Error> {
        uri.strip_prefix(SCHEME).map(Self::parse).transpose()
    }

    fn find(path: &str) -> Option<Self> {
        let mut parts = path.splitn(5, '/');
        let [first, second, third] = [parts.next()?, parts.next()?, parts.next()?];
        let rest: Vec<&str> = parts.collect();
        let (keeper, name) = if first == MODELS {
            let keeper = Keeper::ModelVersion(second.parse().ok()?, third.parse().ok()?);
            (keeper, rest.join("/"))
        } else if second == MODELS {
            let (folder, name) = rest.split_first()?;
            if *folder != ARTIFACTS {
                return None;
            }
            (Keeper::LoggedModel(logged_model(third)?), name.join("/"))
        } else if third == ARTIFACTS {
            (Keeper::Run(second.parse::<RunId>().ok()?), rest.join("/"))
        } else {
            return None;
        };
        Some(Self { keeper, name })
    }
}

/// Whether a path stays where it is looked for, however often it is decoded; an empty one does.
pub(crate) fn check_path(path: &str, field: &str) -> Result<(), Error> {
    let wrong = |why: &str| Err(Error::of_field(field, format_args!("'{path}' {why}")));
    let mut seen = path.to_owned();
    for _ in 0..DECODINGS_MAX {
        if let Some(why) = danger(&seen) {
            return wrong(&why);
        }
        seen = match decoded(&seen) {
            None => return Ok(()),
            Some(Err(_)) => return wrong("is not UTF-8"),
            Some(Ok(decoded)) => decoded,
        };
    }
    wrong("is encoded too often")
}

/// The address of a run's files.
pub(crate) fn of_run(run: &Run) -> String {
    format!("{SCHEME}/{}/{}/{ARTIFACTS}", run.experiment, run.id)
}

/// The address of a logged model's files.
pub(crate) fn of_logged_model(model: &LoggedModel) -> String {
    let id = logged_model_text(model.id);
    format!("{SCHEME}/{}/{MODELS}/{id}/{ARTIFACTS}", model.experiment)
}

/// The address of the files of a version.
pub(crate) fn of_version(known: &KnownVersion) -> String {
    let version = &known.version;
    format!("{SCHEME}/{MODELS}/{}/{}", version.model, version.number)
}

/// A logged model's id as clients write it.
pub(crate) fn logged_model_text(id: LoggedModelId) -> String {
    format!("{MODEL_PREFIX}{}", id.to_string().replace('-', ""))
}

/// The logged model that a client means.
pub(crate) fn logged_model(text: &str) -> Option<LoggedModelId> {
    text.strip_prefix(MODEL_PREFIX)?.parse().ok()
}

fn danger(path: &str) -> Option<String> {
    if path.is_empty() {
        return None;
    }
    let bytes = path.as_bytes();
    if let [letter, b':', ..] = bytes
        && letter.is_ascii_alphabetic()
    {
        return Some("names a drive".to_owned());
    }
    if path.contains(';') {
        return Some("has a `;`".to_owned());
    }
    check_name(path).err()
}

/// The path with its percent signs decoded; `None` when there is nothing to decode.
fn decoded(path: &str) -> Option<Result<String, FromUtf8Error>> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    let mut is_changed = false;
    while let Some((first, after)) = rest.split_first() {
        let byte = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(h, l)| (h << 4) | l),
            _ => None,
        };
        is_changed |= byte.is_some();
        bytes.push(byte.unwrap_or(*first));
        rest = byte.map_or(after, |_| &after[2..]);
    }
    is_changed.then(|| String::from_utf8(bytes))
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01900000-0000-7000-8000-000000000000";
    const PLAIN: &str = "01900000000070008000000000000000";

    fn check(path: &str, expected: &str) {
        let seen = match Place::parse(path) {
            Ok(Place { keeper, name }) => {
                let kind = match keeper {
                    Keeper::Run(_) => "run".to_owned(),
                    Keeper::LoggedModel(_) => "logged".to_owned(),
                    Keeper::ModelVersion(_, number) => format!("version {number}"),
                };
                format!("{kind}: {name}")
            }
            Err(error) => format!("{error:?}"),
        };
        assert!(seen.contains(expected), "{path}: {seen} is not {expected}");
    }

    #[test]
    fn addresses_are_read() {
        check(&format!("/e/{ID}/artifacts"), "run: ");
        check(&format!("e/{ID}/artifacts/a/b c.txt"), "run: a/b c.txt");
        check(&format!("e/{ID}/artifacts/a/b/c/d"), "run: a/b/c/d");
        check(&format!("e/models/m-{PLAIN}/artifacts/x/y"), "logged: x/y");
        check(&format!("e/models/m-{PLAIN}/artifacts/"), "logged: ");
        check(
            &format!("models/{ID}/12/data/model.pkl"),
            "version 12: data/model.pkl",
        );
        check(&format!("models/{ID}/12"), "version 12: ");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for path in [
            "",
            "e",
            &format!("e/{ID}"),
            &format!("e/{ID}/other/x"),
            "e/run/artifacts/x",
            &format!("e/models/{PLAIN}/artifacts/x"),
            &format!("e/models/m-{PLAIN}/x"),
            &format!("models/{ID}/-1/x"),
            &format!("models/{ID}/x"),
        ] {
            check(path, "is of no run and no model");
        }
        check(&format!("e/{ID}/artifacts/../x"), "has a part");
    }

    #[test]
    fn names_are_taken_unless_they_lead_elsewhere() {
        for name in [
            "", "a", "a%b", "100%", "%zz", "a%20b", "..a/b..", "é/雪", "ab:c",
        ] {
            assert!(check_path(name, "path").is_ok(), "{name}");
        }
        assert!(check_path("%252525252e", "path").is_err());
    }

    #[test]
    fn ids_of_logged_models_read_back() {
        let id = logged_model(&format!("m-{PLAIN}")).unwrap();
        assert_eq!(logged_model_text(id), format!("m-{PLAIN}"));
        assert_eq!(logged_model(PLAIN), None);
    }
}
