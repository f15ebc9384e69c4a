//! `/toasts`: which runs ended since and which alerts were opened, for the corner of every page.

use askama::Template;
use axum::extract::State as Shared;
use cupola_domain::{access::Role, alert::Alert, counts::State};
use cupola_hub::endings::{ENDINGS_MAX, Ended, Endings};

use crate::{
    auth::{Access, Viewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html},
        components::{Link, Tone},
        format, paths,
    },
};

/// More of them become one that counts.
const SINGLE_MAX: usize = 3;

/// What is told.
#[derive(Debug, Clone, Template)]
#[template(path = "_toasts.html")]
pub struct Toasts {
    /// The latest last.
    pub toasts: Vec<Toast>,
    /// The change up to which they are told.
    pub next: i64,
}

/// One notice.
#[derive(Debug, Clone)]
pub struct Toast {
    /// The run's id, or a word.
    pub id: String,
    /// How it ended.
    pub tone: Tone,
    /// Where to look.
    pub link: Link,
    /// What happened there.
    pub text: String,
}

impl From<Endings> for Toasts {
    fn from(endings: Endings) -> Self {
        let toasts = if endings.list.len() > SINGLE_MAX {
            vec![joined(&endings.list)]
        } else {
            endings.list.iter().map(single).collect()
        };
        Self {
            toasts,
            next: endings.next,
        }
    }
}

impl Toasts {
    /// Adds the alerts that were opened up to a change.
    fn with_alerts(mut self, (opened, seq): (Vec<Alert>, i64)) -> Self {
        if opened.len() > SINGLE_MAX {
            let text = format::counted(opened.len() as u64, "alert", "alerts");
            self.toasts
                .push(alert("alerts".to_owned(), text, "open".to_owned()));
        } else {
            let toasts = opened.into_iter();
            (self.toasts).extend(toasts.map(|one| alert(one.id.to_string(), one.label, one.text)));
        }
        self.next = self.next.max(seq);
        self
    }
}

fn alert(id: String, label: String, text: String) -> Toast {
    Toast {
        id,
        tone: Tone::Bad,
        link: Link::new(label, paths::ALERTS),
        text,
    }
}

fn single(ended: &Ended) -> Toast {
    let state = ended.outcome.state();
    Toast {
        id: ended.run.to_string(),
        tone: state.into(),
        link: Link::new(
            format!("{}, task {}", ended.experiment, ended.number),
            paths::run(ended.run, ""),
        ),
        text: state.to_string(),
    }
}

fn joined(list: &[Ended]) -> Toast {
    let count = |state: State| {
        let all = list.iter().filter(|ended| ended.outcome.state() == state);
        all.count()
    };
    let states = [State::Completed, State::Failed, State::Cancelled];
    let counts: Vec<String> = states
        .into_iter()
        .map(|state| (state, count(state)))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let all = match list.len() {
        ENDINGS_MAX.. => format!("{} runs or more", format::count(ENDINGS_MAX as u64)),
        some => format!("{some} runs"),
    };
    Toast {
        id: "many".to_owned(),
        tone: if count(State::Failed) > 0 {
            Tone::Bad
        } else {
            Tone::Good
        },
        link: Link::new(all, format!("{}?sort=completed&order=desc", paths::TASKS)),
        text: counts.join(", "),
    }
}

pub(crate) fn routes() -> Routes {
    Routes::new().get(paths::TOASTS, Access::Role(Role::Viewer), show)
}

async fn show(Shared(web): Shared<Web>, _: Viewer, mut params: Params) -> Rendered {
    let after = params.optional("after", 0..=i64::MAX);
    params.finish()?;
    let asked = hub_call(&web, move |hub| {
        // In this order: whatever ended by the change that the alerts are read at is among the endings.
        let opened = hub.openings_after(after)?;
        Ok((opened, hub.endings_after(after)?))
    });
    let (opened, endings) = asked.await?;
    html(&Toasts::from(endings).with_alerts(opened))
}

#[cfg(test)]
mod tests {
    use cupola_domain::{
        ids::Ids,
        run::{Failure, Outcome},
        time::Timestamp,
    };

    use super::*;

    fn check(outcomes: &[Outcome], expected: &[(Tone, &str)]) {
        let mut ids = Ids::new(1);
        let list = outcomes.iter().map(|outcome| Ended {
            seq: 1,
            run: ids.next(Timestamp::from_millis(0)),
            number: 7,
            experiment: "moons".to_owned(),
            outcome: outcome.clone(),
        });
        let endings = Endings {
            list: list.collect(),
            next: 9,
        };
        let toasts = Toasts::from(endings).toasts;
        let seen: Vec<(Tone, String)> = toasts
            .into_iter()
            .map(|toast| (toast.tone, format!("{} {}", toast.link.text, toast.text)))
            .collect();
        let seen: Vec<(Tone, &str)> = seen.iter().map(|(t, s)| (*t, s.as_str())).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn few_are_told_one_by_one_and_many_as_one() {
        let done = Outcome::Completed;
        let failed = Outcome::Failed(Failure::ExitCode(3));
        check(&[], &[]);
        check(
            &[done.clone(), failed.clone(), Outcome::Cancelled],
            &[
                (Tone::Good, "moons, task 7 completed"),
                (Tone::Bad, "moons, task 7 failed"),
                (Tone::Quiet, "moons, task 7 cancelled"),
            ],
        );
        let mut many = vec![done; 12];
        check(&many, &[(Tone::Good, "12 runs 12 completed")]);
        many.push(failed);
        check(&many, &[(Tone::Bad, "13 runs 12 completed, 1 failed")]);
    }
}
