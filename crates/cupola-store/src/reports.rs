//! Reports that are kept, and when they are made by themselves.

use std::time::Duration;

use cupola_domain::{
    ids::{ExperimentId, ReportId, ReportScheduleId},
    report::{Kept, Schedule, When},
    text::storable,
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO report (id, title, subjects, author, owner, schedule_id, made_at, bytes, document)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "SELECT id, title, subjects, author, owner, schedule_id, made_at, bytes FROM report WHERE id = $1";
    FIND_DOCUMENT = "SELECT document FROM report WHERE id = $1";
    LIST = "SELECT id, title, subjects, author, owner, schedule_id, made_at, bytes FROM report
            ORDER BY id DESC LIMIT $1";
    COUNT = "SELECT COUNT(*) AS n FROM report";
    LIST_OF_SCHEDULE = "SELECT id, title, subjects, author, owner, schedule_id, made_at, bytes FROM report
                        WHERE schedule_id = $1 ORDER BY id DESC LIMIT $2";
    DELETE = "DELETE FROM report WHERE id = $1";
    INSERT_SCHEDULE = "INSERT INTO report_schedule (id, subjects, every_millis, due_at, author, owner,
                                                    created_at, note)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SAVE_LOOKED_AT = "UPDATE report_schedule SET due_at = $2, note = $3 WHERE id = $1";
    FIND_SCHEDULE = "SELECT * FROM report_schedule WHERE id = $1";
    LIST_SCHEDULES = "SELECT * FROM report_schedule ORDER BY id DESC LIMIT $1";
    COUNT_SCHEDULES = "SELECT COUNT(*) AS n FROM report_schedule";
    LIST_DUE = "SELECT * FROM report_schedule WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    DELETE_SCHEDULE = "DELETE FROM report_schedule WHERE id = $1";
}

/// Keeps a report.
pub fn insert(tx: &mut Tx, kept: &Kept, document: &str) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &kept.id.to_string(),
            &&*storable(&kept.title),
            &joined(&kept.subjects),
            &&*storable(&kept.author),
            &&*storable(&kept.owner),
            &kept.schedule.map(|id| id.to_string()),
            &kept.made_at.millis(),
            &i64::try_from(kept.bytes).unwrap_or(i64::MAX),
            &&*storable(document),
        ],
    )
}

/// A report without its document.
pub fn find(tx: &mut Tx, id: ReportId) -> Result<Option<Kept>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], kept)
}

/// The document of a report.
pub fn find_document(tx: &mut Tx, id: ReportId) -> Result<Option<String>, StoreError> {
    tx.query_optional(FIND_DOCUMENT, &[&id.to_string()], |row| {
        row.text("document")
    })
}

/// Reports without their documents, the latest first.
pub fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Kept>, StoreError> {
    tx.query(LIST, &[&limit], kept)
}

/// How many there are.
pub fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[], |row| row.i64("n"))
}

/// Those of a schedule, the latest first.
pub fn list_of_schedule(
    tx: &mut Tx,
    id: ReportScheduleId,
    limit: i64,
) -> Result<Vec<Kept>, StoreError> {
    tx.query(LIST_OF_SCHEDULE, &[&id.to_string(), &limit], kept)
}

/// Removes a report; says whether it was there.
pub fn delete(tx: &mut Tx, id: ReportId) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, &[&id.to_string()])? > 0)
}

/// Adds a schedule.
pub fn insert_schedule(tx: &mut Tx, schedule: &Schedule) -> Result<(), StoreError> {
    let every = match schedule.when {
        When::Every(every) => Some(codec::duration_millis(every)),
        When::Done => None,
    };
    tx.execute_one(
        INSERT_SCHEDULE,
        &[
            &schedule.id.to_string(),
            &joined(&schedule.subjects),
            &every,
            &schedule.due_at.millis(),
            &&*storable(&schedule.author),
            &&*storable(&schedule.owner),
            &schedule.created_at.millis(),
            &&*storable(&schedule.note),
        ],
    )
}

/// Notes that a schedule was looked at; one that was deleted meanwhile needs no note.
pub fn save_looked_at(tx: &mut Tx, schedule: &Schedule) -> Result<(), StoreError> {
    let params = (schedule.id.to_string(), schedule.due_at.millis());
    tx.execute(
        SAVE_LOOKED_AT,
        &[&params.0, &params.1, &&*storable(&schedule.note)],
    )
    .map(drop)
}

/// A schedule.
pub fn find_schedule(tx: &mut Tx, id: ReportScheduleId) -> Result<Option<Schedule>, StoreError> {
    tx.query_optional(FIND_SCHEDULE, &[&id.to_string()], schedule)
}

/// Schedules, the latest first.
pub fn list_schedules(tx: &mut Tx, limit: i64) -> Result<Vec<Schedule>, StoreError> {
    tx.query(LIST_SCHEDULES, &[&limit], schedule)
}

/// How many schedules there are.
pub fn count_schedules(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one(COUNT_SCHEDULES, &[], |row| row.i64("n"))
}

/// Those that are to be looked at, the longest due first.
pub fn list_due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Schedule>, StoreError> {
    tx.query(LIST_DUE, &[&now.millis(), &limit], schedule)
}

/// Removes a schedule; what it made stays. Says whether it was there.
pub fn delete_schedule(tx: &mut Tx, id: ReportScheduleId) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE_SCHEDULE, &[&id.to_string()])? > 0)
}

fn joined(ids: &[ExperimentId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(",")
}

fn subjects(row: &Row<'_>, table: &'static str) -> Result<Vec<ExperimentId>, StoreError> {
    let text = row.text("subjects")?;
    let ids = text.split(',').map(str::parse);
    ids.collect::<Result<_, _>>()
        .map_err(|_| codec::inconsistent(table, "subjects", row))
}

fn kept(row: &Row<'_>) -> Result<Kept, StoreError> {
    Ok(Kept {
        id: codec::parsed(row, "report", "id")?,
        title: row.text("title")?,
        subjects: subjects(row, "report")?,
        author: row.text("author")?,
        owner: row.text("owner")?,
        schedule: codec::optional_parsed(row, "report", "schedule_id")?,
        made_at: codec::time(row, "made_at")?,
        bytes: u64::try_from(row.i64("bytes")?)
            .map_err(|_| codec::inconsistent("report", "bytes", row))?,
    })
}

fn schedule(row: &Row<'_>) -> Result<Schedule, StoreError> {
    let when = match row.optional_i64("every_millis")? {
        None => When::Done,
        Some(millis) => {
            let millis = u64::try_from(millis)
                .map_err(|_| codec::inconsistent("report_schedule", "every_millis", row))?;
            When::Every(Duration::from_millis(millis))
        }
    };
    Ok(Schedule {
        id: codec::parsed(row, "report_schedule", "id")?,
        subjects: subjects(row, "report_schedule")?,
        when,
        due_at: codec::time(row, "due_at")?,
        author: row.text("author")?,
        owner: row.text("owner")?,
        created_at: codec::time(row, "created_at")?,
        note: row.text("note")?,
    })
}
