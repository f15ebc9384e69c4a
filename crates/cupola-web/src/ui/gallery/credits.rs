//! Credits.

use cupola_domain::{
    access::{Principal, Role},
    credits::Credits,
    ids::{BriefId, Ids},
    ledger::{Account, Balance, Entry, Kind, Transfer},
};
use cupola_hub::ledger::{Economy, Leader, Overview, PersonRow, Spent, Statement, StatementQuery};

use super::{
    Sample,
    things::{HOSTILE, at, brief, family, frame},
};
use crate::ui::{
    answer::Fields,
    components::Field,
    credits::{self, BriefBudget, Read, Shown},
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("credits", &page(true, 3)),
        Sample::new("credits-empty", &page(false, 0)),
        Sample::new("credits-history", &history(Some("ada"), 50)),
        Sample::new("credits-history-all", &history(None, 3)),
        Sample::new("credits-history-hostile", &history(Some(HOSTILE), 2)),
    ]
}

fn whole(credits: i64) -> Credits {
    Credits::from_micros(credits * 1_000_000)
}

fn balance(posted: i64, held: i64) -> Balance {
    Balance {
        posted: whole(posted),
        held: whole(held),
    }
}

fn page(is_operator: bool, rows: i64) -> credits::Index {
    let leader = |n: i64| Leader {
        name: ["ada", HOSTILE, ""][usize::try_from(n % 3).unwrap_or(0)].to_owned(),
        runs: n.unsigned_abs() * 40,
        amount: whole(1_200 - n * 300),
    };
    let person = |n: i64| PersonRow {
        person: if n == 0 {
            HOSTILE.to_owned()
        } else {
            format!("person {n}")
        },
        balance: balance(9_000 - n * 4_500, n),
        escrow: whole(100 * n),
    };
    let read = Read {
        overview: Overview {
            transfers: 1_234,
            issued: whole(30_000),
            people: (balance(27_000, 20), 3),
            briefs: (balance(2_900, 60), 2),
            escrow: whole(100),
        },
        own: statement(Some("ada"), rows),
        leaders: (0..rows).map(leader).collect(),
        people: is_operator.then(|| (0..rows).map(person).collect()),
    };
    let shown = Shown {
        days: Some(30),
        by_team: false,
    };
    let form = is_operator.then(|| vec![Field::new("from", "From", "issued").required()]);
    let frame = frame("Credits", credits::SECTION);
    credits::index(frame, &read, shown, &Economy::default(), form)
}

fn statement(person: Option<&str>, rows: i64) -> Statement {
    Statement {
        person: person.map(str::to_owned),
        balance: balance(9_000, 20),
        escrow: whole(100),
        entries: (0..rows).map(entry).collect(),
        next_before: (rows > 2).then_some(7),
    }
}

fn entry(n: i64) -> Entry {
    let kind = Kind::ALL[usize::try_from(n).unwrap_or(0) % Kind::ALL.len()];
    Entry {
        number: 100 - n,
        transfer: Transfer {
            kind,
            key: n.to_string(),
            debit: match n % 3 {
                0 => Account::Issued,
                1 => Account::Person("ada".to_owned()),
                _ => Account::Brief(brief(1).to_string()),
            },
            credit: match n % 2 {
                0 => Account::Person(HOSTILE.to_owned()),
                _ => Account::Escrow("ada".to_owned()),
            },
            amount: whole(n * 10 + 1),
        },
        at: at(n.unsigned_abs()),
        author: if n == 0 { HOSTILE } else { "" }.to_owned(),
        note: if n == 0 { HOSTILE } else { "" }.to_owned(),
        hash: "0123456789abcdef".repeat(4),
    }
}

fn history(person: Option<&str>, rows: i64) -> credits::HistoryPage {
    let query = StatementQuery {
        person: person.map(str::to_owned),
        kind: person.map(|_| Kind::Grant),
        before: Some(101),
        limit: 50,
    };
    let frame = frame("Transfers", credits::SECTION);
    credits::history(frame, &statement(person, rows), &query)
}

/// What stands of a budget on a brief's page.
pub(super) fn budget(id: BriefId, is_hostile: bool) -> Option<BriefBudget> {
    let spent = Spent {
        budget: whole(1_000),
        spent: whole(640),
        held: whole(40),
        refunded: Credits::default(),
        waiting: if is_hostile { HOSTILE } else { "" }.to_owned(),
    };
    let who = Principal {
        token: Ids::new(9).next(at(0)),
        name: "ada".to_owned(),
        owner: "ada".to_owned(),
        role: Role::Researcher,
    };
    let none = (&Fields::default(), [].as_slice());
    credits::brief_budget((id, family(1)), Some(&spent), none, &who)
}
