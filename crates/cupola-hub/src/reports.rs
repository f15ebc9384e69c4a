//! Reports that are kept, and schedules that make them. What stands in one is the maker's; here it is
//! text, which is kept as it came and never changes.

use std::collections::BTreeSet;

use cupola_domain::{
    access::{Principal, Role},
    event::Event,
    field::FieldError,
    ids::{ExperimentId, ReportId, ReportScheduleId},
    report::{KEPT_OF_SCHEDULE, Schedule, When},
};
use cupola_store::{Tx, events, reports};

use crate::{Hub, HubError};

pub use cupola_domain::report::Kept;

/// So many reports are kept; then somebody has to delete some.
pub const REPORTS_MAX: i64 = 1_000;

/// So many of them are kept that one person made by hand.
pub const REPORTS_OF_OWNER_MAX: usize = 200;

/// So many schedules there are.
pub const SCHEDULES_MAX: i64 = 100;

/// How long a document may be.
pub const DOCUMENT_BYTES_MAX: usize = 512 << 10;

/// So many schedules are looked at in one go.
const DUE_MAX: i64 = 20;

/// A report that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// Its title.
    pub title: String,
    /// The experiments that it is about.
    pub subjects: Vec<ExperimentId>,
    /// All of it.
    pub document: String,
}

impl Hub {
    /// Keeps a report that somebody made: `by` whom, and whose it is.
    pub fn keep_report(&self, new: NewReport, by: (&str, &str)) -> Result<Kept, HubError> {
        let kept = self.kept(&new, by, None)?;
        self.write(move |tx| {
            check_room(tx)?;
            check_room_of(tx, &kept.owner)?;
            reports::insert(tx, &kept, &new.document)?;
            tell(tx);
            Ok(kept)
        })
    }

    /// Keeps a report that a schedule made, in the place of its oldest where it has many, and notes that it
    /// was looked at. Nothing is kept where the schedule was deleted meanwhile.
    pub fn keep_scheduled_report(
        &self,
        new: NewReport,
        schedule: Schedule,
    ) -> Result<Option<Kept>, HubError> {
        let kept = self.kept(&new, (&schedule.author, &schedule.owner), Some(schedule.id))?;
        self.write(move |tx| {
            if reports::find_schedule(tx, schedule.id)?.is_none() {
                return Ok(None);
            }
            let before = reports::list_of_schedule(tx, schedule.id, REPORTS_MAX)?;
            for old in before.iter().skip(KEPT_OF_SCHEDULE - 1) {
                reports::delete(tx, old.id)?;
            }
            check_room(tx)?;
            if schedule.when == When::Done {
                check_room_of(tx, &kept.owner)?;
            }
            reports::insert(tx, &kept, &new.document)?;
            match schedule.when {
                When::Every(_) => reports::save_looked_at(tx, &schedule)?,
                When::Done => drop(reports::delete_schedule(tx, schedule.id)?),
            }
            tell(tx);
            Ok(Some(kept))
        })
    }

    /// A report with its document.
    pub fn find_report(&self, id: ReportId) -> Result<(Kept, String), HubError> {
        self.read(move |tx| {
            let kept = find(tx, id)?;
            let document = reports::find_document(tx, id)?;
            Ok((
                kept,
                document.ok_or_else(|| HubError::not_found("report", id))?,
            ))
        })
    }

    /// Every report, the latest first; of one experiment, where one is named.
    pub fn list_reports(&self, of: Option<ExperimentId>) -> Result<Vec<Kept>, HubError> {
        self.read(move |tx| {
            let mut all = reports::list(tx, REPORTS_MAX)?;
            all.retain(|kept| of.is_none_or(|of| kept.subjects.contains(&of)));
            Ok(all)
        })
    }

    /// The document of the latest report of a schedule; none where it made none, or they are deleted.
    pub fn find_latest_of_schedule(
        &self,
        id: ReportScheduleId,
    ) -> Result<Option<String>, HubError> {
        self.read(
            move |tx| match reports::list_of_schedule(tx, id, 1)?.first() {
                Some(kept) => Ok(reports::find_document(tx, kept.id)?),
                None => Ok(None),
            },
        )
    }

    /// Deletes a report: for who made it, and for administrators.
    pub fn delete_report(&self, id: ReportId, who: &Principal) -> Result<(), HubError> {
        let who = who.clone();
        self.write(move |tx| {
            let kept = find(tx, id)?;
            check_own(&kept.owner, &who)?;
            reports::delete(tx, id)?;
            tell(tx);
            Ok(())
        })
    }

    /// Makes a schedule. It is looked at for the first time when a period has passed.
    pub fn create_report_schedule(
        &self,
        subjects: Vec<ExperimentId>,
        when: When,
        who: &Principal,
    ) -> Result<Schedule, HubError> {
        // Whatever is named twice is reported on once.
        let mut known = BTreeSet::new();
        let mut subjects = subjects;
        subjects.retain(|id| known.insert(*id));
        if subjects.is_empty() {
            let message = "names nothing; name an experiment";
            return Err(HubError::Invalid(vec![FieldError::new(
                "subjects", message,
            )]));
        }
        let now = self.now();
        let schedule = Schedule {
            id: self.next_id(),
            subjects,
            when,
            due_at: match when {
                When::Every(every) => now.plus(every),
                When::Done => now,
            },
            author: who.name.clone(),
            owner: who.owner.clone(),
            created_at: now,
            note: String::new(),
        };
        self.write(move |tx| {
            if reports::count_schedules(tx)? >= SCHEDULES_MAX {
                let message =
                    format!("there are {SCHEDULES_MAX} schedules already; delete one first");
                return Err(HubError::Conflict(message));
            }
            let all = reports::list_schedules(tx, SCHEDULES_MAX)?;
            let is_same = |one: &&Schedule| {
                (&one.owner, &one.subjects, one.when)
                    == (&schedule.owner, &schedule.subjects, schedule.when)
            };
            if let Some(one) = all.iter().find(is_same) {
                let message = format!("your schedule {} does the same already", one.id);
                return Err(HubError::Conflict(message));
            }
            reports::insert_schedule(tx, &schedule)?;
            tell(tx);
            Ok(schedule)
        })
    }

    /// Every schedule, the latest first.
    pub fn list_report_schedules(&self) -> Result<Vec<Schedule>, HubError> {
        self.read(|tx| Ok(reports::list_schedules(tx, SCHEDULES_MAX)?))
    }

    /// Those that are to be looked at now, a few at a time.
    pub fn list_due_report_schedules(&self) -> Result<Vec<Schedule>, HubError> {
        let now = self.now();
        self.read(move |tx| Ok(reports::list_due(tx, now, DUE_MAX)?))
    }

    /// Notes that a schedule was looked at, and why it made nothing.
    pub fn save_report_schedule(&self, schedule: Schedule) -> Result<(), HubError> {
        self.write(move |tx| {
            reports::save_looked_at(tx, &schedule)?;
            tell(tx);
            Ok(())
        })
    }

    /// Deletes a schedule, for who made it and for administrators. What it made stays.
    pub fn delete_report_schedule(
        &self,
        id: ReportScheduleId,
        who: &Principal,
    ) -> Result<(), HubError> {
        let who = who.clone();
        self.write(move |tx| {
            let found = reports::find_schedule(tx, id)?;
            let found = found.ok_or_else(|| HubError::not_found("schedule", id))?;
            check_own(&found.owner, &who)?;
            reports::delete_schedule(tx, id)?;
            tell(tx);
            Ok(())
        })
    }

    fn kept(
        &self,
        new: &NewReport,
        (author, owner): (&str, &str),
        schedule: Option<ReportScheduleId>,
    ) -> Result<Kept, HubError> {
        let bytes = new.document.len();
        if bytes > DOCUMENT_BYTES_MAX {
            let message =
                format!("the report has {bytes} bytes; {DOCUMENT_BYTES_MAX} at most are kept");
            return Err(HubError::TooLarge(message));
        }
        Ok(Kept {
            id: self.next_id(),
            title: new.title.clone(),
            subjects: new.subjects.clone(),
            author: author.to_owned(),
            owner: owner.to_owned(),
            schedule,
            made_at: self.now(),
            bytes: bytes as u64,
        })
    }
}

fn tell(tx: &mut Tx) {
    events::record(tx, Event::ReportsChanged);
}

fn find(tx: &mut Tx, id: ReportId) -> Result<Kept, HubError> {
    reports::find(tx, id)?.ok_or_else(|| HubError::not_found("report", id))
}

fn check_room(tx: &mut Tx) -> Result<(), HubError> {
    if reports::count(tx)? >= REPORTS_MAX {
        let message = format!("{REPORTS_MAX} reports are kept already; delete some first");
        return Err(HubError::Conflict(message));
    }
    Ok(())
}

/// Nobody takes the room of all others; what a schedule makes is bounded by it, as long as it is there.
fn check_room_of(tx: &mut Tx, owner: &str) -> Result<(), HubError> {
    let schedules = reports::list_schedules(tx, SCHEDULES_MAX)?;
    let is_bounded = |kept: &Kept| {
        let mut schedules = schedules.iter();
        kept.schedule
            .is_some_and(|id| schedules.any(|one| one.id == id))
    };
    let kept = reports::list(tx, REPORTS_MAX)?;
    let theirs = kept.iter();
    let theirs = theirs.filter(|kept| kept.owner == owner && !is_bounded(kept));
    if theirs.count() >= REPORTS_OF_OWNER_MAX {
        let message = format!(
            "{REPORTS_OF_OWNER_MAX} reports of `{owner}` are kept already; delete some first"
        );
        return Err(HubError::Conflict(message));
    }
    Ok(())
}

fn check_own(owner: &str, who: &Principal) -> Result<(), HubError> {
    if owner == who.owner || who.role.includes(Role::Admin) {
        return Ok(());
    }
    let message = format!("it is `{owner}`'s; they and administrators may delete it");
    Err(HubError::Forbidden(message))
}
