//! Reports that are kept, and their schedules.

use std::time::Duration;

use cupola_domain::{
    ids::{ExperimentId, ReportId, ReportScheduleId},
    report::{Kept, Schedule, When},
};
use cupola_store::reports;
use cupola_testkit::{Database, on_each_database};

use crate::rows::{Sample, at};

on_each_database! {
    a_report_reads_back_and_its_document_beside_it,
    those_of_a_schedule_are_listed_alone,
    schedules_are_due_in_their_order,
}

fn kept(sample: &mut Sample, secs: i64, schedule: Option<ReportScheduleId>) -> Kept {
    let subjects: Vec<ExperimentId> = (0..2).map(|_| sample.ids.next(at(secs))).collect();
    Kept {
        id: sample.ids.next(at(secs)),
        title: "a | <b>".to_owned(),
        subjects,
        author: "ada".to_owned(),
        owner: "ada".to_owned(),
        schedule,
        made_at: at(secs),
        bytes: 7,
    }
}

fn keep(sample: &Sample, kept: &Kept, document: &'static str) -> ReportId {
    let saved = kept.clone();
    sample.write(move |tx| reports::insert(tx, &saved, document));
    kept.id
}

fn a_report_reads_back_and_its_document_beside_it(database: &Database) {
    let mut sample = Sample::new(database);
    let first = kept(&mut sample, 1, None);
    let second = kept(&mut sample, 2, None);
    let id = keep(&sample, &first, "{\"a\":\"\\u0000\"}");
    keep(&sample, &second, "{}");
    assert_eq!(
        sample.read(move |tx| reports::find(tx, id)),
        Some(first.clone())
    );
    let document = sample.read(move |tx| reports::find_document(tx, id));
    assert_eq!(document.as_deref(), Some("{\"a\":\"\\u0000\"}"));
    assert_eq!(
        sample.read(|tx| reports::list(tx, 10)),
        [second.clone(), first]
    );
    assert_eq!(
        sample.read(|tx| reports::list(tx, 1)),
        std::slice::from_ref(&second)
    );
    assert_eq!(sample.read(reports::count), 2);
    assert!(sample.write(move |tx| reports::delete(tx, id)));
    assert!(!sample.write(move |tx| reports::delete(tx, id)));
    assert_eq!(sample.read(|tx| reports::list(tx, 10)), [second]);
    assert_eq!(sample.read(move |tx| reports::find_document(tx, id)), None);
}

fn those_of_a_schedule_are_listed_alone(database: &Database) {
    let mut sample = Sample::new(database);
    let schedule: ReportScheduleId = sample.ids.next(at(0));
    let other: ReportScheduleId = sample.ids.next(at(0));
    let of = [Some(schedule), None, Some(other), Some(schedule)];
    let all: Vec<Kept> = (1..)
        .zip(of)
        .map(|(secs, of)| kept(&mut sample, secs, of))
        .collect();
    for one in &all {
        keep(&sample, one, "{}");
    }
    let found = sample.read(move |tx| reports::list_of_schedule(tx, schedule, 10));
    assert_eq!(found, [all[3].clone(), all[0].clone()]);
}

fn schedules_are_due_in_their_order(database: &Database) {
    let mut sample = Sample::new(database);
    let mut schedule = |secs: i64, when: When| Schedule {
        id: sample.ids.next(at(secs)),
        subjects: vec![sample.ids.next(at(secs))],
        when,
        due_at: at(secs),
        author: "ada".to_owned(),
        owner: "lab".to_owned(),
        created_at: at(0),
        note: String::new(),
    };
    let later = schedule(20, When::Every(Duration::from_hours(24)));
    let mut sooner = schedule(10, When::Done);
    for one in [&later, &sooner] {
        let saved = one.clone();
        sample.write(move |tx| reports::insert_schedule(tx, &saved));
    }
    let due = |secs| sample.read(move |tx| reports::list_due(tx, at(secs), 10));
    assert_eq!(due(9), []);
    assert_eq!(due(10), [sooner.clone()]);
    assert_eq!(due(20), [sooner.clone(), later.clone()]);
    sooner.due_at = at(30);
    "waits".clone_into(&mut sooner.note);
    let saved = sooner.clone();
    sample.write(move |tx| reports::save_looked_at(tx, &saved));
    assert_eq!(due(20), std::slice::from_ref(&later));
    assert_eq!(due(30), [later.clone(), sooner.clone()]);
    assert_eq!(sample.read(reports::count_schedules), 2);
    let id = sooner.id;
    assert_eq!(
        sample.read(move |tx| reports::find_schedule(tx, id)),
        Some(sooner)
    );
    assert!(sample.write(move |tx| reports::delete_schedule(tx, id)));
    assert!(!sample.write(move |tx| reports::delete_schedule(tx, id)));
    assert_eq!(sample.read(|tx| reports::list_schedules(tx, 10)), [later]);
}
