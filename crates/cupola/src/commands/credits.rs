//! `cupola credits`.

use anyhow::{Context as _, Error, ensure};
use cupola_client::{
    Client,
    query::{LeaderFilter, PageFilter, TransferFilter},
};
use cupola_domain::{
    credits::Credits as Amount,
    ledger::{Entry, Transfer},
    text::hex,
};
use cupola_protocol::credits::{
    BriefBudgetBody, CreditsBody, NewTransfer, RaisedBudget, ReceiptBody, StatementBody,
    TransferBody, VerifiedBody,
};
use sha2::{Digest as _, Sha256};

use crate::{
    cli::{Credits, Why},
    commands::briefs::brief_id_of,
    connection::client,
    output::{self, Table, credits},
};

/// Everybody fits on one page.
const PAGE: u32 = 1_000;

pub(crate) async fn run(command: Credits) -> anyhow::Result<()> {
    match command {
        Credits::Balance { all: true, read } => people(&client(&read.connect)?, read.json).await,
        Credits::Balance { read, .. } => {
            let all = client(&read.connect)?.credits().await?;
            shown(&all, read.json, balance)
        }
        Credits::History {
            person,
            all,
            kind,
            before,
            limit,
            read,
        } => {
            let filter = TransferFilter {
                person,
                all: all.then_some(true),
                kind,
                before,
                limit,
            };
            let found = client(&read.connect)?.credit_history(&filter).await?;
            shown(&found, read.json, history)
        }
        Credits::Leaders { teams, days, read } => {
            let by = teams.then(|| "team".to_owned());
            let filter = LeaderFilter { by, days };
            leaders(&client(&read.connect)?, &filter, read.json).await
        }
        Credits::Grant {
            person,
            amount,
            why,
            read,
        } => {
            let new = asked("issued".to_owned(), format!("person:{person}"), amount, why);
            let made = client(&read.connect)?.move_credits(&new).await?;
            shown(&made, read.json, moved)
        }
        Credits::Transfer {
            from,
            to,
            amount,
            why,
            read,
        } => {
            let new = asked(from, to, amount, why);
            let made = client(&read.connect)?.move_credits(&new).await?;
            shown(&made, read.json, moved)
        }
        Credits::Receipts { run, read } => {
            let found = client(&read.connect)?.credit_receipts(&run).await?;
            found.iter().try_for_each(check)?;
            shown(&found, read.json, |found| receipts(found))
        }
        Credits::Verify(read) => {
            let found = client(&read.connect)?.verify_credits().await?;
            shown(&found, read.json, verified)?;
            ensure!(found.is_sound, "the ledger is not sound");
            Ok(())
        }
        Credits::Budget { brief, to, read } => {
            let client = client(&read.connect)?;
            let brief = brief_id_of(&client, &brief).await?;
            let found = budget_of(&client, &brief, to).await?;
            shown(&found, read.json, budget)
        }
    }
}

/// What became of a brief's budget, after it was raised where that is asked for.
async fn budget_of(
    client: &Client,
    brief: &str,
    to: Option<String>,
) -> anyhow::Result<BriefBudgetBody> {
    let Some(amount) = to else {
        return Ok(client.brief_budget(brief).await?);
    };
    // As it was typed, so that nothing of it is rounded.
    let read = amount.parse::<Amount>().ok();
    let budget_credits = read.and_then(|_| serde_json::from_str(&amount).ok());
    let budget_credits = budget_credits.with_context(|| {
        format!("`--to {amount}` is not an amount of credits; write for example `1000` or `12.5`")
    })?;
    let raised = RaisedBudget { budget_credits };
    Ok(client.raise_brief_budget(brief, &raised).await?)
}

fn shown<T: serde::Serialize>(found: &T, is_json: bool, show: fn(&T)) -> anyhow::Result<()> {
    if is_json {
        return output::json(found);
    }
    show(found);
    Ok(())
}

fn asked(from: String, to: String, amount: String, why: Why) -> NewTransfer {
    NewTransfer {
        from,
        to,
        amount,
        note: why.note,
        key: why.key,
    }
}

async fn people(client: &Client, is_json: bool) -> anyhow::Result<()> {
    let all = PageFilter {
        per_page: Some(PAGE),
        ..PageFilter::default()
    };
    let page = client.credit_people(&all).await?;
    if is_json {
        return output::json(&page);
    }
    let mut table = Table::new(&["person", "balance", "held", "available", "in escrow"]);
    for person in page.items {
        table.row([
            person.person,
            credits(&person.balance),
            credits(&person.held),
            credits(&person.available),
            credits(&person.escrow),
        ]);
    }
    table.print("Nobody has an account.");
    Ok(())
}

async fn leaders(client: &Client, filter: &LeaderFilter, is_json: bool) -> anyhow::Result<()> {
    let page = client.credit_leaders(filter).await?;
    if is_json {
        return output::json(&page);
    }
    let by = filter.by.as_deref().unwrap_or("owner");
    let mut table = Table::new(&[by, "runs", "earned"]);
    for of in page.items {
        let name = match of.name.as_str() {
            "" => "no team".to_owned(),
            name => name.to_owned(),
        };
        table.row([name, of.runs.to_string(), credits(&of.amount)]);
    }
    table.print("Nothing was earned.");
    Ok(())
}

fn balance(all: &CreditsBody) {
    let you = &all.you;
    output::fields(&[
        ("person", you.person.clone()),
        ("balance", credits(&you.balance)),
        ("held", credits(&you.held)),
        ("available", credits(&you.available)),
        ("your escrow", credits(&you.escrow)),
        ("issued to all", credits(&all.issued)),
        (
            "people have",
            format!("{} ({})", credits(&all.people), all.people_count),
        ),
        ("briefs have", credits(&all.briefs)),
        ("all escrow", credits(&all.escrow)),
        ("an hour costs", credits(&all.credits_per_hour)),
    ]);
}

fn history(found: &StatementBody) {
    let mut table = Table::new(&["number", "at", "kind", "from", "to", "amount", "why"]);
    for item in &found.items {
        table.row([
            item.number.to_string(),
            item.at.to_string(),
            item.kind.clone(),
            item.from.clone(),
            item.to.clone(),
            credits(&item.amount),
            if item.why.is_empty() {
                item.note.clone()
            } else {
                item.why.clone()
            },
        ]);
    }
    table.print("No transfers.");
    if let Some(you) = &found.you {
        let (available, escrow) = (credits(&you.available), credits(&found.escrow));
        let person = &you.person;
        output::note(&format!(
            "{person} can spend {available}; {escrow} are earned and not given yet"
        ));
    }
    if let Some(before) = found.next_before {
        output::note(&format!("those before: --before {before}"));
    }
}

fn moved(transfer: &TransferBody) {
    output::fields(&[
        ("number", transfer.number.to_string()),
        ("kind", transfer.kind.clone()),
        ("from", transfer.from.clone()),
        ("to", transfer.to.clone()),
        ("amount", credits(&transfer.amount)),
        ("receipt", transfer.hash.clone()),
    ]);
}

fn receipts(found: &[ReceiptBody]) {
    let mut table = Table::new(&["number", "at", "kind", "to", "amount", "receipt"]);
    for of in found {
        let of = &of.transfer;
        table.row([
            of.number.to_string(),
            of.at.to_string(),
            of.kind.clone(),
            of.to.clone(),
            credits(&of.amount),
            of.hash.clone(),
        ]);
    }
    table.print("It earned nothing.");
}

/// Computes a receipt again, from what is shown of the transfer.
fn check(receipt: &ReceiptBody) -> anyhow::Result<()> {
    let TransferBody { number, hash, .. } = &receipt.transfer;
    let line = entry(&receipt.transfer)?.line();
    let said = &receipt.line;
    ensure!(
        line == *said,
        "the receipt of transfer {number} is over `{said}`, and the transfer is `{line}`"
    );
    let over = format!("{}\n{line}", receipt.previous_hash);
    let computed = hex(&Sha256::digest(over.as_bytes()));
    ensure!(
        computed == *hash,
        "the receipt of transfer {number} is `{hash}`, and its line comes to `{computed}`"
    );
    Ok(())
}

/// The transfer as the ledger has it.
fn entry(body: &TransferBody) -> anyhow::Result<Entry> {
    let transfer = Transfer {
        kind: body.kind.parse().map_err(Error::msg)?,
        key: body.key.clone(),
        debit: body.from.parse().map_err(Error::msg)?,
        credit: body.to.parse().map_err(Error::msg)?,
        amount: body.amount.parse().map_err(Error::msg)?,
    };
    Ok(Entry {
        number: body.number,
        transfer,
        at: body.at.0,
        author: body.author.clone(),
        note: body.note.clone(),
        hash: body.hash.clone(),
    })
}

fn verified(found: &VerifiedBody) {
    output::fields(&[
        ("transfers", found.transfers.to_string()),
        ("accounts", found.accounts.to_string()),
        ("sum of all", format!("{} millionths", found.sum_micros)),
        ("newest receipt", found.head.clone()),
        (
            "state",
            if found.is_sound { "sound" } else { "not sound" }.to_owned(),
        ),
    ]);
    for problem in &found.problems {
        output::line(problem);
    }
}

fn budget(found: &BriefBudgetBody) {
    let budget = found.budget.as_deref().map(credits);
    output::fields(&[
        ("budget", output::or_dash(budget.as_deref())),
        ("spent", credits(&found.spent)),
        ("held", credits(&found.held)),
        ("given back", credits(&found.refunded)),
        (
            "waits",
            output::or_dash(Some(found.waiting.as_str()).filter(|text| !text.is_empty())),
        ),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "1\tgrant\tr\tissued\tperson:a\t1000000\t1500\top\twhy";

    /// A true receipt with one thing changed.
    fn is_believed(change: impl FnOnce(&mut ReceiptBody)) -> bool {
        let body = serde_json::json!({
            "previous_hash": "abc", "line": LINE,
            "transfer": {
                "number": 1, "kind": "grant", "ref": "r", "from": "issued", "to": "person:a",
                "amount": "1.000000", "at": "1970-01-01T00:00:01.500Z", "author": "op", "note": "why",
                "hash": hex(&Sha256::digest(format!("abc\n{LINE}").as_bytes())),
            },
        });
        let mut receipt: ReceiptBody = serde_json::from_value(body).unwrap();
        change(&mut receipt);
        check(&receipt).is_ok()
    }

    #[test]
    fn a_receipt_is_computed_and_not_believed() {
        assert!(is_believed(|_| ()));
        assert!(!is_believed(|of| of.previous_hash = "abd".to_owned()));
        assert!(!is_believed(|of| of.line = "1\tgrant".to_owned()));
        assert!(!is_believed(|of| of.transfer.hash = "0".to_owned()));
        // What is shown is what the hash is over.
        assert!(!is_believed(|of| of.transfer.amount = "1000".to_owned()));
        assert!(!is_believed(|of| of.transfer.to = "person:b".to_owned()));
        assert!(!is_believed(|of| of.transfer.kind = "post".to_owned()));
        assert!(!is_believed(|of| of.transfer.number = 2));
        assert!(!is_believed(|of| of.transfer.note = "why not".to_owned()));
    }
}
