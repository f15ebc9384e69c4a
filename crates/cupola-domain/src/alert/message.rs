//! What is told: the news of one rule together.

use crate::{
    alert::{AlertWord, Subject},
    ids::{AlertMessageId, AlertRuleId},
    time::Timestamp,
};

/// So many alerts are told one by one; of those beyond, how many there are.
pub const ITEMS_MAX: usize = 50;

/// The news of one rule, as everybody is told them.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Names it.
    pub id: AlertMessageId,
    /// Whose news; none for a test.
    pub rule: Option<AlertRuleId>,
    /// What it is called.
    pub rule_name: String,
    /// Its condition.
    pub condition: String,
    /// When it was put together.
    pub at: Timestamp,
    /// The news, at most `ITEMS_MAX`.
    pub items: Vec<Item>,
    /// How many there are besides.
    pub more: u32,
    /// How many alerts of the rule are not resolved.
    pub unresolved: u32,
}

/// What became of one alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is about.
    pub subject: Subject,
    /// What that is called.
    pub label: String,
    /// What was found, or why it is over.
    pub text: String,
    /// What it became.
    pub word: AlertWord,
    /// Since when.
    pub since: Timestamp,
}

impl Message {
    /// Puts the news of a rule together.
    pub fn new(
        (id, at): (AlertMessageId, Timestamp),
        (rule, rule_name, condition): (AlertRuleId, String, String),
        mut items: Vec<Item>,
        unresolved: u32,
    ) -> Self {
        let more = items.len().saturating_sub(ITEMS_MAX);
        items.truncate(ITEMS_MAX);
        Self {
            id,
            rule: Some(rule),
            rule_name,
            condition,
            at,
            items,
            more: u32::try_from(more).unwrap_or(u32::MAX),
            unresolved,
        }
    }

    /// A message that says that messages arrive.
    pub fn test(id: AlertMessageId, at: Timestamp) -> Self {
        Self {
            id,
            rule: None,
            rule_name: "a test".to_owned(),
            condition: String::new(),
            at,
            items: Vec::new(),
            more: 0,
            unresolved: 0,
        }
    }

    /// One line: what it is about.
    pub fn title(&self) -> String {
        if self.rule.is_none() {
            return "A test: messages of this hub arrive here".to_owned();
        }
        let over = |item: &&Item| item.word == AlertWord::Resolved;
        let resolved = self.items.iter().filter(over).count();
        let open = self.items.len() - resolved;
        let more = match self.more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let news = match (open, resolved) {
            (1, 0) | (0, 1) if self.more == 0 => {
                let item = &self.items[0];
                format!("{}, {}", item.label, item.word)
            }
            (open, 0) => format!("{open} open{more}"),
            (0, resolved) => format!("{resolved} resolved{more}"),
            (open, resolved) => format!("{open} open, {resolved} resolved{more}"),
        };
        format!("{}: {news}", self.rule_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Ids;

    fn check(words: &[AlertWord], expected: &str) {
        let mut ids = Ids::new(1);
        let at = Timestamp::from_millis(1);
        let item = |word: &AlertWord| Item {
            subject: Subject::All,
            label: "moons, task 7".to_owned(),
            text: "loss is 12".to_owned(),
            word: *word,
            since: at,
        };
        let message = Message::new(
            (ids.next(at), at),
            (
                ids.next(at),
                "diverged".to_owned(),
                "metric loss > 10".to_owned(),
            ),
            words.iter().map(item).collect(),
            1,
        );
        assert_eq!(message.title(), expected);
        assert!(message.items.len() <= ITEMS_MAX);
    }

    #[test]
    fn a_title_names_one_and_counts_many() {
        use AlertWord::{Open, Resolved};
        check(&[Open], "diverged: moons, task 7, open");
        check(&[Resolved], "diverged: moons, task 7, resolved");
        check(&[Open, Open, Resolved], "diverged: 2 open, 1 resolved");
        check(&[Open; 60], "diverged: 50 open and 10 more");
    }
}
