//! Checks of results.

use cupola_domain::{
    access::{Principal, Role},
    audit::{Finding, Place, Role as SideRole, Stage, Why},
    ids::{AuditId, Ids},
    metric::Point,
    objective::Direction,
};
use cupola_hub::verification::{
    Audit, AuditDetail, AuditPage, Claim, Curve, Filter, IN_ESCROW_MAX, Side, Sight, Standing,
    Status, Trust, Verification,
};

use super::{
    Sample,
    things::{HOSTILE, at, family, frame, run, task, worker},
};
use crate::ui::{
    answer::Fields,
    verification::{self, Read},
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("verification", &page(Role::Admin, 6)),
        Sample::new("verification-empty", &page(Role::Viewer, 0)),
        Sample::new("verification-off", &off()),
        Sample::new("verification-check", &check(1, true)),
        Sample::new("verification-check-waits", &check(0, false)),
    ]
}

fn principal(role: Role) -> Principal {
    Principal {
        token: Ids::new(9).next(at(0)),
        name: "ada".to_owned(),
        owner: "ada".to_owned(),
        role,
    }
}

fn id(n: u64) -> AuditId {
    Ids::new(70 + n).next(at(n))
}

fn claim(owner: &str, value: Option<f64>) -> Claim {
    Claim {
        owner: owner.to_owned(),
        worker: worker(2),
        class: "0123456789abcdef".to_owned(),
        digest: "0123456789abcdef".repeat(4),
        value,
    }
}

fn audit(n: u64) -> Audit {
    let finding = (n > 1).then(|| {
        let place = usize::try_from(n).unwrap_or(0) % Finding::ALL.len();
        Finding::ALL[place]
    });
    Audit {
        id: id(n),
        run: run(2),
        task: task(2),
        experiment: family(1),
        experiment_name: if n == 0 { HOSTILE } else { "campaign-1" }.to_owned(),
        task_number: 3,
        template: "char-lm".to_owned(),
        code_hash: "9f86d081".to_owned(),
        metric: "val_bpb".to_owned(),
        direction: Direction::Minimize,
        claim: claim(
            if n == 0 { HOSTILE } else { "eve" },
            (n != 3).then_some(1.25),
        ),
        why: Why::ALL[usize::try_from(n).unwrap_or(0) % Why::ALL.len()],
        asked_by: if n == 3 { HOSTILE } else { "" }.to_owned(),
        stage: match n {
            0 => Stage::Open,
            1 => Stage::AtWork,
            _ => Stage::Settled,
        },
        round: 1,
        is_for_referee: false,
        failures: 0,
        finding,
        note: if n > 1 {
            "it says val_bpb 1.25 and the referee's run 3.5"
        } else {
            ""
        }
        .to_owned(),
        tolerance: Some(1e-4),
        opened_at: at(n),
        settled_at: finding.map(|_| at(n + 9)),
    }
}

/// What stands of an owner on a worker's page.
pub(super) fn owner() -> verification::OwnerRow {
    verification::standing(&row(1))
}

fn row(n: u64) -> cupola_hub::verification::OwnerRow {
    let owner = if n == 0 { HOSTILE } else { "eve" };
    let class = |passed: u32, status: Status| {
        let trust = Trust {
            owner: owner.to_owned(),
            class: "0123456789abcdef".to_owned(),
            passed,
        };
        (trust, status)
    };
    cupola_hub::verification::OwnerRow {
        standing: Standing {
            owner: owner.to_owned(),
            frauds: 2,
            faults: 1,
            clean: 4,
            ban: (n == 0).then(|| "fraud".to_owned()),
            ban_note: HOSTILE.to_owned(),
            banned_by: if n == 0 { HOSTILE } else { "" }.to_owned(),
            banned_at: (n == 0).then(|| at(5)),
            disturbed_at: None,
        },
        classes: vec![class(12, Status::Trusted), class(3, Status::Probation)],
        in_escrow: if n == 0 { IN_ESCROW_MAX } else { 3 },
    }
}

fn page(role: Role, rows: u64) -> verification::Index {
    let rules = Verification {
        is_on: true,
        ..Verification::default()
    };
    page_by(&rules, role, rows)
}

fn off() -> verification::Index {
    page_by(&Verification::default(), Role::Operator, 0)
}

fn page_by(rules: &Verification, role: Role, rows: u64) -> verification::Index {
    let read = Read {
        page: AuditPage {
            audits: (0..rows).map(audit).collect(),
            has_more: rows > 0,
            open: (rows, rows),
            obstacle: if rows > 0 { HOSTILE } else { "" }.to_owned(),
            sight: Sight::of(role),
        },
        owners: (0..rows.min(2)).map(row).collect(),
    };
    let who = principal(role);
    let asking = (&who, &Fields::default(), [].as_slice());
    let frame = frame("Verification", verification::SECTION);
    verification::index(frame, &read, &Filter::default(), rules, asking)
}

fn side(round: u32, role: SideRole, place: Place) -> Side {
    let came = place == Place::Came;
    Side {
        audit: id(1),
        round,
        role,
        auditor: "referee".to_owned(),
        task: task(3),
        run: run(u64::from(round) + 3),
        claim: claim(HOSTILE, came.then_some(3.5)),
        finding: (came && role == SideRole::Peer).then_some(Finding::Valid),
        place,
        at: at(3),
    }
}

fn curve(n: u64, owner: &str) -> Curve {
    let point = |step: i64| Point {
        step,
        time_millis: step,
        value: 5.0 / (f64::from(i32::try_from(step).unwrap_or(1)) + 1.0),
    };
    Curve {
        run: run(n),
        owner: owner.to_owned(),
        points: (0..20).map(point).collect(),
    }
}

fn check(n: u64, is_rich: bool) -> verification::Show {
    let detail = AuditDetail {
        audit: audit(n + 1),
        sides: vec![
            side(
                0,
                SideRole::Peer,
                if is_rich { Place::Came } else { Place::Gone },
            ),
            side(
                1,
                SideRole::Referee,
                if is_rich { Place::Came } else { Place::Awaited },
            ),
        ],
        obstacle: if is_rich { "" } else { HOSTILE }.to_owned(),
        has_run: is_rich,
        curves: if is_rich {
            vec![curve(2, "eve"), curve(3, HOSTILE)]
        } else {
            Vec::new()
        },
        sight: if is_rich { Sight::Whole } else { Sight::Veiled },
    };
    verification::show(frame("Check", verification::SECTION), &detail)
}
