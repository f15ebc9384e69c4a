//! What a sentence about a draft says that no brief has, or that cannot be carried into it.

use cupola_domain::brief::TASKS_MAX;

use super::{Answer, Desk, drafts::asking, quoted};
use crate::{
    links,
    numbers::plural,
    suggest,
    wish::{Beyond, Missing, NUM_TASKS, Part, Wish},
};

/// Words that were left out of a draft and are told.
const UNREAD_MAX: usize = 12;

impl Desk<'_> {
    /// What is asked back or refused of the last sentence about a draft; what else it said is kept.
    pub(super) fn obstacle(&self, wish: &Wish) -> Option<Answer> {
        let mut obstacles = wish.beyond.iter().filter_map(|one| obstacle(one, wish));
        let mut answer = obstacles.next()?;
        for other in obstacles {
            answer = answer.more(other.text);
        }
        answer = unread(answer, wish);
        let is_whole = !wish.goal.is_empty() && wish.template.is_some();
        if is_whole {
            answer = answer.more("What else you said is kept: `show it` is the draft without.");
        }
        let without = wish.template.as_deref().is_some_and(|template| {
            let mut without = wish.clone();
            without.forget_unread();
            self.is_valid(&without, template)
        });
        if without {
            answer.suggestions.push("show it".to_owned());
        } else {
            answer.suggestions = suggest::examples();
        }
        Some(answer.link("a new brief", links::NEW_BRIEF))
    }
}

/// Why something cannot be done as it was said, and how it can be; none where it is only left out.
fn obstacle(one: &Beyond, wish: &Wish) -> Option<Answer> {
    let said = quoted(&one.words);
    Some(match one.what {
        Missing::Date => Answer::refused(format!(
            "A brief has no date, so {said} cannot be kept to: say how long each task may take (`10 minutes each`), or all of them (`2 hours in total`)."
        )),
        Missing::Tasks => Answer::refused(format!(
            "{said} is no number of tasks that a brief can have: a whole number from 1 to 1000000, such as `20 tasks`."
        )),
        Missing::Several => asking(format!(
            "{said} are several numbers where a brief has one: say which."
        )),
        Missing::Bound => asking(format!(
            "{said} leaves open which number: a brief has one, such as `20 tasks` or `5 minutes each`."
        )),
        Missing::Degree(None) => asking(format!(
            "{said} of what? Say it, such as `double the tasks` or `twice the time`."
        )),
        Missing::Degree(Some(part)) => by_how_much(&said, part, wish),
        Missing::TimesNothing => Answer::refused(format!(
            "{said} changes nothing, since its priority is {}: a whole number from -1000000 to 1000000, and higher goes first. Say it, such as `priority 5`.",
            wish.priority.unwrap_or(0)
        )),
        Missing::Value => asking(format!(
            "{said} names no value: say the values, such as `lr 0.01`, or a range, such as `lr 0.001 to 0.1`."
        )),
        Missing::Not => asking(format!(
            "A brief says what is to be, and {said} what is not: say it the other way, such as `on medium machines` or `use NAME`. Machines are chosen by class (`small`, `medium`, `large`), none by its name."
        )),
        Missing::Repeats
        | Missing::Checks
        | Missing::Sampler
        | Missing::Priority
        | Missing::CreditsEach
        | Missing::Rounded
        | Missing::Turned => return None,
    })
}

/// More or less of something, without a number.
fn by_how_much(said: &str, part: Part, wish: &Wish) -> Answer {
    let tasks = wish.num_tasks.unwrap_or(NUM_TASKS);
    let less = [
        "fewer", "less", "lower", "decrease", "reduce", "shorte", "cut", "drop", "remove",
        "delete", "minus", "without",
    ];
    let is_less = less.iter().any(|word| said.to_lowercase().contains(word));
    let half = if is_less {
        "half the time"
    } else {
        "twice the time"
    };
    let other = if is_less {
        tasks.div_ceil(2)
    } else {
        tasks.saturating_mul(2).min(TASKS_MAX)
    };
    let (now, say) = match part {
        Part::Tasks => {
            let mut say = vec![plural(other.into(), "task")];
            if is_less && tasks > 2 {
                say.push("2 fewer tasks".to_owned());
            } else if !is_less {
                say.push("10 more tasks".to_owned());
            }
            (format!("It has {}.", plural(tasks.into(), "task")), say)
        }
        Part::Time => (
            String::new(),
            vec!["5 minutes each".to_owned(), half.to_owned()],
        ),
        Part::Credits => (String::new(), vec!["at most 200 credits".to_owned()]),
        _ => (
            format!(
                "Its priority is {}; higher goes first.",
                wish.priority.unwrap_or(0)
            ),
            vec!["priority 5".to_owned()],
        ),
    };
    let ways: Vec<String> = say.iter().map(|way| quoted(way)).collect();
    let now = if now.is_empty() {
        now
    } else {
        format!(" {now}")
    };
    let text = format!(
        "By how much, {said}?{now} Say it, such as {}.",
        ways.join(" or ")
    );
    Answer {
        suggestions: say,
        ..asking(text)
    }
}

/// What of the last sentence is no part of the draft, and why.
pub(super) fn unread(mut answer: Answer, wish: &Wish) -> Answer {
    for one in &wish.beyond {
        let why = match one.what {
            Missing::Repeats => {
                "a brief repeats none of its tasks, each is another configuration with a seed of its own (`study seed 7` chooses the sampler's sequence)"
            }
            Missing::Checks => {
                "which results are checked is for the hub, not for a brief (`[verification]` in cupola.toml)"
            }
            Missing::Sampler => "there are the samplers `random`, `grid` and `quasi_random`",
            Missing::Priority => "a priority is a whole number, such as `priority 5`",
            Missing::CreditsEach => {
                "credits are for all tasks of a brief together, such as `at most 200 credits`"
            }
            Missing::Turned => {
                let said = quoted(&one.words);
                answer = answer.more(format!(
                    "{said} is put in order: a range goes from the lesser to the greater."
                ));
                continue;
            }
            Missing::Rounded => {
                let said = quoted(&one.words);
                answer = answer.more(format!("{said} is no whole number: it is rounded."));
                continue;
            }
            Missing::Date
            | Missing::TimesNothing
            | Missing::Tasks
            | Missing::Several
            | Missing::Bound
            | Missing::Degree(_)
            | Missing::Value
            | Missing::Not => continue,
        };
        answer = answer.more(format!("Left out: {}, since {why}.", quoted(&one.words)));
    }
    if wish.unread.is_empty() {
        return answer;
    }
    let words = wish.unread.iter().take(UNREAD_MAX);
    let words: Vec<String> = words.map(|word| quoted(word)).collect();
    answer.more(format!(
        "Left out, since I do not read it in a draft: {}. The form of a new brief has all that a brief may say.",
        words.join(", ")
    ))
}
