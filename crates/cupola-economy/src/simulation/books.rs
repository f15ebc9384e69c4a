//! The ledger of the simulation: the domain's book with numbers for names.

use cupola_domain::{
    credits::Credits,
    ledger::{Account, Book, Credit, Kind, Refused, Stage, Transfer, Trial},
};

/// The person who pays for all briefs.
const RESEARCHER: u32 = u32::MAX;

/// Who has what. Owners and briefs are numbers; runs are known by their key.
pub(super) struct Books {
    book: Book<u32, u64>,
    funded: u64,
}

impl Books {
    pub(super) fn new() -> Self {
        Self {
            book: Book::new(Credit::None),
            funded: 0,
        }
    }

    /// Gives a brief that much more, granted to its researcher for it.
    pub(super) fn fund(&mut self, brief: u32, amount: Credits) -> Result<(), Refused> {
        self.funded += 1;
        let key = self.funded;
        let researcher = Account::Person(RESEARCHER);
        self.write(Kind::Grant, key, Account::Issued, researcher, amount)?;
        self.write(Kind::Fund, key, researcher, Account::Brief(brief), amount)
    }

    /// Gives back what a brief has left.
    pub(super) fn refund(&mut self, brief: u32) -> Result<(), Refused> {
        let account = Account::Brief(brief);
        let left = self.book.balance(&account).available();
        if left <= Credits::default() {
            return Ok(());
        }
        let researcher = Account::Person(RESEARCHER);
        self.write(Kind::Refund, u64::from(brief), account, researcher, left)
    }

    pub(super) fn reserve(
        &mut self,
        key: u64,
        brief: u32,
        owner: u32,
        amount: Credits,
    ) -> Result<(), Refused> {
        let written = self.book.reserve(key, Account::Brief(brief), owner, amount);
        written.map(|_| ())
    }

    pub(super) fn settle(&mut self, kind: Kind, key: u64) -> Result<(), Refused> {
        self.book.settle(kind, &key).map(|_| ())
    }

    /// Where the earning of a run is.
    pub(super) fn stage(&self, key: u64) -> Option<Stage> {
        self.book.earning(&key).map(|earning| earning.stage)
    }

    /// What an owner has in escrow.
    pub(super) fn escrow(&self, owner: u32) -> Credits {
        self.book.balance(&Account::Escrow(owner)).posted
    }

    pub(super) fn trial(&self) -> Trial {
        self.book.trial()
    }

    fn write(
        &mut self,
        kind: Kind,
        key: u64,
        debit: Account<u32>,
        credit: Account<u32>,
        amount: Credits,
    ) -> Result<(), Refused> {
        let transfer = Transfer {
            kind,
            key,
            debit,
            credit,
            amount,
        };
        self.book.write(transfer).map(|_| ())
    }
}
