//! What the results of a check say together.

use cupola_domain::{
    audit::{Finding, Place, Role, Stage, Why},
    counts::State,
    repeats::Replay,
    run::{Failure, Outcome, Run, RunState},
};
use cupola_economy::verdict::{self, Judgement, Verdict};
use cupola_store::{
    Tx, ledger, tasks, verification as rows,
    verification::{Audit, Claim, Side},
};

use super::{
    Court,
    again::{failure_of, is_again, is_the_program_s},
    effects::Judged,
    known::{self, Tolerances, seen},
    opening::unpaid,
    tell,
};
use crate::HubError;

/// So often the referee's own run may fail; then nobody knows.
const FAILURES_MAX: u32 = 3;

impl Court {
    /// The run of a copy has come to its end.
    pub(super) fn take(&mut self, tx: &mut Tx, mut side: Side, run: &Run) -> Result<(), HubError> {
        let Some(mut audit) = rows::find(tx, side.audit)? else {
            return Ok(());
        };
        let is_believed = side.role != Role::Referee || self.is_of_own(tx, run.id)?;
        if is_again(&audit, &side) {
            return self.ran_again(tx, audit, (side, is_believed)).map(drop);
        }
        let weighed = match tasks::find(tx, run.task)? {
            Some(task) => known::weigh(tx, run, &task)?,
            None => None,
        };
        side.run = run.id;
        side.at = self.now;
        let Some((claim, Replay::Whole)) = weighed.filter(|_| is_believed) else {
            return self.gave_nothing(tx, audit, side, run);
        };
        side.claim = claim;
        side.place = Place::Came;
        rows::save_side(tx, &side)?;
        if !self.rules.is_own(&side.claim.owner) {
            ledger::save_held(tx, run.id, Some(audit.id))?;
        }
        match side.role {
            Role::Spot => self.spotted(tx, audit, side),
            Role::Referee => self.refereed(tx, audit, side),
            Role::Peer => self.compared(tx, &mut audit, side),
            Role::Known => Ok(()),
        }
    }

    /// The copy's run failed, or the clock ended it: somebody else is asked.
    fn gave_nothing(
        &mut self,
        tx: &mut Tx,
        mut audit: Audit,
        mut side: Side,
        run: &Run,
    ) -> Result<(), HubError> {
        side.place = Place::Gone;
        rows::save_side(tx, &side)?;
        let is_of_own = side.role == Role::Referee && self.is_of_own(tx, run.id)?;
        if run.state.word() == State::Completed && !is_of_own {
            unpaid(tx, run.id, self.now)?;
        }
        if side.role == Role::Spot {
            return self.settle(tx, &mut audit, Finding::Withdrawn, "its run gave nothing");
        }
        if is_of_own && is_own_fault(run) {
            audit.failures += 1;
        }
        if audit.failures >= FAILURES_MAX {
            return self.undecided(tx, &mut audit, is_program_s_fault(run));
        }
        audit.stage = Stage::Open;
        audit.round += 1;
        rows::save(tx, &audit)?;
        self.after.opened.push(audit.id);
        tell(tx, None);
        Ok(())
    }

    /// What fails on the hub's own machine is not believed of another one, and nobody is blamed. Where that one
    /// is too small or too slow, nobody knows.
    fn undecided(
        &mut self,
        tx: &mut Tx,
        audit: &mut Audit,
        is_program_s_fault: bool,
    ) -> Result<(), HubError> {
        let note = if is_program_s_fault {
            "the referee's run of it failed again and again"
        } else {
            "the referee's machine has not the time or the memory for it"
        };
        self.to_prove.insert(audit.experiment);
        self.settle(tx, audit, Finding::Undecided, note)?;
        for side in rows::list_sides(tx, audit.id)? {
            if side.role == Role::Peer && side.place == Place::Came {
                unpaid(tx, side.run, self.now)?;
            }
        }
        if !is_program_s_fault || self.rules.is_own(&audit.claim.owner) {
            return Ok(());
        }
        self.reject(tx, audit.run, note)?;
        self.run_again(tx, audit.run, audit.claim.clone(), note)
    }

    /// A peer's result is there: both agree, or the referee decides.
    fn compared(&mut self, tx: &mut Tx, audit: &mut Audit, side: Side) -> Result<(), HubError> {
        let both = [&audit.claim, &side.claim];
        let tolerances = tolerances(tx, audit, &both)?;
        let found = judge(audit, &both, None, &tolerances);
        audit.tolerance = Some(tolerances.of(&audit.claim.class, &side.claim.class).near);
        let Judgement::Settled(verdicts) = found else {
            audit.is_for_referee = true;
            audit.stage = Stage::Open;
            audit.round += 1;
            "two results contradict each other; the referee decides".clone_into(&mut audit.note);
            rows::save(tx, audit)?;
            self.after.opened.push(audit.id);
            tell(tx, None);
            return Ok(());
        };
        let judged = judged_of(audit, vec![side], &verdicts);
        self.conclude(tx, audit.clone(), judged, None)
    }

    /// The referee's result is there: each other is measured by it.
    fn refereed(&mut self, tx: &mut Tx, mut audit: Audit, truth: Side) -> Result<(), HubError> {
        let mut sides = rows::list_sides(tx, audit.id)?;
        sides.retain(|side| side.role == Role::Peer && side.place == Place::Came);
        if audit.why == Why::Doubt {
            sides.extend(who_agreed(tx, &audit)?);
        }
        let mut claims = vec![&audit.claim];
        claims.extend(sides.iter().map(|side| &side.claim));
        let mut all = claims.clone();
        all.push(&truth.claim);
        let tolerances = tolerances(tx, &audit, &all)?;
        let found = judge(&audit, &claims, Some(&truth.claim), &tolerances);
        let tolerance = tolerances.of(&audit.claim.class, &truth.claim.class).near;
        let Judgement::Settled(verdicts) = found else {
            return Ok(());
        };
        audit.tolerance = Some(tolerance);
        let judged = judged_of(&audit, sides, &verdicts);
        self.conclude(tx, audit, judged, Some(&truth.claim))
    }

    /// A newcomer's result is compared with the known answer.
    fn spotted(&mut self, tx: &mut Tx, mut audit: Audit, mut side: Side) -> Result<(), HubError> {
        let mut sides = rows::list_sides(tx, audit.id)?.into_iter();
        let Some(answer) = sides.find(|side| side.role == Role::Known) else {
            return Ok(());
        };
        audit.claim = side.claim.clone();
        audit.run = side.run;
        let tolerances = tolerances(tx, &audit, &[&audit.claim, &answer.claim])?;
        let found = judge(&audit, &[&audit.claim], Some(&answer.claim), &tolerances);
        let Judgement::Settled(verdicts) = found else {
            return Ok(());
        };
        audit.tolerance = Some(tolerances.of(&audit.claim.class, &answer.claim.class).near);
        side.finding = verdicts.first().copied().map(finding_of);
        rows::save_side(tx, &side)?;
        let judged = judged_of(&audit, Vec::new(), &verdicts);
        self.conclude(tx, audit, judged, Some(&answer.claim))
    }

    /// Settles a check, and does what follows for everybody who said something.
    fn conclude(
        &mut self,
        tx: &mut Tx,
        mut audit: Audit,
        judged: Vec<Judged>,
        truth: Option<&Claim>,
    ) -> Result<(), HubError> {
        let Some(finding) = judged.first().map(|subject| finding_of(subject.verdict)) else {
            return Ok(());
        };
        let note = in_words(&audit, finding, truth);
        self.settle(tx, &mut audit, finding, &note)?;
        for one in &judged {
            if let Some(side) = &one.side {
                let side = Side {
                    finding: Some(finding_of(one.verdict)),
                    ..side.clone()
                };
                rows::save_side(tx, &side)?;
            }
            if let Some(truth) = truth
                && one.verdict == Verdict::Valid
            {
                known::learn(tx, &audit.template, &one.claim, truth)?;
            }
        }
        for one in &judged {
            self.carry_out(tx, &audit, one)?;
        }
        if audit.why != Why::Spot {
            self.to_prove.insert(audit.experiment);
        }
        Ok(())
    }

    /// Writes that a check is over.
    pub(super) fn settle(
        &mut self,
        tx: &mut Tx,
        audit: &mut Audit,
        finding: Finding,
        note: &str,
    ) -> Result<(), HubError> {
        audit.stage = Stage::Settled;
        audit.finding = Some(finding);
        note.clone_into(&mut audit.note);
        audit.settled_at = Some(self.now);
        rows::save(tx, audit)?;
        ledger::save_held(tx, audit.run, None)?;
        for side in rows::list_sides(tx, audit.id)? {
            if side.place == Place::Came && side.role != Role::Known {
                ledger::save_held(tx, side.run, None)?;
            }
        }
        self.after.is_settled = true;
        tell(tx, Some(audit.experiment));
        Ok(())
    }
}

/// Those who found a doubted result right: if it is wrong, they said what is wrong, too.
fn who_agreed(tx: &mut Tx, audit: &Audit) -> Result<Vec<Side>, HubError> {
    let mut found = Vec::new();
    for before in rows::list_of_run(tx, audit.run)? {
        if before.id == audit.id || before.finding != Some(Finding::Valid) {
            continue;
        }
        let sides = rows::list_sides(tx, before.id)?.into_iter();
        found.extend(
            sides.filter(|side| side.role == Role::Peer && side.finding == Some(Finding::Valid)),
        );
    }
    Ok(found)
}

pub(super) fn finding_of(verdict: Verdict) -> Finding {
    match verdict {
        Verdict::Valid => Finding::Valid,
        Verdict::Noisy => Finding::Noisy,
        Verdict::WrongWorse => Finding::WrongWorse,
        Verdict::WrongBetter => Finding::WrongBetter,
    }
}

/// Whether the program failed, and not the machine or the network, or somebody's patience.
fn is_own_fault(run: &Run) -> bool {
    match &run.state {
        RunState::Finished {
            outcome: Outcome::Failed(failure),
            ..
        } => !failure.is_infrastructure() && !matches!(failure, Failure::Withdrawn),
        RunState::Finished { outcome, .. } => *outcome == Outcome::Completed,
        _ => false,
    }
}

/// Whether it would fail so on a larger machine, too.
fn is_program_s_fault(run: &Run) -> bool {
    failure_of(run).is_some_and(is_the_program_s)
}

fn judge(
    audit: &Audit,
    claims: &[&Claim],
    truth: Option<&Claim>,
    tolerances: &Tolerances,
) -> Judgement {
    let claims: Vec<_> = claims.iter().map(|claim| seen(claim)).collect();
    let truth = truth.map(seen);
    verdict::judge(&claims, truth.as_ref(), audit.direction, |one, other| {
        tolerances.of(one, other)
    })
}

fn tolerances(tx: &mut Tx, audit: &Audit, claims: &[&Claim]) -> Result<Tolerances, HubError> {
    let of = (audit.template.as_str(), audit.code_hash.as_str());
    Tolerances::between(tx, of, claims.iter().copied())
}

/// The result that is checked, then the others, each with its verdict.
fn judged_of(audit: &Audit, sides: Vec<Side>, verdicts: &[Verdict]) -> Vec<Judged> {
    let subject = (audit.run, audit.claim.clone(), None);
    let others = sides
        .into_iter()
        .map(|side| (side.run, side.claim.clone(), Some(side)));
    let all = std::iter::once(subject).chain(others).zip(verdicts);
    let judged = |((run, claim, side), verdict): ((_, Claim, Option<Side>), &Verdict)| Judged {
        run,
        claim,
        side,
        verdict: *verdict,
    };
    all.map(judged).collect()
}

/// What was found, for people.
fn in_words(audit: &Audit, finding: Finding, truth: Option<&Claim>) -> String {
    let said = |claim: &Claim| {
        let value = claim
            .value
            .map_or_else(|| "nothing finite".to_owned(), |value| value.to_string());
        format!("{} {value}", audit.metric)
    };
    let Some(truth) = truth else {
        return "a second run says the same".to_owned();
    };
    let claimed = said(&audit.claim);
    match finding {
        Finding::Valid => "the referee's run says the same".to_owned(),
        _ if audit.claim.value == truth.value => {
            format!("the referee's run gives {claimed}, too, and other bits")
        }
        _ => format!("it says {claimed} and the referee's run {}", said(truth)),
    }
}
