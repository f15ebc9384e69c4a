//! What is known of owners, and what they have.

use cupola_domain::{ids::RunId, time::Timestamp};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    FIND = "SELECT * FROM owner_standing WHERE owner = $1";
    SAVE = "INSERT INTO owner_standing (owner, frauds, faults, clean, ban, ban_note, banned_by, banned_at,
                                        disturbed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (owner) DO UPDATE SET
                frauds = excluded.frauds, faults = excluded.faults, clean = excluded.clean,
                ban = excluded.ban, ban_note = excluded.ban_note, banned_by = excluded.banned_by,
                banned_at = excluded.banned_at, disturbed_at = excluded.disturbed_at";
    LIST = "SELECT * FROM owner_standing WHERE owner > $1 ORDER BY owner LIMIT $2";
    LIST_BANNED = "SELECT owner FROM owner_standing WHERE ban IS NOT NULL ORDER BY owner";
    /// Bans that left something to do.
    LIST_UNFINISHED = "SELECT owner FROM owner_standing WHERE ban IS NOT NULL
                       AND (sweep_after IS NOT NULL OR doubt_before IS NOT NULL
                            OR EXISTS (SELECT ledger_earning.run_id FROM ledger_earning
                                       WHERE ledger_earning.stage = 'posted'
                                       AND ledger_earning.earner = owner_standing.owner))
                       ORDER BY owner";
    FIND_REST = "SELECT sweep_after, doubt_before FROM owner_standing WHERE owner = $1";
    SAVE_REST = "UPDATE owner_standing SET sweep_after = $2, doubt_before = $3 WHERE owner = $1";
    /// Results that count, whatever became of what they earned.
    LIST_RESULTS_OF = "SELECT run.id FROM ledger_earning JOIN run ON run.id = ledger_earning.run_id
                       JOIN task ON task.id = run.task_id
                       WHERE ledger_earning.earner = $1 AND ledger_earning.run_id > $2
                       AND task.run_id = run.id AND task.state = 'completed' AND task.audit_id IS NULL
                       ORDER BY ledger_earning.run_id LIMIT $3";
    SAVE_TRUST = "INSERT INTO owner_trust (owner, class, passed) VALUES ($1, $2, $3)
                  ON CONFLICT (owner, class) DO UPDATE SET passed = excluded.passed";
    LIST_TRUST = "SELECT * FROM owner_trust ORDER BY owner, class";
    LIST_TRUST_OF = "SELECT * FROM owner_trust WHERE owner = $1 ORDER BY class";
    /// What a token's worker belongs to: as `Token::owner` says.
    LIST_HELD_OF = "SELECT run.id FROM token JOIN worker ON worker.token_id = token.id
                    JOIN run ON run.worker_id = worker.id AND run.outcome IS NULL
                    WHERE token.owner = $1 AND token.owner <> ''
                    UNION
                    SELECT run.id FROM token JOIN worker ON worker.token_id = token.id
                    JOIN run ON run.worker_id = worker.id AND run.outcome IS NULL
                    WHERE token.name = $1 AND token.owner = ''";
}

/// How often in a row a class of an owner's machines was found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Whose.
    pub owner: String,
    /// The class.
    pub class: String,
    /// How often.
    pub passed: u32,
}

/// What else is known of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Who.
    pub owner: String,
    /// How often something was made up.
    pub frauds: u32,
    /// How often a machine went wrong.
    pub faults: u32,
    /// Clean checks since a fault was forgotten.
    pub clean: u32,
    /// Why the owner is banned, by its word.
    pub ban: Option<String>,
    /// What was said of that.
    pub ban_note: String,
    /// Who banned; empty where the hub did.
    pub banned_by: String,
    /// Since when.
    pub banned_at: Option<Timestamp>,
    /// When something was found wrong last.
    pub disturbed_at: Option<Timestamp>,
}

/// What is known of an owner; nothing of most.
pub fn find_standing(tx: &mut Tx, owner: &str) -> Result<Standing, StoreError> {
    let found = tx.query_optional(FIND, &[&owner], standing)?;
    Ok(found.unwrap_or_else(|| Standing {
        owner: owner.to_owned(),
        ..Standing::default()
    }))
}

/// Writes what is known of an owner.
pub fn save_standing(tx: &mut Tx, of: &Standing) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &of.owner,
            &i64::from(of.frauds),
            &i64::from(of.faults),
            &i64::from(of.clean),
            &of.ban,
            &of.ban_note,
            &of.banned_by,
            &of.banned_at.map(Timestamp::millis),
            &of.disturbed_at.map(Timestamp::millis),
        ],
    )
}

/// Owners by name, those after one.
pub fn list_standings(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Standing>, StoreError> {
    tx.query(LIST, &[&after, &limit], standing)
}

/// Everybody who is banned.
pub fn list_banned(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    tx.query(LIST_BANNED, &[], |row| row.text("owner"))
}

/// Everybody whose ban left something to do.
pub fn list_unfinished_bans(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    tx.query(LIST_UNFINISHED, &[], |row| row.text("owner"))
}

/// What a ban has still to go through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rest {
    /// Results of runs after this one; none where all were looked at.
    pub sweep_after: Option<String>,
    /// What the owner found right in checks before this one; none where all was looked at.
    pub doubt_before: Option<String>,
}

impl Rest {
    /// All that the owner found right, and all of theirs.
    pub fn everything() -> Self {
        Self {
            sweep_after: Some(String::new()),
            ..Self::vouched()
        }
    }

    /// All that the owner found right.
    pub fn vouched() -> Self {
        Self {
            sweep_after: None,
            // Above the name of every check.
            doubt_before: Some("g".to_owned()),
        }
    }
}

/// What an owner's ban has still to go through; nothing of most.
pub fn find_rest(tx: &mut Tx, owner: &str) -> Result<Rest, StoreError> {
    let found = tx.query_optional(FIND_REST, &[&owner], |row| {
        Ok(Rest {
            sweep_after: row.optional_text("sweep_after")?,
            doubt_before: row.optional_text("doubt_before")?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// Writes what an owner's ban has still to go through.
pub fn save_rest(tx: &mut Tx, owner: &str, rest: &Rest) -> Result<(), StoreError> {
    let Rest {
        sweep_after,
        doubt_before,
    } = rest;
    tx.execute_one(SAVE_REST, &[&owner, sweep_after, doubt_before])
}

/// Runs of an owner's workers whose results count, by name, those after one.
pub fn list_results_of(
    tx: &mut Tx,
    (owner, after): (&str, &str),
    limit: i64,
) -> Result<Vec<RunId>, StoreError> {
    tx.query(LIST_RESULTS_OF, &[&owner, &after, &limit], |row| {
        codec::parsed(row, "run", "id")
    })
}

/// Writes how often in a row a class was found right.
pub fn save_trust(tx: &mut Tx, owner: &str, class: &str, passed: u32) -> Result<(), StoreError> {
    tx.execute_one(SAVE_TRUST, &[&owner, &class, &i64::from(passed)])
}

/// The trust in everybody.
pub fn list_trust(tx: &mut Tx) -> Result<Vec<Trust>, StoreError> {
    tx.query(LIST_TRUST, &[], trust)
}

/// The trust in one owner's classes.
pub fn list_trust_of(tx: &mut Tx, owner: &str) -> Result<Vec<Trust>, StoreError> {
    tx.query(LIST_TRUST_OF, &[&owner], trust)
}

/// What the workers of an owner have now, what they fell silent about too.
pub fn list_held_of(tx: &mut Tx, owner: &str) -> Result<Vec<RunId>, StoreError> {
    tx.query(LIST_HELD_OF, &[&owner], |row| {
        codec::parsed(row, "run", "id")
    })
}

fn trust(row: &Row<'_>) -> Result<Trust, StoreError> {
    Ok(Trust {
        owner: row.text("owner")?,
        class: row.text("class")?,
        passed: codec::count(row, "owner_trust", "passed")?,
    })
}

fn standing(row: &Row<'_>) -> Result<Standing, StoreError> {
    const TABLE: &str = "owner_standing";
    Ok(Standing {
        owner: row.text("owner")?,
        frauds: codec::count(row, TABLE, "frauds")?,
        faults: codec::count(row, TABLE, "faults")?,
        clean: codec::count(row, TABLE, "clean")?,
        ban: row.optional_text("ban")?,
        ban_note: row.text("ban_note")?,
        banned_by: row.text("banned_by")?,
        banned_at: codec::optional_time(row, "banned_at")?,
        disturbed_at: codec::optional_time(row, "disturbed_at")?,
    })
}
