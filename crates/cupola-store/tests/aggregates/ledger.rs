//! The ledger as rows: written once, and never below what it may be.

use cupola_domain::{
    access::{Belonging, Role, Token},
    credits::Credits,
    ids::{Ids, RunId, WorkerId},
    ledger::{Account, Balance, Earning, Entry, Kind, Stage, Transfer},
};
use cupola_store::{
    Store, StoreError, Tx,
    ledger::{self, History, Kept},
    tokens,
};
use cupola_testkit::{Database, on_each_database};

use crate::rows::at;

on_each_database! {
    a_transfer_reads_back_and_stays_as_it_is,
    a_key_is_written_once,
    a_brief_and_escrow_are_never_below_zero,
    a_history_is_walked_back_by_account_and_kind,
    an_earning_moves_from_where_it_was,
    what_all_have_together_is_told_however_much_it_is,
    everybody_who_has_a_token_is_listed,
}

fn entry(number: i64, kind: Kind, key: &str, (from, to): (&str, &str)) -> Entry {
    Entry {
        number,
        transfer: Transfer {
            kind,
            key: key.to_owned(),
            debit: from.parse().unwrap(),
            credit: to.parse().unwrap(),
            amount: Credits::from_micros(7),
        },
        at: at(number),
        author: "ada".to_owned(),
        note: "why".to_owned(),
        hash: format!("hash {number}"),
    }
}

fn write(store: &Store, entries: &[Entry]) {
    let entries = entries.to_vec();
    let insert = move |tx: &mut Tx| {
        entries
            .iter()
            .try_for_each(|entry| ledger::insert(tx, entry))
    };
    store.write(insert).unwrap();
}

fn a_transfer_reads_back_and_stays_as_it_is(database: &Database) {
    let store = database.open();
    let first = entry(1, Kind::Grant, "k", ("issued", "person:a"));
    write(&store, std::slice::from_ref(&first));
    for statement in [
        "UPDATE ledger_transfer SET amount_micros = 8",
        "DELETE FROM ledger_transfer",
    ] {
        let refused = store.write(move |tx| tx.execute(statement, &[]));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("a transfer is never"), "{refused}");
    }
    let head = store.read(ledger::find_head).unwrap();
    assert_eq!(head, Some((1, "hash 1".to_owned())));
    let found = store.read(|tx| ledger::find(tx, Kind::Grant, "k")).unwrap();
    assert_eq!(found, Some(first));
}

fn a_key_is_written_once(database: &Database) {
    let store = database.open();
    write(
        &store,
        &[entry(1, Kind::Post, "r", ("person:a", "escrow:b"))],
    );
    let again = entry(2, Kind::Post, "r", ("person:a", "escrow:b"));
    let refused = store.write(move |tx| ledger::insert(tx, &again));
    assert!(
        matches!(refused, Err(StoreError::Constraint { .. })),
        "{refused:?}"
    );
    write(
        &store,
        &[entry(2, Kind::Release, "r", ("escrow:b", "person:b"))],
    );
    let steps = store.read(|tx| ledger::list_of_run(tx, "r")).unwrap();
    assert_eq!(steps.len(), 2);
}

fn a_brief_and_escrow_are_never_below_zero(database: &Database) {
    let store = database.open();
    let save = |account: &str, posted: i64, held: i64| {
        let account: Account = account.parse().unwrap();
        let balance = Balance {
            posted: Credits::from_micros(posted),
            held: Credits::from_micros(held),
        };
        store.write(move |tx| ledger::save_balance(tx, &account, balance))
    };
    for (account, posted, held, is_taken) in [
        ("person:a", -5, 0, true),
        ("issued", -5, 0, true),
        ("brief:b", 5, 5, true),
        ("brief:b", 5, 6, false),
        ("brief:b", -1, 0, false),
        ("escrow:a", -1, 0, false),
        ("person:a", 5, -1, false),
    ] {
        let saved = save(account, posted, held);
        assert_eq!(
            saved.is_ok(),
            is_taken,
            "{account} {posted} {held}: {saved:?}"
        );
    }
    let (people, count) = store.read(|tx| ledger::total(tx, "person:")).unwrap();
    assert_eq!((people.posted.micros(), count), (-5, 1));
}

fn a_history_is_walked_back_by_account_and_kind(database: &Database) {
    let store = database.open();
    write(
        &store,
        &[
            entry(1, Kind::Grant, "g", ("issued", "person:a")),
            entry(2, Kind::Grant, "h", ("issued", "person:b")),
            entry(3, Kind::Post, "r", ("person:b", "escrow:a")),
            entry(4, Kind::Release, "r", ("escrow:a", "person:a")),
        ],
    );
    let check = |of: Option<&str>, kind: Option<Kind>, before: Option<i64>, expected: &[i64]| {
        let name = of.map(str::to_owned);
        let wanted = History {
            accounts: name.map(|name| (Account::Person(name.clone()), Account::Escrow(name))),
            kind,
            before,
        };
        let found = store.read(move |tx| ledger::list(tx, &wanted, 2)).unwrap();
        let numbers: Vec<i64> = found.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, expected, "{of:?} {kind:?} {before:?}");
    };
    check(None, None, None, &[4, 3]);
    check(None, None, Some(3), &[2, 1]);
    check(None, Some(Kind::Grant), None, &[2, 1]);
    check(Some("a"), None, None, &[4, 3]);
    check(Some("a"), None, Some(3), &[1]);
    check(Some("b"), None, None, &[3, 2]);
    check(Some("c"), None, None, &[]);
}

fn an_earning_moves_from_where_it_was(database: &Database) {
    let store = database.open();
    let mut ids = Ids::new(1);
    let kept = Kept {
        run: ids.next::<RunId>(at(0)),
        worker: ids.next::<WorkerId>(at(0)),
        earning: Earning {
            payer: "brief:b".parse().unwrap(),
            earner: "a".to_owned(),
            amount: Credits::from_micros(3),
            stage: Stage::Reserved,
        },
        since: at(0),
    };
    let (run, saved) = (kept.run, kept.clone());
    store
        .write(move |tx| ledger::insert_earning(tx, &saved))
        .unwrap();
    let step = |was, is| store.write(move |tx| ledger::save_moved(tx, run, (was, is), at(1)));
    step(Stage::Reserved, Stage::Posted).unwrap();
    assert!(step(Stage::Reserved, Stage::Voided).is_err());
    let found = store.read(move |tx| ledger::find_earning(tx, run)).unwrap();
    let found = found.unwrap();
    assert_eq!((found.earning.stage, found.since), (Stage::Posted, at(1)));
    let earners = store.read(ledger::list_earners).unwrap();
    assert_eq!(earners, ["a"]);
    let open = store.read(|tx| ledger::list_open(tx, "", 9)).unwrap();
    assert_eq!(open, [found]);
    step(Stage::Posted, Stage::Released).unwrap();
    let open = store.read(|tx| ledger::list_open(tx, "", 9)).unwrap();
    assert_eq!(open, []);
}

fn what_all_have_together_is_told_however_much_it_is(database: &Database) {
    let store = database.open();
    let check = |name: &str, posted: i64, expected: i64| {
        let account: Account = format!("person:{name}").parse().unwrap();
        let balance = Balance {
            posted: Credits::from_micros(posted),
            held: Credits::default(),
        };
        store
            .write(move |tx| ledger::save_balance(tx, &account, balance))
            .unwrap();
        let (people, _) = store.read(|tx| ledger::total(tx, "person:")).unwrap();
        assert_eq!(people.posted.micros(), expected, "{name}");
    };
    check("a", -1_500_001, -1_500_001);
    check("b", 3, -1_499_998);
    check("c", i64::MIN, i64::MIN);
    check("d", i64::MIN, i64::MIN);
    check("a", i64::MAX, i64::MIN + 2);
    check("d", i64::MAX, i64::MAX);
}

fn everybody_who_has_a_token_is_listed(database: &Database) {
    let store = database.open();
    let mut ids = Ids::new(1);
    let mut tokens = Vec::new();
    for number in 0..1_102_u32 {
        tokens.push(Token {
            id: ids.next(at(i64::from(number))),
            name: format!("token {number}"),
            role: if number < 100 {
                Role::Worker
            } else {
                Role::Viewer
            },
            prefix: String::new(),
            created_at: at(0),
            expires_at: None,
            revoked_at: (number == 100).then(|| at(1)),
            belonging: Belonging::default(),
        });
    }
    let written = tokens.clone();
    store
        .write(move |tx| {
            let mut numbered = written.iter().enumerate();
            numbered.try_for_each(|(n, token)| tokens::insert(tx, token, &n.to_string()))
        })
        .unwrap();
    let found = store.read(tokens::list_of_people).unwrap();
    assert_eq!(found.len(), 1_001);
    assert_eq!(found, tokens[101..]);
}
