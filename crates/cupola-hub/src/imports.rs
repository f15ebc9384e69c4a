//! Runs of other programs' files. Whoever reads the files says how far each was read, so that the
//! same again adds nothing.

use std::collections::{BTreeMap, BTreeSet};

use cupola_domain::{
    artifact::{Artifact, Keeper, check_name},
    experiment::{Experiment, Origin},
    field::FieldError,
    ids::{ExperimentId, RunId, TaskId},
    labels::cut,
    metric::{NAME_BYTES_MAX, Point, is_name},
    provenance::Provenance,
    run::Outcome,
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, artifacts as stored, listing, params, tags};

use crate::{
    Hub, HubError,
    artifacts::{InHand, has_room},
    logged::{
        self, LoggedBatch, NewLogged, batch::log, course::close, experiments::insert,
        said::PARAMS_MAX,
    },
};

/// What stands for a template.
const TEMPLATE: &str = "tensorboard";

/// How far a file was read is a tag of its run, called so and by the file.
const READ: &str = "read:";

/// So much of what was passed over is named.
const LEFT_OUT_MAX: usize = 20;

/// So much of a name is shown of what was passed over.
const SHOWN_BYTES_MAX: usize = 100;

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
    /// What was passed over, each with why.
    pub left_out: Vec<String>,
}

impl Hub {
    /// Takes a part of some files together with how far it goes, or nothing, in one transaction. A part
    /// that does not begin where the last one ended is refused. What a run cannot hold, a file more or
    /// a series without a name, is passed over and said.
    pub fn import(&self, part: Import, author: &str) -> Result<Imported, HubError> {
        check(&part)?;
        let mut left_out = LeftOut::default();
        // Held until the rows are there.
        let (files, _in_hand) = self.bring_files(&part.files, &mut left_out)?;
        let fresh = Fresh {
            experiment: self.logged_experiment(
                &part.experiment,
                Origin::Workspace,
                TEMPLATE,
                author,
            ),
            run: (self.next_id(), self.next_id()),
            now: self.now(),
        };
        self.write(move |tx| take(tx, part, &files, fresh, left_out))
    }

    fn bring_files(
        &self,
        files: &[(String, Vec<u8>)],
        left_out: &mut LeftOut,
    ) -> Result<(Vec<Artifact>, Vec<InHand>), HubError> {
        let (mut brought, mut in_hand) = (Vec::new(), Vec::new());
        for (name, bytes) in files {
            if bytes.len() as u64 > self.artifact_bytes_max() {
                left_out.note(name, format_args!("has {} bytes", bytes.len()));
                continue;
            }
            let (artifact, held) = self.bring_artifact(name, bytes)?;
            brought.push(artifact);
            in_hand.push(held);
        }
        Ok((brought, in_hand))
    }
}

/// What is made where there is nothing of the name.
struct Fresh {
    experiment: Experiment,
    run: (TaskId, RunId),
    now: Timestamp,
}

/// What is passed over: the first of it by name, then how much more.
#[derive(Default)]
struct LeftOut {
    named: Vec<String>,
    more: usize,
}

impl LeftOut {
    fn note(&mut self, name: &str, why: impl std::fmt::Display) {
        if self.named.len() < LEFT_OUT_MAX {
            let name = cut(name, SHOWN_BYTES_MAX);
            self.named.push(format!("`{name}` {why}"));
        } else {
            self.more += 1;
        }
    }

    fn into_list(mut self) -> Vec<String> {
        if self.more > 0 {
            self.named.push(format!("{} more", self.more));
        }
        self.named
    }
}

fn take(
    tx: &mut Tx,
    part: Import,
    files: &[Artifact],
    fresh: Fresh,
    mut left_out: LeftOut,
) -> Result<Imported, HubError> {
    let experiment = experiment_of(tx, &part, &fresh.experiment)?;
    let run = run_of(tx, experiment, &part, &fresh)?;
    let mut read = read_of(tx, run)?;
    check_from(&read, &part.from)?;
    keep(tx, run, files, &mut left_out)?;
    let tag = |(file, to): (&String, &u64)| (format!("{READ}{file}"), to.to_string());
    let batch = LoggedBatch {
        tags: part.to.iter().map(tag).collect(),
        points: named(part.points, &mut left_out),
        params: unknown(tx, run, part.params, &mut left_out)?,
        ..LoggedBatch::default()
    };
    for name in log(tx, run, batch)? {
        left_out.note(&name, "is one series too many");
    }
    read.extend(part.to);
    if let Some(at) = part.finished_at {
        close(tx, run, Outcome::Completed, at)?;
    }
    Ok(Imported {
        experiment,
        run,
        read,
        left_out: left_out.into_list(),
    })
}

fn experiment_of(tx: &mut Tx, part: &Import, fresh: &Experiment) -> Result<ExperimentId, HubError> {
    if let Some(found) = listing::find_import(tx, &part.experiment, TEMPLATE)? {
        return Ok(found);
    }
    insert(tx, fresh)?;
    Ok(fresh.id)
}

fn run_of(
    tx: &mut Tx,
    experiment: ExperimentId,
    part: &Import,
    fresh: &Fresh,
) -> Result<RunId, HubError> {
    let name = part.run.trim();
    if let Some(found) = listing::find_named(tx, experiment, name)? {
        return Ok(found);
    }
    let new = NewLogged {
        experiment,
        name: name.to_owned(),
        started_at: part.started_at,
        params: Vec::new(),
        tags: Vec::new(),
        provenance: Provenance::Imported,
    };
    Ok(logged::open(tx, new, fresh.run, fresh.now)?.id)
}

/// How far each file was read.
fn read_of(tx: &mut Tx, run: RunId) -> Result<BTreeMap<String, u64>, HubError> {
    let tags = tags::list(tx, run)?.into_iter();
    let read = tags
        .filter_map(|(key, value)| Some((key.strip_prefix(READ)?.to_owned(), value.parse().ok()?)));
    Ok(read.collect())
}

fn check_from(read: &BTreeMap<String, u64>, from: &BTreeMap<String, u64>) -> Result<(), HubError> {
    for (file, from) in from {
        let before = read.get(file).copied().unwrap_or(0);
        if before != *from {
            return Err(HubError::Conflict(format!(
                "`{file}` was read up to byte {before}, not {from}: somebody else imports it, too"
            )));
        }
    }
    Ok(())
}

fn keep(
    tx: &mut Tx,
    run: RunId,
    files: &[Artifact],
    left_out: &mut LeftOut,
) -> Result<(), HubError> {
    let keeper = Keeper::from(run);
    for artifact in files {
        if has_room(tx, keeper, &artifact.name)? {
            stored::save(tx, keeper, artifact)?;
        } else {
            left_out.note(&artifact.name, "is one file too many");
        }
    }
    Ok(())
}

/// The series that have names.
fn named(points: Vec<(String, Vec<Point>)>, left_out: &mut LeftOut) -> Vec<(String, Vec<Point>)> {
    let mut named = points;
    named.retain(|(name, _)| {
        let is_named = is_name(&storable(name));
        if !is_named {
            let why = format!("is no name of a series, which has 1 to {NAME_BYTES_MAX} bytes");
            left_out.note(name, why);
        }
        is_named
    });
    named
}

/// What the run does not say of its configuration yet. A file may say it several times; the first word
/// stands.
fn unknown(
    tx: &mut Tx,
    run: RunId,
    said: Vec<(String, String)>,
    left_out: &mut LeftOut,
) -> Result<Vec<(String, String)>, HubError> {
    if said.is_empty() {
        return Ok(said);
    }
    let known = params::list(tx, run)?.into_iter();
    let mut known: BTreeSet<String> = known.map(|(key, _)| key).collect();
    let mut fresh = Vec::new();
    for (key, value) in said {
        if known.contains(&key) {
            continue;
        }
        if known.len() < PARAMS_MAX {
            known.insert(key.clone());
            fresh.push((key, value));
        } else {
            left_out.note(&key, "is one parameter too many");
        }
    }
    Ok(fresh)
}

fn check(part: &Import) -> Result<(), HubError> {
    let mut errors = Vec::new();
    for (field, name) in [("experiment", &part.experiment), ("run", &part.run)] {
        if name.trim().is_empty() || name.len() > 1_000 || name.contains('\0') {
            let message = format!(
                "has {} bytes; choose a name of 1 to 1000 without NUL",
                name.len()
            );
            errors.push(FieldError::new(field, message));
        }
    }
    for (field, at) in [
        ("started_at", part.started_at),
        ("finished_at", part.finished_at),
    ] {
        if at.is_some_and(|at| !at.is_in_calendar()) {
            errors.push(FieldError::new(field, "is not between 1970 and 9999"));
        }
    }
    for (name, _) in &part.files {
        let wrong = check_name(name).err();
        errors.extend(wrong.map(|why| FieldError::new("files", format!("`{name}` {why}"))));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(HubError::Invalid(errors))
}
