//! What a draft's goal wants, and what its template judges by: a brief has no objective of its own.

use cupola_domain::{
    objective::{Direction, Objective},
    text::excerpt,
};

use super::{Answer, Desk, quoted};
use crate::{
    names::{How, Kind, Names as _},
    question::{Question, fold},
    wish::Wish,
};

/// Words of a goal that say that more is better.
const HIGHEST: &[&str] = &[
    "highest",
    "largest",
    "greatest",
    "biggest",
    "maximum",
    "maximal",
    "maximise",
    "maximize",
    "maximising",
    "maximizing",
    "most",
];

/// And that less is.
const LOWEST: &[&str] = &[
    "lowest",
    "smallest",
    "least",
    "minimum",
    "minimal",
    "minimise",
    "minimize",
    "minimising",
    "minimizing",
];

/// Which end of what is wanted.
struct End {
    direction: Direction,
    of: String,
    /// Whether it is what the template judges by.
    is_objective: bool,
    /// Whether it can be measured at all, as far as that is known.
    is_metric: bool,
}

impl Desk<'_> {
    /// What a draft becomes that is given another template: of its goal and its parameters what the new one has,
    /// and the rest is told.
    pub(super) fn settle(&self, wish: &mut Wish) -> Vec<String> {
        let Some((moved, template)) = wish.moved.take().zip(self.template_of(wish)) else {
            return Vec::new();
        };
        let mut told = Vec::new();
        if !moved.has_goal
            && let Some(goal) = self.goal_of_new(wish, &moved.from)
        {
            told.push(format!(
                "The goal is “{goal}” now: that is what {} judges by, and “{}” it cannot look for.",
                quoted(&template.name),
                excerpt(&wish.goal)
            ));
            wish.goal = goal;
        }
        let schema = &template.schema;
        let is_there = |name: &str| schema.fields.is_empty() || schema.field(name).is_some();
        let (kept, lost): (Vec<_>, Vec<_>) = std::mem::take(&mut wish.space)
            .into_iter()
            .partition(|(name, _)| is_there(name));
        wish.space = kept;
        if !lost.is_empty() {
            let names: Vec<String> = lost.iter().map(|(name, _)| quoted(name)).collect();
            told.push(format!(
                "Dropped, since {} has no such field: {}.",
                quoted(&template.name),
                names.join(", ")
            ));
        }
        told
    }

    /// The goal of the new template, where that of the draft was of the other end or of what the old one measures.
    fn goal_of_new(&self, wish: &Wish, from: &str) -> Option<String> {
        let objective = self.objective(wish)?;
        let end = self.end_of(&wish.goal, &objective)?;
        let is_other_end = end.direction != objective.direction;
        if end.is_objective && !is_other_end {
            return None;
        }
        let before = Wish {
            template: Some(from.to_owned()),
            ..Wish::default()
        };
        let before = self.objective(&before);
        let is_of_before = before.is_some_and(|before| fold(&before.metric) == fold(&end.of));
        (is_of_before || (is_other_end && end.is_metric)).then(|| own_goal(&objective))
    }

    /// What its tasks are judged by, where its goal speaks of something else.
    pub(super) fn judged(&self, answer: Answer, wish: &Wish) -> Answer {
        let Some(objective) = self.objective(wish) else {
            return answer;
        };
        let Some(end) = self.end_of(&wish.goal, &objective) else {
            return answer;
        };
        let is_same = end.direction == objective.direction && end.is_objective;
        if is_same {
            return answer;
        }
        answer.more(format!(
            "Its tasks are judged by {} ({}), as its template says; a brief has no objective of its own.",
            quoted(&objective.metric),
            objective.direction
        ))
    }

    /// Which end of what a goal wants: "the highest score".
    fn end_of(&self, goal: &str, objective: &Objective) -> Option<End> {
        let words = Question::read(goal).ok()?.words;
        let (at, direction) = words.iter().enumerate().find_map(|(at, word)| {
            let said = word.folded.as_str();
            let is_highest = HIGHEST.contains(&said);
            let direction = if is_highest {
                Direction::Maximize
            } else {
                Direction::Minimize
            };
            (is_highest || LOWEST.contains(&said)).then_some((at, direction))
        })?;
        let of = words[at + 1..]
            .iter()
            .find(|word| !["the", "a", "of", "its", "value"].contains(&word.folded.as_str()))?;
        let metric = fold(&objective.metric);
        let is_objective = of.folded == metric;
        let is_part = metric
            .split(|c: char| !c.is_alphanumeric())
            .any(|part| part == of.folded);
        let is_metric = is_objective
            || is_part
            || Direction::of_name(&of.folded).is_some()
            || !self
                .names
                .find(How::Folded, &of.text, &[Kind::Metric])
                .is_empty();
        Some(End {
            direction,
            of: of.text.clone(),
            is_objective: is_objective || is_part,
            is_metric,
        })
    }

    /// Why a brief cannot look for what its goal says: its template judges from the other end.
    pub(super) fn other_end(&self, wish: &Wish) -> Option<Answer> {
        let objective = self.objective(wish)?;
        let end = self.end_of(&wish.goal, &objective)?;
        if !end.is_metric || end.direction == objective.direction {
            return None;
        }
        let template = quoted(wish.template.as_deref().unwrap_or_default());
        let (wanted, has) = (end.direction, objective.direction);
        let text = format!(
            "I cannot draft that: you want to {wanted} {}, and tasks of {template} are judged by {} ({has}); a brief has no objective of its own.",
            quoted(&end.of),
            quoted(&objective.metric),
        );
        let goal = own_goal(&objective);
        let mut answer = Answer::refused(text)
            .more(format!(
                "Say `the goal is {goal}`, or `use NAME` with a template whose objective it is; a template of your own names it in `[objective]`.",
            ))
            .link("templates", "/templates");
        let with_goal = Wish {
            goal: goal.clone(),
            ..wish.clone()
        };
        if self.is_valid(&with_goal, wish.template.as_deref()?) {
            answer.suggestions = vec![format!("the goal is {goal}")];
        }
        Some(answer)
    }
}

/// What a template looks for, as goals say it.
fn own_goal(objective: &Objective) -> String {
    let end = match objective.direction {
        Direction::Minimize => "lowest",
        Direction::Maximize => "highest",
    };
    format!("the {end} {}", objective.metric)
}
