//! Reports: what stands in them, that they stay, and when they are made by themselves.

use std::time::Duration;

use cupola_assistant::{report, tools::Refused};
use cupola_domain::{
    access::{Principal, Role},
    ids::ExperimentId,
    report::{KEPT_OF_SCHEDULE, When},
};
use cupola_hub::{
    HubError,
    reports::{DOCUMENT_BYTES_MAX, Kept, NewReport, REPORTS_OF_OWNER_MAX},
};

use crate::support::{INJECTION, Lab};

const DAY: Duration = Duration::from_hours(24);

fn somebody(name: &str, role: Role) -> Principal {
    Principal {
        name: name.to_owned(),
        owner: name.to_owned(),
        ..Principal::on_loopback(role)
    }
}

fn text(lab: &Lab, ids: &[ExperimentId]) -> String {
    report::markdown(&report::write(&lab.hub, ids).unwrap(), "")
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn a_report_says_what_is_known_with_its_intervals() {
    let lab = Lab::new();
    let alpha = format!("/experiments/{}", lab.alpha);
    let text = text(&lab, &[lab.alpha]);
    has(
        &text,
        &[
            "# alpha\n",
            "- Tasks: [6 tasks: 5 completed, 1 failed](",
            "The best val\\_bpb is 1 (task 1).",
            // 2.776 standard errors of 0.0707 on both sides.
            "the mean is 1.2 (95 % interval 1.0037 to 1.3963, by Student's t over 5 runs), the deviation 0.15811, the median 1.2.",
            "| 1 | [1](/runs/",
            "| 1 | [1.2](",
            "1.0037 to 1.3963 | 5 |",
            "[val\\_bpb by task](",
            "- best so far: 0 → 1.2, 1 → 1, 4 → 1",
            "- values: 0 → 1.2, 1 → 1, 2 → 1.4, 3 → 1.1, 4 → 1.3",
            "[val\\_bpb of the best](/compare?runs=",
            "1 task failed for good; of 1 attempt that failed, these are the reasons.",
            "| exit code 3 | 1 | [task 5](/runs/",
            "0.0150 EUR for 6 runs",
            "- Energy: [",
            "- Seeds: ",
            "0 of the best 5 confirmed by a second run",
            "Look into the 1 that failed",
            alpha.as_str(),
        ],
    );
    // What a program wrote is marked as its words.
    has(&text, &[&format!("> {} (", INJECTION.replace('_', "\\_"))]);
    assert!(
        !text.contains("other seeds"),
        "it has several of one configuration\n{text}"
    );
}

#[test]
fn nothing_is_said_of_what_is_not_there() {
    let lab = Lab::new();
    let nothing = text(&lab, &[lab.gamma]);
    has(
        &nothing,
        &["No run has a value of val\\_bpb yet", "No run failed."],
    );
    for absent in ["The best", "interval", "→", "What mattered", "Next steps"] {
        assert!(!nothing.contains(absent), "{absent}\n{nothing}");
    }
    let family = text(&lab, &[lab.family]);
    has(
        &family,
        &[
            "# Find a good rate\n",
            "> find a good learning rate ([the goal of the brief](",
            "- Tasks: [8 tasks: 1 pending, 1 running, 6 completed](",
            "The search space:",
            "No configuration has more than one value",
            "Wait for the 2 tasks that have not ended.",
            "with other seeds",
        ],
    );
}

#[test]
fn several_are_held_against_the_first() {
    let lab = Lab::new();
    let two = text(&lab, &[lab.alpha, lab.beta, lab.alpha]);
    has(
        &two,
        &[
            "# alpha against beta\n",
            "Which is better by val\\_bpb (minimize)?",
            "alpha is better than beta by more than noise.",
            "| [alpha](/experiments/",
            "| [1.2](",
            "| [2.2](",
            // 2.306 standard errors of 0.1 on both sides of the difference.
            "| [-1](/compare?experiment=",
            "-1.2306 to -0.7694",
            "Welch's t | alpha is better |",
            "- alpha: 0 → 1.2, 1 → 1, 4 → 1",
            "- beta: 0 → 2.2, 1 → 2, 4 → 2",
            "alpha: 1 task failed.",
        ],
    );
    let three = text(&lab, &[lab.alpha, lab.beta, lab.family]);
    has(
        &three,
        &["p is not corrected for how many are held against the first"],
    );
    let none = text(&lab, &[lab.alpha, lab.gamma]);
    has(
        &none,
        &[
            "alpha and gamma have too few values to be compared",
            "| too few values |",
        ],
    );
    assert!(!none.contains("separable"), "{none}");
}

#[test]
fn subjects_are_named_by_name_id_or_brief() {
    let lab = Lab::new();
    let called = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        report::subjects(&lab.hub, &lab.index, &names)
    };
    let brief = lab.hub.family_detail(lab.family).unwrap().brief.unwrap();
    let (alpha, brief) = (lab.alpha.to_string(), brief.id.to_string());
    assert_eq!(called(&["alpha", "beta"]).unwrap(), [lab.alpha, lab.beta]);
    assert_eq!(called(&[&alpha]).unwrap(), [lab.alpha]);
    assert_eq!(called(&[&brief]).unwrap(), [lab.family]);
    let nobody = "0192f7a1-0000-7000-8000-000000000000";
    for wrong in [nobody, "omega", ""] {
        let refused = called(&[wrong]).unwrap_err();
        assert!(
            matches!(refused, Refused::Hub(HubError::NotFound { .. })),
            "{wrong}"
        );
    }
    let many = vec![lab.alpha; 9];
    report::write(&lab.hub, &many).expect("one, said nine times");
    assert!(report::write(&lab.hub, &[]).is_err());
}

fn keep(lab: &Lab, who: &Principal) -> Kept {
    report::keep(&lab.hub, vec![lab.alpha], (&who.name, &who.owner)).unwrap()
}

#[test]
fn what_is_kept_stays_when_what_it_is_about_goes() {
    let lab = Lab::new();
    let ada = somebody("ada", Role::Researcher);
    let kept = keep(&lab, &ada);
    let (_, before) = lab.hub.find_report(kept.id).unwrap();
    assert!(before.len() < 40_000, "{}", before.len());
    lab.hub.delete_experiment(lab.alpha).unwrap();
    let (found, after) = lab.hub.find_report(kept.id).unwrap();
    assert_eq!((found, after), (kept.clone(), before));
    assert_eq!(lab.hub.list_reports(Some(lab.alpha)).unwrap(), [kept]);
    assert_eq!(lab.hub.list_reports(Some(lab.beta)).unwrap(), []);
}

#[test]
fn its_maker_and_administrators_delete_a_report() {
    let lab = Lab::new();
    let ada = somebody("ada", Role::Researcher);
    let kept = keep(&lab, &ada);
    let refused = lab
        .hub
        .delete_report(kept.id, &somebody("bob", Role::Operator));
    assert!(
        matches!(refused, Err(HubError::Forbidden(_))),
        "{refused:?}"
    );
    lab.hub.delete_report(kept.id, &ada).unwrap();
    let again = lab.hub.delete_report(kept.id, &ada);
    assert!(matches!(again, Err(HubError::NotFound { .. })), "{again:?}");
    let kept = keep(&lab, &ada);
    lab.hub
        .delete_report(kept.id, &somebody("root", Role::Admin))
        .unwrap();
}

#[test]
fn a_report_does_not_grow_with_its_runs() {
    let lab = Lab::new();
    lab.hub.cancel_experiment(lab.family).unwrap();
    let bytes = || {
        report::write(&lab.hub, &[lab.beta])
            .unwrap()
            .to_json()
            .len()
    };
    lab.complete_more(lab.beta, 250);
    let few = bytes();
    lab.complete_more(lab.beta, 500);
    let many = bytes();
    assert!(many < few + few / 10, "{few} bytes became {many}");
    assert!(many < 30_000, "{many}");
    let text = text(&lab, &[lab.beta]);
    has(
        &text,
        &[
            "200 of 755 values are drawn, evenly chosen",
            "The best 5 of 755",
        ],
    );
}

#[test]
fn a_document_that_is_too_long_is_refused() {
    let lab = Lab::new();
    let new = NewReport {
        title: "long".to_owned(),
        subjects: vec![lab.alpha],
        document: "x".repeat(DOCUMENT_BYTES_MAX + 1),
    };
    let refused = lab.hub.keep_report(new, ("ada", "ada"));
    assert!(matches!(refused, Err(HubError::TooLarge(_))), "{refused:?}");
}

#[test]
fn nobody_takes_the_room_of_all_others() {
    let lab = Lab::new();
    let new = |title: &str| NewReport {
        title: title.to_owned(),
        subjects: vec![lab.alpha],
        document: "{}".to_owned(),
    };
    for _ in 0..REPORTS_OF_OWNER_MAX {
        lab.hub.keep_report(new("one"), ("ada", "ada")).unwrap();
    }
    let refused = lab.hub.keep_report(new("one"), ("ada", "ada"));
    assert!(matches!(refused, Err(HubError::Conflict(_))), "{refused:?}");
    lab.hub.keep_report(new("one"), ("bob", "bob")).unwrap();
}

/// One schedule of `ids`, and what it said last.
fn schedule(lab: &Lab, ids: &[ExperimentId], when: When) {
    let ada = somebody("ada", Role::Researcher);
    lab.hub
        .create_report_schedule(ids.to_vec(), when, &ada)
        .unwrap();
}

#[test]
fn the_same_schedule_is_made_once() {
    let lab = Lab::new();
    let day = When::Every(DAY);
    schedule(&lab, &[lab.beta], day);
    schedule(&lab, &[lab.alpha, lab.alpha], day);
    schedule(&lab, &[lab.beta], When::Done);
    let by = |name: &str| {
        let who = somebody(name, Role::Researcher);
        lab.hub.create_report_schedule(vec![lab.beta], day, &who)
    };
    let again = by("ada").unwrap_err().to_string();
    assert!(again.contains("does the same already"), "{again}");
    assert!(by("bob").is_ok());
    let ada = somebody("ada", Role::Researcher);
    let again = lab.hub.create_report_schedule(vec![lab.alpha], day, &ada);
    assert!(again.is_err(), "{again:?}");
}

#[test]
fn families_are_called_by_the_titles_of_their_briefs() {
    let lab = Lab::new();
    let report = report::write(&lab.hub, &[lab.family, lab.alpha]).unwrap();
    assert_eq!(report.title, "Find a good rate against alpha");
    let about: Vec<_> = report.about.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(about, ["Find a good rate", "alpha"]);
    let text = report::markdown(&report, "");
    assert!(!text.contains("campaign-"), "{text}");
}

fn note(lab: &Lab) -> String {
    let schedules = lab.hub.list_report_schedules().unwrap();
    schedules
        .first()
        .map_or_else(String::new, |one| one.note.clone())
}

fn made(lab: &Lab) -> usize {
    lab.hub.list_reports(None).unwrap().len()
}

#[test]
fn a_schedule_makes_a_report_when_it_is_due_and_something_changed() {
    let lab = Lab::new();
    schedule(&lab, &[lab.beta], When::Every(DAY));
    assert_eq!(report::tick(&lab.hub).unwrap(), 0, "a day has to pass");
    lab.advance(DAY);
    assert_eq!(report::tick(&lab.hub).unwrap(), 1);
    assert_eq!(report::tick(&lab.hub).unwrap(), 0, "once a day");
    assert_eq!((made(&lab), note(&lab).as_str()), (1, "made a report"));
    lab.advance(DAY);
    assert_eq!(report::tick(&lab.hub).unwrap(), 0);
    let unchanged = "nothing changed since its last report";
    assert_eq!((made(&lab), note(&lab).as_str()), (1, unchanged));
    lab.hub.start_experiment(lab.beta, 1).unwrap();
    // However long nobody looked, one is made.
    lab.advance(DAY * 30);
    assert_eq!(report::tick(&lab.hub).unwrap(), 1);
    assert_eq!(report::tick(&lab.hub).unwrap(), 0);
    let all = lab.hub.list_reports(None).unwrap();
    assert!(
        all.iter()
            .all(|kept| kept.schedule.is_some() && kept.author == "ada")
    );
    assert_eq!(all.len(), 2);
}

#[test]
fn of_a_schedule_the_latest_are_kept() {
    let lab = Lab::new();
    let ada = somebody("ada", Role::Researcher);
    let own = keep(&lab, &ada);
    schedule(&lab, &[lab.beta], When::Every(DAY));
    let mut first = None;
    for _ in 0..=KEPT_OF_SCHEDULE {
        lab.hub.start_experiment(lab.beta, 1).unwrap();
        lab.advance(DAY);
        assert_eq!(report::tick(&lab.hub).unwrap(), 1);
        first = first.or_else(|| lab.hub.list_reports(None).unwrap().first().cloned());
    }
    let all = lab.hub.list_reports(None).unwrap();
    assert_eq!(all.len(), KEPT_OF_SCHEDULE + 1);
    assert!(all.contains(&own), "what somebody made stays");
    assert!(!all.contains(&first.unwrap()), "its oldest went");
}

#[test]
fn a_report_is_made_once_when_all_has_ended() {
    let lab = Lab::new();
    schedule(&lab, &[lab.alpha, lab.family], When::Done);
    assert_eq!(report::tick(&lab.hub).unwrap(), 0);
    assert_eq!(note(&lab), "waits until all of it has ended");
    lab.hub.cancel_experiment(lab.family).unwrap();
    lab.advance(Duration::from_mins(2));
    assert_eq!(report::tick(&lab.hub).unwrap(), 0, "one still runs");
    lab.finish_running();
    lab.advance(Duration::from_mins(2));
    assert_eq!(report::tick(&lab.hub).unwrap(), 1);
    assert_eq!(lab.hub.list_report_schedules().unwrap(), []);
    lab.advance(DAY);
    assert_eq!(report::tick(&lab.hub).unwrap(), 0);
    assert_eq!(made(&lab), 1);
}

#[test]
fn a_schedule_whose_subject_is_gone_says_so_and_holds_up_no_other() {
    let lab = Lab::new();
    schedule(&lab, &[lab.alpha], When::Every(DAY));
    schedule(&lab, &[lab.beta], When::Every(DAY));
    lab.hub.delete_experiment(lab.alpha).unwrap();
    lab.advance(DAY);
    assert_eq!(report::tick(&lab.hub).unwrap(), 1);
    let schedules = lab.hub.list_report_schedules().unwrap();
    let notes: Vec<&str> = schedules.iter().map(|one| one.note.as_str()).collect();
    assert_eq!(notes[0], "made a report");
    assert!(notes[1].starts_with("there is no experiment"), "{notes:?}");
    let bob = somebody("bob", Role::Researcher);
    assert!(
        lab.hub
            .delete_report_schedule(schedules[0].id, &bob)
            .is_err()
    );
    let ada = somebody("ada", Role::Researcher);
    lab.hub
        .delete_report_schedule(schedules[0].id, &ada)
        .unwrap();
    assert_eq!(lab.hub.list_report_schedules().unwrap().len(), 1);
    assert_eq!(made(&lab), 1, "what it made stays");
}
