//! Credits on the wire.

use cupola_domain::{
    credits::Credits,
    ledger::{Balance, Entry},
};
use cupola_hub::ledger::{
    Earned, Economy, Leader, Overview, PersonRow, Receipt, Spent, Statement, Verified,
    WorkerEarnings,
};
use cupola_protocol::credits::{
    BriefBudgetBody, CreditsBody, EarnedBody, PersonBody, ReceiptBody, StatementBody, TransferBody,
    VerifiedBody, WorkerEarningsBody,
};

/// All credits at a glance, and what one has oneself.
pub fn credits(overview: &Overview, own: &Statement, economy: &Economy) -> CreditsBody {
    let held = overview.people.0.held.micros() + overview.briefs.0.held.micros();
    CreditsBody {
        transfers: overview.transfers,
        issued: overview.issued.exact(),
        people: overview.people.0.posted.exact(),
        people_count: overview.people.1,
        briefs: overview.briefs.0.posted.exact(),
        held: Credits::from_micros(held).exact(),
        escrow: overview.escrow.exact(),
        enforce: economy.enforce,
        credits_per_hour: economy.hourly.exact(),
        you: person(
            own.person.as_deref().unwrap_or_default(),
            own.balance,
            own.escrow,
        ),
    }
}

/// What a person has.
pub fn person_of_row(row: &PersonRow) -> PersonBody {
    person(&row.person, row.balance, row.escrow)
}

fn person(name: &str, balance: Balance, escrow: Credits) -> PersonBody {
    PersonBody {
        person: name.to_owned(),
        balance: balance.posted.exact(),
        held: balance.held.exact(),
        available: balance.available().exact(),
        escrow: escrow.exact(),
    }
}

/// What somebody has, with transfers.
pub fn statement(of: &Statement) -> StatementBody {
    let name = of.person.as_deref();
    StatementBody {
        you: name.map(|name| person(name, of.balance, of.escrow)),
        escrow: of.escrow.exact(),
        items: of.entries.iter().map(transfer).collect(),
        next_before: of.next_before,
    }
}

/// A transfer.
pub fn transfer(entry: &Entry) -> TransferBody {
    let transfer = &entry.transfer;
    TransferBody {
        number: entry.number,
        kind: transfer.kind.as_str().to_owned(),
        key: transfer.key.clone(),
        from: transfer.debit.to_string(),
        to: transfer.credit.to_string(),
        amount: transfer.amount.exact(),
        at: entry.at.into(),
        author: entry.author.clone(),
        note: entry.note.clone(),
        why: entry.why(),
        hash: entry.hash.clone(),
    }
}

/// A transfer with what its hash is over.
pub fn receipt(of: &Receipt) -> ReceiptBody {
    ReceiptBody {
        transfer: transfer(&of.entry),
        previous_hash: of.before.clone(),
        line: of.entry.line(),
    }
}

/// What somebody or a team earned.
pub fn leader(of: &Leader) -> EarnedBody {
    EarnedBody {
        name: of.name.clone(),
        runs: of.runs,
        amount: of.amount.exact(),
    }
}

/// What going through the ledger found.
pub fn verified(of: Verified) -> VerifiedBody {
    let sum = of.trial.posted;
    VerifiedBody {
        is_sound: of.is_sound(),
        transfers: of.transfers,
        head: of.head,
        accounts: of.accounts,
        sum_micros: i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }),
        problems: of.problems,
    }
}

/// What became of a brief's budget.
pub fn brief_budget(of: Option<&Spent>) -> BriefBudgetBody {
    let spent = of.cloned().unwrap_or_default();
    BriefBudgetBody {
        budget: of.map(|of| of.budget.exact()),
        spent: spent.spent.exact(),
        held: spent.held.exact(),
        refunded: spent.refunded.exact(),
        waiting: spent.waiting,
    }
}

/// What a worker earned.
pub fn worker_earnings(of: &WorkerEarnings) -> WorkerEarningsBody {
    WorkerEarningsBody {
        total: earned(&of.total),
        today: earned(&of.today),
        week: earned(&of.week),
    }
}

fn earned(of: &Earned) -> EarnedBody {
    EarnedBody {
        name: of.earner.clone(),
        runs: of.runs,
        amount: of.amount.exact(),
    }
}
