//! Checks on the wire.

use cupola_domain::audit::{Finding, Place};
use cupola_hub::verification::{
    Audit, AuditDetail, AuditPage, Claim, NO_RUN, OwnerRow, Proof, Side, Status, Verification,
};
use cupola_protocol::verification::{
    CheckBody, CheckDetailBody, CheckRunBody, ChecksBody, ClaimBody, ProofBody, StandingBody,
    TrustBody,
};

/// A page of checks.
pub fn checks(page: &AuditPage, rules: &Verification) -> ChecksBody {
    let last = page.audits.last().filter(|_| page.has_more);
    ChecksBody {
        items: page.audits.iter().map(check).collect(),
        next_before: last.map(|audit| audit.id.to_string()),
        open: page.open.0,
        at_work: page.open.1,
        obstacle: page.obstacle.clone(),
        profile: if rules.is_on {
            rules.profile.to_string()
        } else {
            String::new()
        },
        own: rules.own.clone(),
    }
}

/// A check.
pub fn check(audit: &Audit) -> CheckBody {
    CheckBody {
        id: audit.id.to_string(),
        run_id: audit.run.to_string(),
        task_id: audit.task.to_string(),
        experiment_id: audit.experiment.to_string(),
        experiment: audit.experiment_name.clone(),
        task_number: audit.task_number,
        template: audit.template.clone(),
        metric: audit.metric.clone(),
        claim: claim(&audit.claim),
        why: audit.why.to_string(),
        asked_by: audit.asked_by.clone(),
        stage: audit.stage.to_string(),
        round: audit.round + 1,
        finding: audit.finding.map(|finding| finding.to_string()),
        note: audit.note.clone(),
        tolerance: audit.tolerance,
        opened_at: audit.opened_at.into(),
        settled_at: audit.settled_at.map(Into::into),
    }
}

/// A check with its evidence.
pub fn check_detail(detail: &AuditDetail) -> CheckDetailBody {
    CheckDetailBody {
        check: check(&detail.audit),
        runs: detail.sides.iter().map(side).collect(),
        obstacle: detail.obstacle.clone(),
    }
}

/// What is known of a run's result.
pub fn proof(proof: Option<Proof>, audits: &[Audit]) -> ProofBody {
    ProofBody {
        proof: proof.map(|proof| proof.as_str().to_owned()),
        checks: audits.iter().map(check).collect(),
    }
}

fn side(side: &Side) -> CheckRunBody {
    CheckRunBody {
        round: side.round + 1,
        role: side.role.to_string(),
        run_id: named(side.run.to_string()),
        claim: match side.place {
            Place::Came => claim(&side.claim),
            Place::Awaited | Place::Gone => nobodys(),
        },
        finding: side.finding.map(Finding::as_str).map(str::to_owned),
        place: side.place.to_string(),
        at: side.at.into(),
    }
}

fn claim(of: &Claim) -> ClaimBody {
    ClaimBody {
        owner: of.owner.clone(),
        worker_id: named(of.worker.to_string()),
        class: of.class.clone(),
        digest: of.digest.clone(),
        value: of.value,
    }
}

/// Empty where nobody is meant.
fn named(id: String) -> String {
    if id == NO_RUN { String::new() } else { id }
}

fn nobodys() -> ClaimBody {
    ClaimBody {
        owner: String::new(),
        worker_id: String::new(),
        class: String::new(),
        digest: String::new(),
        value: None,
    }
}

/// What is known of an owner.
pub fn standing(row: &OwnerRow) -> StandingBody {
    let of = &row.standing;
    StandingBody {
        owner: of.owner.clone(),
        frauds: of.frauds,
        faults: of.faults,
        ban: of.ban.clone(),
        note: of.ban_note.clone(),
        by: of.banned_by.clone(),
        banned_at: of.banned_at.map(Into::into),
        in_escrow: row.in_escrow,
        classes: row
            .classes
            .iter()
            .map(|(trust, status)| TrustBody {
                class: trust.class.clone(),
                passed: trust.passed,
                status: word_of(*status).to_owned(),
            })
            .collect(),
    }
}

/// Where a class stands, in a word.
pub fn word_of(status: Status) -> &'static str {
    match status {
        Status::Probation => "probation",
        Status::Trusted => "trusted",
        Status::Banned(_) => "banned",
    }
}
