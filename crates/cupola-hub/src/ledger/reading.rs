//! What people are shown of the ledger.

use std::collections::BTreeMap;

use cupola_domain::{
    cost::Day,
    credits::Credits,
    ids::{BriefId, RunId, TokenId, WorkerId},
    ledger::{Account, Balance, Earning, Entry, Kind, Stage},
};
pub use cupola_store::ledger::Earned;
use cupola_store::{
    Tx, experiments,
    ledger::{self, History},
    tokens, workers,
};

use crate::{Hub, HubError, briefs};

/// So many people are told one by one.
const PEOPLE_MAX: i64 = 1_000;

/// A page of a statement is never longer.
const ENTRIES_MAX: u32 = 500;

/// All credits at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// How many transfers there are: up to which all else is added up.
    pub transfers: i64,
    /// All that was issued, less what was taken back.
    pub issued: Credits,
    /// What people have together, and how many they are.
    pub people: (Balance, u64),
    /// What briefs have left.
    pub briefs: (Balance, u64),
    /// What is earned and not given yet.
    pub escrow: Credits,
}

/// What somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Who.
    pub person: String,
    /// What they have.
    pub balance: Balance,
    /// What they earned and were not given yet.
    pub escrow: Credits,
}

/// Which transfers of a statement are wanted.
#[derive(Debug, Clone, Default)]
pub struct StatementQuery {
    /// Whose; none for everybody's.
    pub person: Option<String>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only those before this number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// What somebody has, and how it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whose; none for everybody's.
    pub person: Option<String>,
    /// What they have.
    pub balance: Balance,
    /// What they earned and were not given yet.
    pub escrow: Credits,
    /// The latest first.
    pub entries: Vec<Entry>,
    /// The number to ask for those before with; none at the end.
    pub next_before: Option<i64>,
}

/// What somebody or a team earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Who; empty for those without a team.
    pub name: String,
    /// By how many runs.
    pub runs: u64,
    /// How much.
    pub amount: Credits,
}

/// What a worker earned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerEarnings {
    /// In all.
    pub total: Earned,
    /// Today, by UTC.
    pub today: Earned,
    /// In the last seven days, today included.
    pub week: Earned,
}

/// What became of a brief's budget.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spent {
    /// What it may spend.
    pub budget: Credits,
    /// What was earned by its runs.
    pub spent: Credits,
    /// What is held for runs that go on.
    pub held: Credits,
    /// What went back when it had ended.
    pub refunded: Credits,
    /// Why its tasks wait for credits; empty where they do not.
    pub waiting: String,
}

impl Spent {
    /// How much of the budget is spent or held, in per cent; of a budget of nothing all.
    pub fn percent(&self) -> u8 {
        let taken = i128::from(self.spent.micros()) + i128::from(self.held.micros());
        let budget = i128::from(self.budget.micros());
        let percent = (taken * 100).checked_div(budget).unwrap_or(100);
        u8::try_from(percent.clamp(0, 100)).unwrap_or(100)
    }
}

/// A transfer with what its hash is over besides itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The transfer.
    pub entry: Entry,
    /// The hash of the one before it; empty for the first.
    pub before: String,
}

impl Hub {
    /// All credits at a glance.
    pub fn credits_overview(&self) -> Result<Overview, HubError> {
        self.read(|tx| {
            let issued = ledger::find_balance(tx, &Account::Issued)?.posted;
            Ok(Overview {
                transfers: ledger::find_head(tx)?.map_or(0, |(number, _)| number),
                issued: Credits::from_micros(issued.micros().saturating_neg()),
                people: ledger::total(tx, "person:")?,
                briefs: ledger::total(tx, "brief:")?,
                escrow: ledger::total(tx, "escrow:")?.0.posted,
            })
        })
    }

    /// What everybody has and waits for, the richest first; then who has nothing but what waits.
    pub fn list_people(&self) -> Result<Vec<PersonRow>, HubError> {
        self.read(|tx| {
            let mut escrows = BTreeMap::new();
            for row in ledger::list_escrows(tx, PEOPLE_MAX)? {
                if let Account::Escrow(name) = row.account {
                    escrows.insert(name, row.balance.posted);
                }
            }
            let mut people = Vec::new();
            for row in ledger::list_people(tx, PEOPLE_MAX)? {
                if let Account::Person(person) = row.account {
                    // Who is not among those of whom the most waits has something waiting all the same.
                    let escrow = match escrows.remove(&person) {
                        Some(escrow) => escrow,
                        None => ledger::find_balance(tx, &Account::Escrow(person.clone()))?.posted,
                    };
                    people.push(PersonRow {
                        escrow,
                        balance: row.balance,
                        person,
                    });
                }
            }
            for (person, escrow) in escrows {
                // Nor are the others who have something always among the richest.
                let balance = ledger::find_balance(tx, &Account::Person(person.clone()))?;
                people.push(PersonRow {
                    person,
                    balance,
                    escrow,
                });
            }
            Ok(people)
        })
    }

    /// What somebody has, with the latest transfers.
    pub fn statement(&self, query: &StatementQuery) -> Result<Statement, HubError> {
        let query = query.clone();
        self.read(move |tx| read_statement(tx, query))
    }

    /// Who earned the most in the last days, today included, or ever; by person, or by team.
    pub fn leaders(&self, days: Option<u32>, by_team: bool) -> Result<Vec<Leader>, HubError> {
        let today = Day::of(self.now());
        let since = days.map(|days| today.plus(1 - i64::from(days.max(1))));
        self.read(move |tx| {
            let earned = ledger::list_earned(tx, since, PEOPLE_MAX)?;
            let earned = earned.into_iter().filter(|of| of.runs > 0);
            if !by_team {
                return Ok(earned.map(leader).collect());
            }
            let teams = tokens::list_teams(tx)?;
            Ok(together(earned, &teams))
        })
    }

    /// What a worker earned.
    pub fn earnings_of_worker(&self, worker: WorkerId) -> Result<WorkerEarnings, HubError> {
        let today = Day::of(self.now());
        self.read(move |tx| {
            workers::find(tx, worker)?.ok_or_else(|| HubError::not_found("worker", worker))?;
            let week = today.plus(-6);
            Ok(WorkerEarnings {
                total: ledger::total_of_worker(tx, worker, None)?,
                today: ledger::total_of_worker(tx, worker, Some(today))?,
                week: ledger::total_of_worker(tx, worker, Some(week))?,
            })
        })
    }

    /// The same for the worker itself, and what some of its runs earn; nothing of those that were not its own.
    pub fn own_earnings(
        &self,
        token: TokenId,
        worker: WorkerId,
        runs: Vec<RunId>,
    ) -> Result<(WorkerEarnings, Vec<(RunId, Credits)>), HubError> {
        self.check_worker(token, worker)?;
        let earnings = self.earnings_of_worker(worker)?;
        let amounts = self.read(move |tx| {
            let mut amounts = Vec::new();
            for run in runs {
                let kept = ledger::find_earning(tx, run)?;
                let own = kept.filter(|kept| kept.worker == worker);
                amounts.extend(own.map(|kept| (run, worth(&kept.earning))));
            }
            Ok(amounts)
        })?;
        Ok((earnings, amounts))
    }

    /// What became of a brief's budget; none of one without.
    pub fn brief_spending(&self, id: BriefId) -> Result<Option<Spent>, HubError> {
        let family = self.read(move |tx| Ok(experiments::find_by_brief(tx, id)?))?;
        let waiting = family.map(|family| self.unpaid_reason_of(&family));
        let waiting = waiting.transpose()?.unwrap_or_default();
        self.read(move |tx| {
            let Some(budget) = briefs::find(tx, id)?.wanted.budget else {
                return Ok(None);
            };
            let account = Account::Brief(id.to_string());
            let Some(row) = ledger::find_account(tx, &account)? else {
                return Ok(Some(Spent {
                    budget,
                    waiting,
                    ..Spent::default()
                }));
            };
            let left = row.balance.posted.micros() + row.refunded.micros();
            Ok(Some(Spent {
                budget,
                spent: Credits::from_micros(budget.micros().saturating_sub(left)),
                held: row.balance.held,
                refunded: row.refunded,
                waiting,
            }))
        })
    }

    /// What a run earned, each step with its receipt.
    pub fn receipts_of_run(&self, run: RunId) -> Result<Vec<Receipt>, HubError> {
        self.read(move |tx| {
            let entries = ledger::list_of_run(tx, &run.to_string())?;
            let receipts = entries.into_iter().map(|entry| receipt(tx, entry));
            receipts.collect()
        })
    }
}

/// What an earning is worth as it stands.
fn worth(earning: &Earning) -> Credits {
    match earning.stage {
        Stage::Reserved | Stage::Posted | Stage::Released => earning.amount,
        Stage::Voided | Stage::ClawedBack => Credits::default(),
    }
}

fn read_statement(tx: &mut Tx, query: StatementQuery) -> Result<Statement, HubError> {
    let limit = query.limit.clamp(1, ENTRIES_MAX) as usize;
    let accounts = query.person.clone().map(|name| {
        let escrow = Account::Escrow(name.clone());
        (Account::Person(name), escrow)
    });
    let (balance, escrow) = match &accounts {
        None => (Balance::default(), Credits::default()),
        Some((person, escrow)) => (
            ledger::find_balance(tx, person)?,
            ledger::find_balance(tx, escrow)?.posted,
        ),
    };
    let history = History {
        accounts,
        kind: query.kind,
        before: query.before,
    };
    let asked = i64::try_from(limit).unwrap_or(i64::MAX) + 1;
    let mut entries = ledger::list(tx, &history, asked)?;
    let is_more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| is_more);
    Ok(Statement {
        person: query.person,
        balance,
        escrow,
        next_before: last.map(|entry| entry.number),
        entries,
    })
}

fn receipt(tx: &mut Tx, entry: Entry) -> Result<Receipt, HubError> {
    let before = ledger::list_after(tx, entry.number - 2, 1)?;
    let mut before = before.into_iter().filter(|of| of.number < entry.number);
    Ok(Receipt {
        before: before.next().map(|of| of.hash).unwrap_or_default(),
        entry,
    })
}

fn leader(earned: Earned) -> Leader {
    Leader {
        name: earned.earner,
        runs: earned.runs,
        amount: earned.amount,
    }
}

fn together(earned: impl Iterator<Item = Earned>, teams: &BTreeMap<String, String>) -> Vec<Leader> {
    let mut found: BTreeMap<&str, Leader> = BTreeMap::new();
    for of in earned {
        let team = teams.get(&of.earner).map_or("", String::as_str);
        let entry = found.entry(team).or_insert_with(|| Leader {
            name: team.to_owned(),
            runs: 0,
            amount: Credits::default(),
        });
        entry.runs += of.runs;
        let sum = entry.amount.micros().saturating_add(of.amount.micros());
        entry.amount = Credits::from_micros(sum);
    }
    let mut leaders: Vec<Leader> = found.into_values().collect();
    leaders.sort_by(|a, b| b.amount.cmp(&a.amount).then(a.name.cmp(&b.name)));
    leaders
}
