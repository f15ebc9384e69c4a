//! What must hold, looked at by bookkeeping that shares nothing with the hub's.

use cupola_domain::{
    credits::Credits,
    ledger::{Stage, Trial},
};

use crate::{policy::Wait, verdict::Verdict};

/// So many are told in words.
const TOLD_MAX: usize = 20;

/// An auditor as it is chosen.
pub(super) struct Chosen {
    pub task: u32,
    pub is_committed: bool,
    pub is_same_owner: bool,
    pub is_trusted: bool,
}

/// What one run was paid, by the checks' own book.
#[derive(Clone, Copy)]
struct Paid {
    owner: u32,
    amount: i64,
    results: u64,
    at: u64,
}

#[derive(Clone, Default)]
struct OwnerSeen {
    is_banned: bool,
    results: u64,
    escrow: i64,
    calm_results: u64,
    calm_since: u64,
}

/// The invariants.
pub(super) struct Checks {
    pub violations: u64,
    pub broken: Vec<String>,
    wait: Wait,
    is_accepted: Vec<bool>,
    epochs: Vec<u32>,
    leases: Vec<u32>,
    owners: Vec<OwnerSeen>,
    paid: Vec<Option<Paid>>,
}

impl Checks {
    pub(super) fn new(tasks: u32, wait: Wait) -> Self {
        Self {
            violations: 0,
            broken: Vec::new(),
            wait,
            is_accepted: vec![false; tasks as usize],
            epochs: vec![0; tasks as usize],
            leases: Vec::new(),
            owners: Vec::new(),
            paid: Vec::new(),
        }
    }

    pub(super) fn owner_joined(&mut self) {
        self.owners.push(OwnerSeen::default());
    }

    pub(super) fn worker_joined(&mut self) {
        self.leases.push(0);
    }

    /// A lease was given: a new epoch, room for it, no replica of the same owner, to nobody banned.
    pub(super) fn leased(&mut self, (task, epoch): (u32, u32), worker: u32, slots: u8) {
        let before = std::mem::replace(&mut self.epochs[task as usize], epoch);
        self.must(epoch > before, || {
            format!("task {task}: epoch {epoch} after {before}")
        });
        let live = &mut self.leases[worker as usize];
        *live += 1;
        let live = *live;
        self.must(live <= u32::from(slots), || {
            format!("worker {worker} has {live} leases and {slots} slots")
        });
    }

    pub(super) fn lease_ended(&mut self, worker: u32) {
        let live = &mut self.leases[worker as usize];
        let was = *live;
        *live = was.saturating_sub(1);
        self.must(was > 0, || {
            format!("worker {worker} ends a lease it has not")
        });
    }

    pub(super) fn replicated(&mut self, task: u32, owner: u32, is_new_owner: bool) {
        self.must(is_new_owner, || {
            format!("task {task}: two replicas to owner {owner}")
        });
        let is_banned = self.owners[owner as usize].is_banned;
        self.must(!is_banned, || {
            format!("task {task}: leased to owner {owner}, who is banned")
        });
    }

    pub(super) fn reserved(&mut self, task: u32, reserved: Credits, price: Credits) {
        self.must(reserved == price, || {
            format!(
                "task {task}: {} reserved at a price of {}",
                reserved.micros(),
                price.micros()
            )
        });
    }

    /// A result was taken as that of a run: it must be from whom the run is.
    pub(super) fn result_taken(&mut self, task: u32, said: (u32, u32), held: (u32, u32)) {
        self.must(said == held, || {
            format!("task {task}: the result of {said:?} was taken for that of {held:?}")
        });
    }

    pub(super) fn result_counted(&mut self, owner: u32) {
        self.owners[owner as usize].results += 1;
    }

    pub(super) fn auditor_chosen(&mut self, chosen: &Chosen) {
        let Chosen { task, .. } = *chosen;
        self.must(chosen.is_committed, || {
            format!("task {task}: the auditor was chosen before the result was there")
        });
        self.must(!chosen.is_same_owner, || {
            format!("task {task}: the auditor is of the same owner")
        });
        self.must(chosen.is_trusted, || {
            format!("task {task}: the auditor is not trusted itself")
        });
    }

    /// Trust begins anew after what was wrong, and with it the wait of what is in escrow.
    pub(super) fn judged(&mut self, owner: u32, verdict: Verdict, passed: u32, now: u64) {
        if !matches!(verdict, Verdict::WrongWorse | Verdict::WrongBetter) {
            return;
        }
        let seen = &mut self.owners[owner as usize];
        seen.calm_since = now;
        seen.calm_results = seen.results;
        self.must(passed == 0, || {
            format!("owner {owner}: {passed} checks passed right after one that failed")
        });
    }

    pub(super) fn accepted(&mut self, task: u32) {
        let was = std::mem::replace(&mut self.is_accepted[task as usize], true);
        self.must(!was, || format!("task {task} was accepted twice"));
    }

    pub(super) fn revoked(&mut self, task: u32) {
        self.is_accepted[task as usize] = false;
    }

    pub(super) fn called_best(&mut self, task: u32, is_verified: bool) {
        self.must(is_verified, || {
            format!("task {task}: an unverified result was called best")
        });
    }

    /// A run was given its price, for the first time and not after a ban.
    pub(super) fn posted(&mut self, key: u64, owner: u32, amount: Credits, now: u64) {
        let at = usize::try_from(key).unwrap_or(usize::MAX);
        if self.paid.len() <= at {
            self.paid.resize(at + 1, None);
        }
        let seen = &mut self.owners[owner as usize];
        seen.escrow += amount.micros();
        let (is_banned, results) = (seen.is_banned, seen.results);
        let paid = Paid {
            owner,
            amount: amount.micros(),
            results,
            at: now,
        };
        let before = self.paid[at].replace(paid);
        self.must(before.is_none(), || format!("run {key} was paid twice"));
        self.must(!is_banned, || {
            format!("run {key}: paid to owner {owner}, who is banned")
        });
    }

    /// Credits left escrow for their owner. `is_farewell`: confirmed ones of somebody whose machine is
    /// too often wrong, just before the ban.
    pub(super) fn released(&mut self, key: u64, is_farewell: bool, now: u64) {
        let Some(paid) = self.settled(key) else {
            return;
        };
        let seen = &self.owners[paid.owner as usize];
        let later = seen.results - paid.results.max(seen.calm_results);
        let waited = now - paid.at.max(seen.calm_since);
        let is_over = self
            .wait
            .is_over(later, std::time::Duration::from_millis(waited));
        let is_banned = seen.is_banned;
        self.must(is_over || is_farewell, || {
            format!("run {key}: released after {later} results and {waited} ms")
        });
        self.must(!is_banned, || {
            format!("run {key}: released to owner {}, who is banned", paid.owner)
        });
    }

    pub(super) fn clawed_back(&mut self, key: u64) {
        self.settled(key);
    }

    /// A run ended without being paid: nothing of it may stay reserved.
    pub(super) fn ended_unpaid(&mut self, key: u64, stage: Option<Stage>) {
        self.must(stage == Some(Stage::Voided), || {
            format!("run {key}: ended, and its credits are {stage:?}")
        });
    }

    pub(super) fn banned(&mut self, owner: u32) {
        self.owners[owner as usize].is_banned = true;
    }

    /// After a ban nothing is left of the owner.
    pub(super) fn after_ban(&mut self, owner: u32, leases: usize, held: usize) {
        self.must(leases == 0, || {
            format!("owner {owner} is banned and has {leases} leases")
        });
        self.must(held == 0, || {
            format!("owner {owner} is banned and has {held} earnings in escrow")
        });
    }

    /// The ledger, the hub's escrow and the checks' own book say the same.
    pub(super) fn escrow_is(&mut self, owner: u32, ledger: Credits) {
        let own = self.owners[owner as usize].escrow;
        let ledger = ledger.micros();
        self.must(own == ledger && ledger >= 0, || {
            format!("owner {owner}: the ledger has {ledger} in escrow, {own} is right")
        });
    }

    pub(super) fn trial(&mut self, trial: &Trial) {
        self.must(trial.is_balanced(), || format!("out of balance: {trial:?}"));
    }

    /// At the end every task is accepted or failed and nothing is held any more.
    pub(super) fn ended(&mut self, trial: &Trial, failed: u64) {
        self.trial(trial);
        let accepted = self.is_accepted.iter().filter(|is| **is).count() as u64;
        let tasks = self.is_accepted.len() as u64;
        self.must(accepted + failed == tasks, || {
            format!("{accepted} of {tasks} tasks are accepted and {failed} failed at the end")
        });
        self.must(trial.held == 0 && trial.escrow == 0, || {
            format!("something is held at the end: {trial:?}")
        });
    }

    pub(super) fn must(&mut self, holds: bool, say: impl FnOnce() -> String) {
        if holds {
            return;
        }
        self.violations += 1;
        if self.broken.len() < TOLD_MAX {
            self.broken.push(say());
        }
    }

    fn settled(&mut self, key: u64) -> Option<Paid> {
        let at = usize::try_from(key).ok()?;
        let paid = self.paid.get(at).copied().flatten();
        self.must(paid.is_some(), || {
            format!("run {key}: moved before it was paid")
        });
        let paid = paid?;
        self.owners[paid.owner as usize].escrow -= paid.amount;
        Some(paid)
    }
}
