//! What a version is registered from: files with this hub, another version, or neither.

use cupola_domain::{
    artifact::{Artifact, Keeper},
    ids::{LoggedModelId, RunId},
    model::ModelVersion,
};
use cupola_store::{Tx, artifacts, logged_models, runs};

use super::{NewVersion, VersionName, versions::find_named};
use crate::HubError;

/// What somebody says that a version is registered from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum VersionOrigin {
    /// Files with this hub: of what, and which files and folders. What one folder alone holds is called as
    /// it is in there; none and an empty name are all.
    Files(Keeper, Vec<String>),
    /// A version of this or another model, as it is now: its files, its run and its logged model.
    Version(String, VersionName),
    /// Something that this hub does not have.
    #[default]
    Elsewhere,
}

/// What a version is registered from, as it was found.
#[derive(Debug, Default)]
pub(super) struct Origin {
    pub(super) files: Option<(Keeper, Vec<String>)>,
    pub(super) run: Option<RunId>,
    pub(super) logged: Option<LoggedModelId>,
}

/// Finds what a version is registered from. What is named must be there; what another version came from
/// may have gone.
pub(super) fn find(tx: &mut Tx, new: &NewVersion) -> Result<Origin, HubError> {
    let mut origin = match &new.origin {
        VersionOrigin::Files(keeper, named) => of_files(*keeper, named),
        VersionOrigin::Version(name, version) => {
            let model = super::find(tx, name)?;
            of_version(&find_named(tx, &model, version)?)
        }
        VersionOrigin::Elsewhere => Origin::default(),
    };
    let may_be_gone = matches!(new.origin, VersionOrigin::Version(..));
    origin.run = new.run.or(origin.run);
    origin.logged = new.logged.or(origin.logged);
    if let Some(run) = origin.run
        && (new.run.is_some() || !may_be_gone)
    {
        runs::find(tx, run)?.ok_or_else(|| HubError::not_found("run", run))?;
    }
    if let Some(id) = origin.logged {
        match logged_models::find(tx, id)? {
            Some(model) => origin.run = origin.run.or(model.run),
            None if new.logged.is_none() && may_be_gone => {}
            None => return Err(HubError::not_found("logged model", id)),
        }
    }
    if let Some(run) = new.only_of {
        check_made_by(tx, run, &origin)?;
    }
    Ok(origin)
}

fn of_files(keeper: Keeper, named: &[String]) -> Origin {
    let (run, logged) = match keeper {
        Keeper::Run(run) => (Some(run), None),
        Keeper::LoggedModel(id) => (None, Some(id)),
        Keeper::ModelVersion(..) => (None, None),
    };
    Origin {
        files: Some((keeper, named.to_vec())),
        run,
        logged,
    }
}

fn of_version(version: &ModelVersion) -> Origin {
    Origin {
        files: Some((
            Keeper::ModelVersion(version.model, version.number),
            Vec::new(),
        )),
        run: version.run,
        logged: version.logged,
    }
}

/// Refuses what a run did not make. Files of versions are there for all.
fn check_made_by(tx: &mut Tx, run: RunId, origin: &Origin) -> Result<(), HubError> {
    let files_of = match origin.files {
        Some((Keeper::Run(run), _)) => Some(run),
        Some((Keeper::LoggedModel(id), _)) => {
            let model = logged_models::find(tx, id)?;
            model.and_then(|model| model.run)
        }
        Some((Keeper::ModelVersion(..), _)) | None => Some(run),
    };
    if (files_of, origin.run) == (Some(run), Some(run)) {
        return Ok(());
    }
    let message = format!("the token is for what run `{run}` made and registers nothing else");
    Err(HubError::Forbidden(message))
}

/// Lets `to` keep files of `from`. The bytes are shared: only their hashes are noted.
pub(super) fn keep_files(
    tx: &mut Tx,
    from: Keeper,
    named: &[String],
    to: Keeper,
) -> Result<(), HubError> {
    for artifact in artifacts::list(tx, from)? {
        if let Some(name) = name_in_version(&artifact.name, named) {
            let name = name.to_owned();
            artifacts::save(tx, to, &Artifact { name, ..artifact })?;
        }
    }
    Ok(())
}

/// What a file is called in a version of these files and folders; none when it is not among them.
fn name_in_version<'a>(file: &'a str, named: &[String]) -> Option<&'a str> {
    let inside = |folder: &String| file.strip_prefix(folder.as_str())?.strip_prefix('/');
    match named {
        [] => Some(file),
        [all] if all.is_empty() => Some(file),
        [one] if one == file => Some(file.rsplit('/').next().unwrap_or(file)),
        [folder] => inside(folder),
        several => {
            let is_meant = several.iter().any(|one| is_meant(file, one));
            is_meant.then_some(file)
        }
    }
}

/// Whether a name means a file: it is called so, or lies in the folder of this name. An empty one means all.
pub(super) fn is_meant(file: &str, name: &str) -> bool {
    let rest = file.strip_prefix(name);
    name.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_files_that_were_named() {
        let check = |file: &str, named: &[&str], expected: Option<&str>| {
            let named: Vec<_> = named.iter().map(ToString::to_string).collect();
            assert_eq!(name_in_version(file, &named), expected, "{file} {named:?}");
        };
        check("m/w.bin", &[], Some("m/w.bin"));
        check("m/w.bin", &[""], Some("m/w.bin"));
        check("m/w.bin", &["m"], Some("w.bin"));
        check("m/w.bin", &["m/w.bin"], Some("w.bin"));
        check("m/w.bin", &["m/w"], None);
        check("m/w.bin", &["m", "x"], Some("m/w.bin"));
        check("m/w.bin", &["x", "m/w.bin"], Some("m/w.bin"));
        check("m/w.bin", &["x", ""], Some("m/w.bin"));
        check("m/w.bin", &["x", "m/w"], None);
        check("mm/w.bin", &["m"], None);
    }
}
