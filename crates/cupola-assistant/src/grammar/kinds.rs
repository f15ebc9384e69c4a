//! All of a kind: experiments by how they stand, workers that are heard of, what was made in a time.

use cupola_domain::counts::State;

use super::{
    Reading, Topic,
    about::LATEST,
    build::{Context, Refused},
    negation::{self, Turned},
};
use crate::{
    fact::Fact,
    intent::Intent,
    names::{Kind, Names},
    words::Sense,
};

/// Words that ask for what was made, rather than for what happened to it.
const MADE: &[&str] = &[
    "made",
    "make",
    "created",
    "create",
    "submitted",
    "submit",
    "wrote",
    "write",
    "planned",
];

/// Words for workers without runs.
const IDLE: &[&str] = &["idle", "free", "unused"];

impl<N: Names> Context<'_, N> {
    /// "Which experiments are done": experiments, where their runs would be another answer.
    pub(super) fn experiments_in(
        &mut self,
        topic: Option<Topic>,
    ) -> Result<Option<Intent>, Refused> {
        let has = |sense| self.marked.has(sense);
        if has(Sense::Kind(Kind::Experiment)) && self.says_without_runs() {
            return Ok(Some(Intent::Fact(Fact::NeverRan)));
        }
        let is_of_them = has(Sense::Kind(Kind::Experiment)) && !has(Sense::Kind(Kind::Run));
        let is_asked = matches!(topic, Some(Topic::Runs | Topic::Running));
        if !(is_asked && is_of_them && self.is_of_all_of_a_kind()) {
            return Ok(None);
        }
        let turned = self.turned();
        if turned.is_some() {
            self.answers_without_own()?;
        }
        if let Some((_, words)) = &turned {
            self.used.push(words.clone());
        }
        let is_briefs = self.says(&["brief", "briefs"]);
        let standing = |state, is_not| {
            Ok(Some(Intent::Fact(Fact::Standing {
                state,
                is_not,
                is_briefs,
            })))
        };
        match turned {
            Some((Turned::Unstarted, _)) => return Ok(Some(Intent::Fact(Fact::NeverRan))),
            Some((Turned::Left, _)) => return standing(State::Completed, true),
            Some((Turned::Not(state), _)) => return standing(state, true),
            None => {}
        }
        let state = match self.states_said().as_slice() {
            [] if has(Sense::Left) => State::Running,
            [] => return Ok(None),
            [(_, one)] => *one,
            // "Failed or cancelled": one of both would be left out.
            several => {
                let words = several
                    .iter()
                    .map(|(at, _)| self.marked.words()[*at].text.clone());
                return Err(Box::new(Reading::NotAnswered(words.collect())));
            }
        };
        if self.is_mine() {
            return self.list(Kind::Experiment).map(Some);
        }
        standing(state, false)
    }

    /// "Which workers are not busy": workers, where runs would be another answer.
    pub(super) fn workers_in(&mut self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let has = |sense| self.marked.has(sense);
        let is_of_them = has(Sense::Kind(Kind::Worker)) && !has(Sense::Kind(Kind::Run));
        let is_asked = matches!(topic, Some(Topic::Runs | Topic::Running | Topic::Kind(_)));
        if !(is_asked && is_of_them && self.is_of_all_of_a_kind()) {
            return Ok(None);
        }
        let is_idle = self.says(IDLE);
        let there = ["online", "connected", "offline", "disconnected"];
        if self.says(&there) {
            // "Which online workers are idle?": one of both would be left out.
            let words = self.marked.words().iter();
            let mut idle = words.filter(|word| IDLE.contains(&word.folded.as_str()));
            return match idle.next() {
                Some(word) => Err(Box::new(Reading::NotAnswered(vec![word.text.clone()]))),
                None => Ok(None),
            };
        }
        let is_busy = match self.turned() {
            Some((Turned::Not(State::Running), words)) if !is_idle => {
                self.used.push(words);
                false
            }
            Some(_) => return Ok(None),
            None if is_idle => false,
            None if has(Sense::Running) => true,
            None => return Ok(None),
        };
        self.left_out.clear();
        Ok(Some(Intent::Fact(Fact::Busy { is_busy })))
    }

    /// Whether nothing narrows it down to a few.
    fn is_of_all_of_a_kind(&self) -> bool {
        let is_idle = |text: &str| IDLE.contains(&text);
        self.marked.spans().iter().all(|span| is_idle(&span.text))
            && self.marked.filter.is_empty()
            && !self.marked.has(Sense::Pronoun)
            && !self.marked.has(Sense::Lost)
    }

    /// "Experiments with no runs".
    fn says_without_runs(&self) -> bool {
        let words = self.marked.words().iter().enumerate();
        let mut words = words.filter(|(_, word)| !word.is_quoted);
        words.any(|(at, word)| {
            ["no", "without"].contains(&word.folded.as_str())
                && self.marked.says_at(at + 1, Sense::Kind(Kind::Run))
        })
    }

    /// How everything stands; of one of a kind it is asked back, which.
    pub(super) fn status(&mut self) -> Result<Intent, Refused> {
        let has = |kind| self.marked.has(Sense::Kind(kind));
        if self.is_mine() && (has(Kind::Experiment) || has(Kind::Worker)) {
            let kind = if has(Kind::Worker) {
                Kind::Worker
            } else {
                Kind::Experiment
            };
            return self.list(kind);
        }
        if has(Kind::Worker) {
            return Ok(Intent::Workers);
        }
        if self.says(&["experiment", "brief", "family", "campaign"]) {
            let what = self.required(Vec::new(), &[Kind::Experiment])?;
            return Ok(Intent::Describe { what });
        }
        self.answers_without_own()?;
        Ok(Intent::Overview)
    }

    /// All of a kind, or what whoever asks has of it; the newest alone where that is asked for.
    pub(super) fn list(&mut self, kind: Kind) -> Result<Intent, Refused> {
        let is_own = self.is_mine();
        let one = match kind {
            Kind::Experiment => &[
                "experiment",
                "brief",
                "family",
                "campaign",
                "study",
                "project",
            ][..],
            Kind::Template => &["template", "program"],
            Kind::Model => &["model"],
            _ => &[],
        };
        if self.says(LATEST) && self.says(one) && !is_own {
            let newest = self.names.recent(kind).into_iter().next();
            if let Some(what) = newest {
                return Ok(Intent::Describe { what });
            }
        }
        Ok(match kind {
            Kind::Experiment => return self.list_experiments(),
            Kind::Worker if is_own => Intent::Fact(Fact::Own { kind }),
            Kind::Worker => self.list_workers(),
            kind => {
                self.answers_without_own()?;
                Intent::List { kind }
            }
        })
    }

    fn list_experiments(&mut self) -> Result<Intent, Refused> {
        let within = self.marked.period.clone();
        let is_own = self.is_mine() || (self.is_own() && self.says(MADE));
        if self.says(&["brief", "briefs"]) {
            return Ok(Intent::Fact(Fact::Briefs { is_own, within }));
        }
        Ok(match within {
            Some(_) if is_own => Intent::Fact(Fact::Deeds { of: None, within }),
            Some(within) if self.says(MADE) => Intent::Fact(Fact::Made { within }),
            Some(_) => Intent::WhatChanged { of: None, within },
            None if is_own => Intent::Fact(Fact::Own {
                kind: Kind::Experiment,
            }),
            None => {
                self.answers_without_own()?;
                Intent::List {
                    kind: Kind::Experiment,
                }
            }
        })
    }

    /// All of them, or those that are heard of, or are not.
    fn list_workers(&mut self) -> Intent {
        let is_there = self.says(&["online", "connected"]);
        let is_away = self.says(&["offline", "disconnected"]);
        if !(is_there || is_away) {
            return Intent::Workers;
        }
        let words = self.marked.words().iter();
        let mut not = words.enumerate().filter(|(at, word)| {
            *at > 0 && !word.is_quoted && negation::NOT.contains(&word.folded.as_str())
        });
        let turned = not.next().map(|(at, _)| at);
        if let (Some(at), None) = (turned, not.next()) {
            self.used.push(at..at + 1);
            return Intent::Fact(Fact::Presence { is_online: is_away });
        }
        Intent::Fact(Fact::Presence {
            is_online: is_there,
        })
    }
}
