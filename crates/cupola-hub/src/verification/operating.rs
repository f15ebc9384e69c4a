//! What people decide: a check of a result, a ban, and the end of one.

use cupola_domain::{
    audit::{Stage, Why},
    field::FieldError,
    ids::{AuditId, RunId},
    text::storable,
};
use cupola_economy::trust::Cause;
use cupola_store::{
    Tx, runs, tokens, verification as rows,
    verification::{Audit, Standing},
};

use super::{Court, bans::Ban, tell};
use crate::{Hub, HubError};

const NOTE_CHARS_MAX: usize = 500;

impl Hub {
    /// Has a result checked because somebody asks for it, whoever's it is. One that is being checked is not
    /// checked twice.
    pub fn check_run(&self, run: RunId, author: &str) -> Result<AuditId, HubError> {
        if !self.verification().is_on {
            let message =
                "nothing is checked here: name a `profile` in `[verification]` of cupola.toml";
            return Err(HubError::Conflict(message.to_owned()));
        }
        let (mut court, author) = (self.court(), storable(author).into_owned());
        let (id, after) = self.write(move |tx| {
            let id = court.asked(tx, run, &author)?;
            Ok((id, court.after))
        })?;
        self.follow_up(after)?;
        Ok(id)
    }

    /// Bans an owner: their leases end at once, what was not confirmed is not believed, and nothing more is
    /// given. Of a machine's own faults and of a decision, what was confirmed is given first.
    pub fn ban_owner(&self, owner: &str, note: &str, author: &str) -> Result<(), HubError> {
        let ban = Ban {
            owner: owner.trim().to_owned(),
            cause: Cause::Decision,
            note: checked(note)?,
            by: storable(author).into_owned(),
        };
        if self.verification().is_own(&ban.owner) {
            let message =
                "is one whose machines are the hub's own; take the name out of `own` first";
            return Err(HubError::Invalid(vec![FieldError::new("owner", message)]));
        }
        let mut court = self.court();
        let after = self.write(move |tx| {
            if !tokens::is_owner(tx, &ban.owner)? {
                return Err(HubError::not_found("owner", &ban.owner));
            }
            if rows::find_standing(tx, &ban.owner)?.ban.is_some() {
                let message = format!("`{}` is banned already", ban.owner);
                return Err(HubError::Conflict(message));
            }
            court.ban(tx, &ban)?;
            court.prove(tx)?;
            Ok(court.after)
        })?;
        self.follow_up(after)?;
        self.finish_bans()?;
        Ok(())
    }

    /// Lifts a ban. The owner begins anew, with nothing that was found wrong and in probation; what was taken
    /// back stays taken back.
    pub fn lift_ban(&self, owner: &str, note: &str, author: &str) -> Result<(), HubError> {
        let (mut court, note) = (self.court(), checked(note)?);
        let (owner, author) = (owner.trim().to_owned(), storable(author).into_owned());
        // Before others may take what they have from them, all of it is.
        self.finish_bans()?;
        let after = self.write(move |tx| {
            court.lift(tx, &owner, (&note, &author))?;
            Ok(court.after)
        })?;
        self.follow_up(after)
    }
}

impl Court {
    fn asked(&mut self, tx: &mut Tx, run: RunId, author: &str) -> Result<AuditId, HubError> {
        if runs::find(tx, run)?.is_none() {
            return Err(HubError::not_found("run", run));
        }
        let is_open = |audit: &Audit| audit.stage != Stage::Settled;
        if rows::list_of_run(tx, run)?.iter().any(is_open) {
            let message = format!("the result of run `{run}` is being checked already");
            return Err(HubError::Conflict(message));
        }
        let opened = self.open_again(tx, run, Why::Asked)?;
        let id = opened.ok_or_else(|| {
            let message = format!(
                "the result of run `{run}` cannot be checked: it did not complete, its task has another, or its \
                 template does not say in `[repeats]` that it comes out again"
            );
            HubError::Conflict(message)
        })?;
        rows::save_asked(tx, id, author)?;
        Ok(id)
    }

    fn lift(
        &mut self,
        tx: &mut Tx,
        owner: &str,
        (note, author): (&str, &str),
    ) -> Result<(), HubError> {
        let before = rows::find_standing(tx, owner)?;
        if before.ban.is_none() {
            return Err(HubError::Conflict(format!("`{owner}` is not banned")));
        }
        for trust in rows::list_trust_of(tx, owner)? {
            rows::save_trust(tx, owner, &trust.class, 0)?;
        }
        let lifted = Standing {
            owner: owner.to_owned(),
            ban_note: format!("lifted: {note}"),
            banned_by: author.to_owned(),
            disturbed_at: before.disturbed_at,
            ..Standing::default()
        };
        rows::save_standing(tx, &lifted)?;
        self.after.is_ban = true;
        tell(tx, None);
        Ok(())
    }
}

fn checked(note: &str) -> Result<String, HubError> {
    let note = storable(note.trim()).into_owned();
    if note.is_empty() || note.chars().count() > NOTE_CHARS_MAX {
        let message = format!("say in 1 to {NOTE_CHARS_MAX} characters why");
        return Err(HubError::Invalid(vec![FieldError::new("note", message)]));
    }
    Ok(note)
}
