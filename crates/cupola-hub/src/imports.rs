//! Runs of other programs' files. Whoever reads the files says how far each was read, so that the
//! same again adds nothing.

use std::collections::BTreeMap;

use cupola_domain::{
    artifact::Keeper,
    experiment::Origin,
    field::FieldError,
    ids::{ExperimentId, RunId},
    metric::Point,
    provenance::Provenance,
    run::Outcome,
    time::Timestamp,
};
use cupola_store::{listing, tags};

use crate::{
    Hub, HubError,
    logged::{LoggedBatch, NewLogged},
};

/// What stands for a template.
const TEMPLATE: &str = "tensorboard";

/// How far a file was read is a tag of its run, called so and by the file.
const READ: &str = "read:";

/// A part of some files.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// The experiment, made when there is none of this name.
    pub experiment: String,
    /// The run, made when the experiment has none of this name.
    pub run: String,
    /// When it began, for a run that is made.
    pub started_at: Option<Timestamp>,
    /// File → bytes that were read before this part, for each file that is read in it.
    pub from: BTreeMap<String, u64>,
    /// File → bytes that are read with it.
    pub to: BTreeMap<String, u64>,
    /// Points, by series.
    pub points: Vec<(String, Vec<Point>)>,
    /// Parts of its configuration.
    pub params: Vec<(String, String)>,
    /// Name → bytes of files that it keeps.
    pub files: Vec<(String, Vec<u8>)>,
    /// When it ended, with the last part.
    pub finished_at: Option<Timestamp>,
}

/// What there is of it now.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The experiment.
    pub experiment: ExperimentId,
    /// The run.
    pub run: RunId,
    /// File → bytes that were read of it.
    pub read: BTreeMap<String, u64>,
}

impl Hub {
    /// Takes a part of some files: its points and parameters together with how far it goes, or
    /// nothing. A part that does not begin where the last one ended is refused.
    pub fn import(&self, part: Import, author: &str) -> Result<Imported, HubError> {
        check(&part)?;
        let experiment = self.import_experiment(&part.experiment, author)?;
        let run = self.import_run(experiment, &part)?;
        let read = self.read(move |tx| Ok(tags::list(tx, run)?))?;
        let mut read: BTreeMap<String, u64> = read
            .into_iter()
            .filter_map(|(key, value)| {
                Some((key.strip_prefix(READ)?.to_owned(), value.parse().ok()?))
            })
            .collect();
        for (file, from) in &part.from {
            let before = read.get(file).copied().unwrap_or(0);
            if before != *from {
                return Err(HubError::Conflict(format!(
                    "`{file}` was read up to byte {before}, not {from}: somebody else imports it, too"
                )));
            }
        }
        // First, so that what is lost half-way is sent again: the same name is the same file.
        for (name, bytes) in part.files {
            let keeper = Keeper::from(run);
            let mut upload = self.begin_logged_artifact(keeper, &name, Some(bytes.len() as u64))?;
            upload.write(&bytes)?;
            self.keep_artifact(upload)?;
        }
        let tag = |(file, to): (&String, &u64)| (format!("{READ}{file}"), to.to_string());
        let batch = LoggedBatch {
            points: part.points,
            params: self.unknown(run, part.params)?,
            tags: part.to.iter().map(tag).collect(),
        };
        if !batch.points.is_empty() || !batch.params.is_empty() || !batch.tags.is_empty() {
            self.log_to_run(run, batch)?;
        }
        read.extend(part.to);
        if let Some(at) = part.finished_at {
            self.close_logged_run(run, Outcome::Completed, Some(at))?;
        }
        Ok(Imported {
            experiment,
            run,
            read,
        })
    }

    fn import_experiment(&self, name: &str, author: &str) -> Result<ExperimentId, HubError> {
        let wanted = name.to_owned();
        let found = self.read(move |tx| Ok(listing::find_import(tx, &wanted, TEMPLATE)?))?;
        if let Some(found) = found {
            return Ok(found);
        }
        let made =
            self.create_logged_experiment(name, Origin::Workspace, TEMPLATE, Vec::new(), author)?;
        Ok(made.id)
    }

    fn import_run(&self, experiment: ExperimentId, part: &Import) -> Result<RunId, HubError> {
        let name = part.run.clone();
        let found = self.read(move |tx| Ok(listing::find_named(tx, experiment, &name)?))?;
        if let Some(found) = found {
            return Ok(found);
        }
        let made = self.open_logged_run(NewLogged {
            experiment,
            name: part.run.clone(),
            started_at: part.started_at,
            params: Vec::new(),
            tags: Vec::new(),
            provenance: Provenance::Imported,
        })?;
        Ok(made.id)
    }

    /// A file may say its configuration several times; the first word stands.
    fn unknown(
        &self,
        run: RunId,
        params: Vec<(String, String)>,
    ) -> Result<Vec<(String, String)>, HubError> {
        let known = self.read(move |tx| Ok(cupola_store::params::list(tx, run)?))?;
        let is_known = |key: &String| known.iter().any(|(known, _)| known == key);
        let mut fresh: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in params.into_iter().filter(|(key, _)| !is_known(key)) {
            fresh.entry(key).or_insert(value);
        }
        Ok(fresh.into_iter().collect())
    }
}

fn check(part: &Import) -> Result<(), HubError> {
    let mut errors = Vec::new();
    for (field, name) in [("experiment", &part.experiment), ("run", &part.run)] {
        if name.is_empty() || name.len() > 1_000 || name.contains('\0') {
            let message = format!(
                "has {} bytes; choose a name of 1 to 1000 without NUL",
                name.len()
            );
            errors.push(FieldError::new(field, message));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(HubError::Invalid(errors))
}
