//! From the ledger to what pages show of it.

use cupola_domain::{
    access::{Principal, Role},
    credits::Credits,
    field::FieldError,
    ids::{BriefId, ExperimentId},
    ledger::{Account, Entry, Kind},
};
use cupola_hub::ledger::{
    Economy, Leader, Overview, PersonRow as Has, Spent, Statement, StatementQuery,
};

use super::{
    BriefBudget, HistoryPage, Index, LeaderRow, PersonRow, SECTION, TransferRow, Transfers, View,
};
use crate::ui::{
    answer::Fields,
    components::{Badge, EmptyState, Field, Input, Link, Progress, Tone},
    costs::Card,
    format,
    frame::Frame,
    listing, paths,
    present::may,
};

/// The times that can be chosen, in days.
const TIMES: [(Option<u32>, &str); 3] = [(Some(7), "7 days"), (Some(30), "30 days"), (None, "all")];

/// What is asked of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) struct Shown {
    /// Of so many last days; of all where none.
    pub(in crate::ui) days: Option<u32>,
    /// By team, not by person.
    pub(in crate::ui) by_team: bool,
}

/// What the page is made of.
#[derive(Debug, Clone)]
pub(in crate::ui) struct Read {
    pub(in crate::ui) overview: Overview,
    pub(in crate::ui) own: Statement,
    pub(in crate::ui) leaders: Vec<Leader>,
    pub(in crate::ui) people: Option<Vec<Has>>,
}

/// The page.
pub(in crate::ui) fn index(
    frame: Frame,
    read: &Read,
    shown: Shown,
    economy: &Economy,
    form: Option<Vec<Field>>,
) -> Index {
    let time = |(days, label): (Option<u32>, &str)| {
        chosen(label, days == shown.days, Shown { days, ..shown })
    };
    let kind = |(by_team, label): (bool, &str)| {
        chosen(label, by_team == shown.by_team, Shown { by_team, ..shown })
    };
    Index {
        frame,
        view: view(read, shown, economy),
        times: TIMES.map(time).into(),
        kinds: [(false, "people"), (true, "teams")].map(kind).into(),
        form,
    }
}

/// Without an address where it is chosen already.
fn chosen(label: &str, is_chosen: bool, asked: Shown) -> Link {
    let href = if is_chosen {
        String::new()
    } else {
        address(paths::CREDITS, asked)
    };
    Link::new(label, href)
}

fn address(path: &str, shown: Shown) -> String {
    let days = shown
        .days
        .map_or_else(|| "all".to_owned(), |days| days.to_string());
    let by = if shown.by_team { "team" } else { "owner" };
    let asked = listing::query(&[("by", by), ("days", &days)]);
    format!("{path}?{asked}")
}

pub(super) fn view(read: &Read, shown: Shown, economy: &Economy) -> View {
    let leader = |(at, of): (usize, &Leader)| LeaderRow {
        place: at + 1,
        name: match of.name.as_str() {
            "" => "no team".to_owned(),
            name => name.to_owned(),
        },
        runs: format::count(of.runs),
        amount: of.amount.to_string(),
    };
    let person = read.own.person.clone().unwrap_or_default();
    let older = read.own.next_before.map(|_| {
        let query = StatementQuery {
            person: Some(person.clone()),
            ..StatementQuery::default()
        };
        Link::new("All of them", history_address(&query))
    });
    View {
        src: address(paths::CREDITS_VIEW, shown),
        cards: cards(read),
        remark: remark(economy),
        by: if shown.by_team { "Team" } else { "Person" },
        leaders: read.leaders.iter().enumerate().map(leader).collect(),
        latest: transfers("Your latest transfers", &read.own, older),
        people: read.people.as_deref().map(people),
    }
}

fn cards(read: &Read) -> Vec<Card> {
    let (own, all) = (&read.own, &read.overview);
    let held = |held: Credits| format!("{held} held for runs");
    let people = format::counted(all.people.1, "person", "people");
    vec![
        Card {
            label: "You have",
            value: own.balance.available().to_string(),
            detail: held(own.balance.held),
        },
        Card {
            label: "In escrow",
            value: own.escrow.to_string(),
            detail: "earned, not given yet".to_owned(),
        },
        Card {
            label: "Briefs have",
            value: all.briefs.0.available().to_string(),
            detail: held(all.briefs.0.held),
        },
        Card {
            label: "Issued",
            value: all.issued.to_string(),
            detail: format!("to {people}, in {} transfers", all.transfers),
        },
    ]
}

fn remark(economy: &Economy) -> String {
    let hourly = economy.hourly;
    let debt = if economy.enforce {
        "Nobody can spend more than they have."
    } else {
        "People may owe credits; a brief never spends more than its budget."
    };
    format!("An hour of the reference machine, one core with 4 GiB, costs {hourly} credits. {debt}")
}

fn people(rows: &[Has]) -> Vec<PersonRow> {
    let row = |row: &Has| {
        let query = StatementQuery {
            person: Some(row.person.clone()),
            ..StatementQuery::default()
        };
        PersonRow {
            name: Link::new(&row.person, history_address(&query)),
            balance: row.balance.posted.to_string(),
            held: row.balance.held.to_string(),
            available: row.balance.available().to_string(),
            escrow: row.escrow.to_string(),
        }
    };
    rows.iter().map(row).collect()
}

fn transfers(caption: &str, statement: &Statement, older: Option<Link>) -> Transfers {
    let person = statement.person.as_deref();
    let rows = statement.entries.iter().map(|entry| row(entry, person));
    let rows: Vec<TransferRow> = rows.collect();
    let empty = || EmptyState::new("No transfers", "What is earned and spent stands here.");
    Transfers {
        caption: caption.to_owned(),
        empty: rows.is_empty().then(empty),
        rows,
        older,
    }
}

fn row(entry: &Entry, person: Option<&str>) -> TransferRow {
    let transfer = &entry.transfer;
    let is_of = |account: &Account| match account {
        Account::Person(name) | Account::Escrow(name) => Some(name.as_str()) == person,
        Account::Issued | Account::Brief(_) => false,
    };
    let sign = match (is_of(&transfer.debit), is_of(&transfer.credit)) {
        (true, false) => "−",
        (false, true) => "+",
        _ => "",
    };
    let words = [entry.why(), entry.author.clone()].into_iter();
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    TransferRow {
        number: entry.number.to_string(),
        at: entry.at.into(),
        badge: Badge::word(transfer.kind.as_str(), tone(transfer.kind)),
        from: account(&transfer.debit),
        to: account(&transfer.credit),
        amount: format!("{sign}{}", transfer.amount),
        note: words.join(", by "),
        receipt: entry.hash.chars().take(12).collect(),
    }
}

fn tone(kind: Kind) -> Tone {
    match kind {
        Kind::Grant | Kind::Post | Kind::Release => Tone::Good,
        Kind::Clawback | Kind::Correction => Tone::Warning,
        Kind::Fund | Kind::Reserve | Kind::Void | Kind::Refund => Tone::Quiet,
    }
}

/// The tail of a brief's id is what pages show of it.
fn account(account: &Account) -> String {
    match account {
        Account::Brief(id) => {
            let tail = id.rsplit('-').next().unwrap_or(id);
            format!("brief {tail}")
        }
        Account::Person(name) => name.clone(),
        Account::Escrow(name) => format!("{name}, in escrow"),
        Account::Issued => "issued".to_owned(),
    }
}

fn history_address(query: &StatementQuery) -> String {
    let before = query.before.map(|before| before.to_string());
    let asked = [
        ("person", query.person.as_deref().unwrap_or_default()),
        ("kind", query.kind.map_or("", Kind::as_str)),
        ("before", before.as_deref().unwrap_or_default()),
    ];
    format!("{}?{}", paths::CREDITS_HISTORY, listing::query(&asked))
}

/// The page of a history. Without a person it is everybody's.
pub(in crate::ui) fn history(
    frame: Frame,
    statement: &Statement,
    query: &StatementQuery,
) -> HistoryPage {
    let kind = |kind: Option<Kind>| {
        let asked = StatementQuery {
            kind,
            before: None,
            ..query.clone()
        };
        let href = if kind == query.kind {
            String::new()
        } else {
            history_address(&asked)
        };
        Link::new(kind.map_or("all", Kind::as_str), href)
    };
    let older = statement.next_before.map(|before| {
        let asked = StatementQuery {
            before: Some(before),
            ..query.clone()
        };
        Link::new("Older", history_address(&asked))
    });
    let latest = StatementQuery {
        before: None,
        ..query.clone()
    };
    let title = match &statement.person {
        Some(person) => format!("Credits of {person}"),
        None => "All transfers".to_owned(),
    };
    HistoryPage {
        frame: frame.under("Credits", paths::CREDITS),
        title,
        cards: statement
            .person
            .iter()
            .flat_map(|_| own(statement))
            .collect(),
        kinds: std::iter::once(None)
            .chain(Kind::ALL.map(Some))
            .map(kind)
            .collect(),
        latest: query
            .before
            .map(|_| Link::new("Latest", history_address(&latest))),
        transfers: transfers("Transfers, the latest first", statement, older),
    }
}

fn own(statement: &Statement) -> Vec<Card> {
    let card = |label, value: Credits| Card {
        label,
        value: value.to_string(),
        detail: String::new(),
    };
    vec![
        card("Balance", statement.balance.posted),
        card("Held for runs", statement.balance.held),
        card("Can be spent", statement.balance.available()),
        card("In escrow", statement.escrow),
    ]
}

/// What an operator is asked who moves credits; none for who may not.
pub(super) fn form(fields: &Fields, errors: &[FieldError], who: &Principal) -> Option<Vec<Field>> {
    let text = |name: &str| fields.text(name).trim().to_owned();
    let field = |name: &str, label: &str| Field::new(name, label, text(name)).required();
    let all = [
        field("from", "From").hint("`issued` for a grant, or `person:NAME`."),
        field("to", "To").hint("`person:NAME`, or `issued` to take a grant back."),
        field("amount", "Credits").with(Input::Number),
        field("note", "Why").hint("It stands in the ledger for good."),
    ];
    let all = all.map(|field| field.with_error_of(errors)).into();
    may(who, Role::Operator).then_some(all)
}

/// What became of a brief's budget; none of one without.
pub(in crate::ui) fn brief_budget(
    (brief, family): (BriefId, ExperimentId),
    spent: Option<&Spent>,
    (fields, errors): (&Fields, &[FieldError]),
    who: &Principal,
) -> Option<BriefBudget> {
    let spent = spent?;
    let gone = [spent.spent, spent.held, spent.refunded].map(Credits::micros);
    let left = spent.budget.micros() - gone.iter().sum::<i64>();
    let amounts = vec![
        ("Budget", spent.budget.to_string()),
        ("Spent", spent.spent.to_string()),
        ("Held for runs", spent.held.to_string()),
        ("Left", Credits::from_micros(left).to_string()),
        ("Given back", spent.refunded.to_string()),
    ];
    let share = f64::from(spent.percent()) / 100.0;
    let asked = fields.text("budget_credits");
    let field = Field::new("budget_credits", "Raise it to", asked).with(Input::Number);
    Some(BriefBudget {
        keys: format!("brief:{brief},experiment:{family}"),
        src: paths::brief(brief, "/budget"),
        progress: Progress::new(Some(share), "The budget"),
        amounts,
        waiting: spent.waiting.clone(),
        action: may(who, Role::Researcher).then(|| paths::brief(brief, "/budget")),
        field: field.with_error_of(errors),
    })
}

/// The title of a history's page and where it stands.
pub(super) fn history_frame(who: &Principal) -> Frame {
    Frame::new("Transfers", SECTION, Some(who.into()))
}
