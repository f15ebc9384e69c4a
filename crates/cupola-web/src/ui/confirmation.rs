//! One question before something is lost. A page of its own; where there is a script, the link that
//! leads here opens its box in a dialog instead.

use askama::Template;
use cupola_domain::{access::Principal, counts::Counts};

use crate::ui::{
    format,
    frame::{Frame, Section},
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "confirmation.html")]
pub struct Confirmation {
    /// Around it.
    pub frame: Frame,
    /// `Delete the brief “…”?`
    pub question: String,
    /// What stands before the consequences: `This goes:`.
    pub lead: &'static str,
    /// What goes, one thing a line: `10 tasks with their results`.
    pub consequences: Vec<String>,
    /// `This cannot be undone.`, or what can be.
    pub remark: String,
    /// What the button says.
    pub verb: &'static str,
    /// Where it posts.
    pub action: String,
    /// Where `No` leads.
    pub back: String,
}

/// What is asked about, and where its page is.
pub(super) struct Subject<'a> {
    /// Who is asked.
    pub(super) who: &'a Principal,
    /// Where such things are in the navigation.
    pub(super) section: Section,
    /// The list that it stands in: what it is called, and its address.
    pub(super) list: (&'static str, &'static str),
    /// `brief`.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: &'a str,
    /// The address of its page; its actions are below.
    pub(super) address: String,
}

impl Subject<'_> {
    /// Is it to go for good, with all that `consequences` name?
    pub(super) fn deletion(self, consequences: Vec<String>) -> Confirmation {
        Confirmation {
            question: format!("Delete the {} “{}”?", self.kind, self.name),
            lead: "This goes:",
            consequences,
            remark: "This cannot be undone.".to_owned(),
            verb: "Delete",
            action: format!("{}/deletion", self.address),
            frame: self.frame("Delete"),
            back: self.address,
        }
    }

    /// Is what has not ended to be stopped? `one` and `many` are what is counted.
    pub(super) fn cancellation(self, counts: &Counts, one: &str, many: &str) -> Confirmation {
        let consequence = |(number, what)| {
            let things = format::counted(number, one, many);
            (number > 0).then(|| format!("{things} {what}"))
        };
        let both = [
            (counts.pending, "waiting: cancelled at once"),
            (counts.running, "running: the programs are stopped"),
        ];
        Confirmation {
            question: format!("Cancel what is left of “{}”?", self.name),
            lead: "This happens:",
            consequences: both.into_iter().filter_map(consequence).collect(),
            remark: format!(
                "What has ended stays. A cancelled {one} can be tried again by itself."
            ),
            verb: "Cancel what is left",
            action: format!("{}/cancellation", self.address),
            frame: self.frame("Cancel"),
            back: self.address,
        }
    }

    fn frame(&self, verb: &str) -> Frame {
        let title = format!("{verb} the {}", self.kind);
        let (list, address) = self.list;
        Frame::new(&title, self.section, Some(self.who.into()))
            .under(list, address)
            .under(self.name, &self.address)
    }
}

/// What a deletion stops, when anything runs.
pub(super) fn stopped(running: u64) -> Option<String> {
    let runs = format::counted(running, "run", "runs");
    (running > 0).then(|| format!("{runs} going on now: the programs are stopped"))
}
