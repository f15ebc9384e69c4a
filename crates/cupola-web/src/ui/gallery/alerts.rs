//! `/alerts`

use cupola_domain::{
    field::FieldError,
    ids::{AlertId, AlertRuleId, AlertTargetId, Ids},
};

use super::{
    Sample,
    things::{HOSTILE, at, frame, moment, run, worker},
};
use crate::ui::{
    alerts::{
        Created, DeliveryRow, Index, Mute, Open, OpenRow, Past, PastRow, RuleForm, RuleRow, Rules,
        TargetForm, TargetRow, Targets,
    },
    components::{Badge, EmptyState, Field, Input, Link, Tone},
    frame::Section,
    paths,
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new(
            "alerts",
            &usual("diverged", "val_loss is 12.5 (> 10 for 5m)"),
        ),
        Sample::new("alerts-empty", &empty()),
        Sample::new("alerts-hostile", &usual(HOSTILE, HOSTILE)),
        Sample::new("alert-rule", &rule(true)),
        Sample::new("alert-rule-new", &rule(false)),
    ]
}

fn alert(n: u64) -> AlertId {
    Ids::new(n + 70).next(at(n))
}

fn rule_id(n: u64) -> AlertRuleId {
    Ids::new(n + 80).next(at(n))
}

fn target(n: u64) -> AlertTargetId {
    Ids::new(n + 90).next(at(n))
}

fn usual(name: &str, text: &str) -> Index {
    Index {
        frame: frame("Alerts", Section::Alerts),
        open: Open {
            count: "1 open, 1 acknowledged".to_owned(),
            rows: vec![
                open_row(1, name, text),
                open_row(2, "gone", "nothing was heard of it for 9 min"),
            ],
            empty: None,
        },
        rules: Rules {
            rows: vec![rule_row(1, name), rule_row(2, "gone")],
            may_change: true,
            empty: None,
        },
        targets: Targets {
            rows: vec![target_row(1, name), target_row(2, "mail")],
            deliveries: vec![
                delivery(name, "sent", Tone::Good),
                delivery(text, "given up", Tone::Bad),
            ],
            empty: None,
        },
        past: Past {
            rows: vec![
                past_row(name, "open", Tone::Bad),
                past_row(text, "resolved", Tone::Good),
            ],
        },
        target_form: Some(TargetForm { fields: fields() }),
        created: Some(Created {
            name: name.to_owned(),
            secret: "whsec_EXAMPLE".to_owned(),
        }),
    }
}

fn empty() -> Index {
    let nothing = || Some(EmptyState::new("Nothing", "Nothing is here yet."));
    Index {
        frame: frame("Alerts", Section::Alerts),
        open: Open {
            count: String::new(),
            rows: Vec::new(),
            empty: nothing(),
        },
        rules: Rules {
            rows: Vec::new(),
            may_change: false,
            empty: nothing(),
        },
        targets: Targets {
            rows: Vec::new(),
            deliveries: Vec::new(),
            empty: nothing(),
        },
        past: Past { rows: Vec::new() },
        target_form: None,
        created: None,
    }
}

fn open_row(n: u64, rule: &str, text: &str) -> OpenRow {
    let is_open = n == 1;
    let badge = if is_open {
        Badge::word("open", Tone::Bad)
    } else {
        Badge {
            reason: "by ada".to_owned(),
            ..Badge::word("acknowledged", Tone::Warning)
        }
    };
    OpenRow {
        id: alert(n).to_string(),
        badge,
        subject: if is_open {
            Link::new("moons, task 7", paths::run(run(n), ""))
        } else {
            Link::new("kiln", paths::worker(worker(n), ""))
        },
        text: text.to_owned(),
        rule: rule.to_owned(),
        since: moment(n),
        reopened: if is_open {
            "came back 3 times".to_owned()
        } else {
            String::new()
        },
        acknowledgement: is_open.then(|| paths::alert(alert(n), "/acknowledgement")),
        resolution: is_open.then(|| paths::alert(alert(n), "/resolution")),
    }
}

fn rule_row(n: u64, name: &str) -> RuleRow {
    let is_muted = n == 2;
    RuleRow {
        id: rule_id(n).to_string(),
        name: name.to_owned(),
        condition: "metric val_loss > 10 for 5m where tags.team = \"a\"".to_owned(),
        targets: "ops, mail".to_owned(),
        repeat: "one message in 5 min".to_owned(),
        badge: if is_muted {
            Badge::word("muted", Tone::Quiet)
        } else {
            Badge::word("on", Tone::Good)
        },
        muted_until: is_muted.then(|| moment(9)),
        unresolved: 1,
        resolution: (!is_muted).then(|| paths::alert_rule(rule_id(n), "/resolution")),
        href: paths::alert_rule(rule_id(n), ""),
    }
}

fn target_row(n: u64, name: &str) -> TargetRow {
    TargetRow {
        id: target(n).to_string(),
        name: name.to_owned(),
        kind: if n == 1 { "slack" } else { "mail" },
        shown: "https://hooks.example/…".to_owned(),
        problem: if n == 1 {
            String::new()
        } else {
            "its address is not here".to_owned()
        },
        author: "configuration".to_owned(),
        test: Some(paths::alert_target(target(n), "/test")),
        deletion: (n == 2).then(|| paths::alert_target(target(n), "/deletion")),
    }
}

fn delivery(title: &str, word: &str, tone: Tone) -> DeliveryRow {
    DeliveryRow {
        title: title.to_owned(),
        target: "ops".to_owned(),
        badge: Badge::word(word, tone),
        at: moment(3),
        attempts: 2,
        problem: "answered 404 Not Found".to_owned(),
    }
}

fn past_row(text: &str, word: &str, tone: Tone) -> PastRow {
    PastRow {
        at: moment(4),
        badge: Badge::word(word, tone),
        subject: Link::new("moons, task 7", paths::run(run(1), "")),
        text: text.to_owned(),
        rule: "diverged".to_owned(),
    }
}

fn fields() -> Vec<Field> {
    vec![
        Field::new("name", "Name", "").required(),
        Field::new("address", "Address", "").required(),
        Field::new("secret", "Secret", "").with(Input::Password),
    ]
}

fn rule(is_there: bool) -> RuleForm {
    let error = FieldError::new("condition", "column 15: `much` is not a number");
    let errors = [error];
    let condition = Field::new("condition", "Condition", "metric loss > much")
        .with(Input::Code { rows: 2 })
        .with_error_of(&errors);
    RuleForm {
        frame: frame("diverged", Section::Alerts).under("Alerts", paths::ALERTS),
        title: "diverged".to_owned(),
        action: paths::ALERT_RULES.to_owned(),
        verb: "Create rule",
        errors: Vec::new(),
        fields: vec![Field::new("name", "Name", HOSTILE).required(), condition],
        targets: vec![("ops".to_owned(), true), (HOSTILE.to_owned(), false)],
        mute: is_there.then(|| Mute {
            action: paths::alert_rule(rule_id(1), "/mute"),
            until: None,
            deletion: paths::alert_rule(rule_id(1), "/deletion"),
        }),
    }
}
