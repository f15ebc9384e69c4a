//! What a question is about that is told by how it begins, or by words that stand together.

use super::{
    marked::Marked,
    orders::{GREETINGS, beginning},
};
use crate::{
    fact::{Deed, Timing},
    words::Sense,
};

/// What such a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Problems,
    Mean,
    Config,
    Seeds,
    WhyCancelled,
    Deeds,
    Latest,
    Why,
    Maker,
    Alerts,
    Nothing,
    When(Timing),
    Elsewhere(Deed),
}

/// Words for what came last.
pub(super) const LATEST: &[&str] = &["last", "latest", "newest", "recent", "recently"];

const RESULTS: &[&str] = &["results", "result", "values", "scores", "outcomes"];

/// What is done elsewhere, by the words that ask for it first.
const VERBS: &[(Deed, &[&str])] = &[
    (
        Deed::Delete,
        &["delete", "remove", "erase", "purge", "trash"],
    ),
    (Deed::Rename, &["rename"]),
    (Deed::Pause, &["pause", "drain", "suspend", "freeze"]),
    (Deed::Resume, &["resume", "unpause", "undrain", "continue"]),
    (Deed::Export, &["export", "download"]),
    (Deed::Ban, &["ban", "block"]),
    (Deed::LiftBan, &["unban", "unblock"]),
    (Deed::Clone, &["clone", "copy", "duplicate"]),
    (Deed::Promote, &["promote", "deploy"]),
    (Deed::Pay, &["grant", "transfer", "pay"]),
    (Deed::Invite, &["invite", "register"]),
    (Deed::Alert, &["alert", "notify", "warn", "remind", "email"]),
    (Deed::Edit, &["edit", "modify", "configure"]),
];

/// Words that change what the words behind them name.
const CHANGES: &[&str] = &[
    "change", "set", "raise", "increase", "lower", "decrease", "reduce", "update", "adjust",
    "edit", "modify",
];

/// What they change, by name.
const CHANGED: &[(Deed, &[&str])] = &[
    (Deed::Budget, &["budget", "budgets", "limit"]),
    (Deed::Rename, &["name", "title"]),
    (Deed::Pay, &["credits", "credit"]),
    (
        Deed::Edit,
        &[
            "config",
            "configuration",
            "parameter",
            "parameters",
            "seed",
            "priority",
            "settings",
            "description",
        ],
    ),
];

/// In what times are told.
pub(super) const UNITS: &[&str] = &["seconds", "minutes", "hours", "days", "weeks"];

/// Words before what is to be done.
const ASKING: &[&str] = &[
    "can", "could", "would", "will", "should", "may", "how", "do", "does", "is", "it", "possible",
    "to", "i", "you", "we", "want", "need", "like", "let", "lets", "us", "help", "me", "a", "the",
];

/// What a question is about that is told by its words alone, before any rule.
pub(super) fn about(marked: &Marked) -> Option<About> {
    let words: Vec<_> = marked
        .words()
        .iter()
        .filter(|word| !word.is_quoted)
        .collect();
    let said: Vec<&str> = words.iter().map(|word| word.folded.as_str()).collect();
    if let Some(about) = at_once(marked, &said) {
        return Some(about);
    }
    if asks_for_schedule(marked) {
        return Some(About::Elsewhere(Deed::ScheduleReport));
    }
    if let Some(deed) = elsewhere(&said) {
        return Some(About::Elsewhere(deed));
    }
    if let Some(timing) = timing(marked, &said) {
        return Some(About::When(timing));
    }
    let [first, second] = beginning(marked.words());
    let asks = first == "what" && ["did", "have", "has"].contains(&second);
    if asks && ends_with_do(marked) {
        return Some(About::Deeds);
    }
    let is_latest = said.iter().any(|word| LATEST.contains(word));
    let others = [
        Sense::Best,
        Sense::Worst,
        Sense::Compare,
        Sense::Log,
        Sense::Check,
        Sense::Failed,
    ];
    let is_plain = !others.iter().any(|sense| marked.has(*sense));
    if is_latest && is_plain && said.iter().any(|word| RESULTS.contains(word)) {
        return Some(About::Latest);
    }
    if marked.has(Sense::Cost) && per_run(marked).is_some() {
        return Some(About::Mean);
    }
    if asks_for_config(marked) {
        return Some(About::Config);
    }
    let is_why = marked.has(Sense::Why) && marked.spans().is_empty();
    let quiet = |sense| matches!(sense, Sense::Why | Sense::Noise | Sense::Asks | Sense::Of);
    (is_why && marked.senses().all(|(_, sense)| quiet(sense))).then_some(About::Why)
}

/// What is declined, whose something is, and alerts.
fn at_once(marked: &Marked, said: &[&str]) -> Option<About> {
    let [first, second] = beginning(marked.words());
    let is_change = [
        Sense::Cancel,
        Sense::Start,
        Sense::Retry,
        Sense::Submit,
        Sense::Pending,
    ];
    let is_not = first == "dont" || (first == "do" && second == "not");
    if is_not && is_change.iter().any(|sense| marked.has(*sense)) {
        return Some(About::Nothing);
    }
    let makes = [
        "made",
        "created",
        "started",
        "submitted",
        "launched",
        "began",
        "wrote",
        "owns",
        "own",
    ];
    if first == "who"
        && said.iter().any(|word| makes.contains(word))
        && (!marked.spans().is_empty() || marked.has(Sense::Pronoun))
    {
        return Some(About::Maker);
    }
    let alerts = ["alerts", "alarms", "warnings"];
    let problems = [
        "problem", "problems", "issue", "issues", "trouble", "troubles",
    ];
    let says = |known: &[&str]| said.iter().any(|word| known.contains(word));
    if says(&alerts) && !says(&problems) && marked.spans().is_empty() {
        return Some(About::Alerts);
    }
    None
}

/// Whether somebody only says hello.
pub(super) fn is_greeting(marked: &Marked) -> bool {
    const HELLO: &[&str] = &[
        "hello",
        "hi",
        "hey",
        "greetings",
        "hiya",
        "morning",
        "afternoon",
        "evening",
    ];
    const BESIDE: &[&str] = &[
        "good",
        "there",
        "cupola",
        "you",
        "all",
        "everybody",
        "assistant",
    ];
    let mut words = marked.words().iter().map(|word| word.folded.as_str());
    words.clone().any(|word| HELLO.contains(&word))
        && words.all(|word| {
            HELLO.contains(&word) || BESIDE.contains(&word) || GREETINGS.contains(&word)
        })
}

/// Where "per run" stands.
pub(super) fn per_run(marked: &Marked) -> Option<usize> {
    let words = marked.words().iter().enumerate();
    let mut per = words.filter(|(at, word)| {
        word.folded == "per"
            && !word.is_quoted
            && marked.says_at(at + 1, Sense::Kind(crate::names::Kind::Run))
    });
    per.next().map(|(at, _)| at)
}

/// "The configuration of …", where "which configuration won" asks for a run.
fn asks_for_config(marked: &Marked) -> bool {
    let Some(at) = marked.place_of(Sense::Config) else {
        return false;
    };
    let next = marked
        .words()
        .get(at + 1)
        .map_or("", |word| word.folded.as_str());
    ["of", "for", "from", "in"].contains(&next)
}

/// "What did I do yesterday": nothing but a time stands behind the verb.
fn ends_with_do(marked: &Marked) -> bool {
    let words = marked.words().iter().enumerate();
    let mut said = words.filter(|(at, _)| !marked.is_taken(*at));
    said.next_back()
        .is_some_and(|(_, word)| ["do", "done", "doing"].contains(&word.folded.as_str()))
}

fn elsewhere(said: &[&str]) -> Option<Deed> {
    let mut rest = said
        .iter()
        .position(|word| !GREETINGS.contains(word) && !ASKING.contains(word));
    // "How do I change …" and "do you know …" are told by the word behind.
    if rest.is_none() && !said.is_empty() {
        rest = Some(0);
    }
    let (verb, behind) = said.get(rest?..)?.split_first()?;
    if CHANGES.contains(verb) {
        let named = CHANGED
            .iter()
            .find(|(_, names)| behind.iter().any(|word| names.contains(word)));
        if let Some((deed, _)) = named {
            return Some(*deed);
        }
    }
    let says = |known: &[&str]| behind.iter().any(|word| known.contains(word));
    if ["delete", "remove", "discard"].contains(verb) && says(&["report", "reports"]) {
        return Some(Deed::DeleteReport);
    }
    // "Reports on alpha" are written; those that are kept stand elsewhere.
    let is_of_something = says(&["on", "of", "about", "for", "comparing"]);
    if said.contains(&"reports") && !is_of_something {
        return Some(Deed::ListReports);
    }
    let is_pay = *verb == "give" && says_credits(behind);
    let is_draft = says(&["brief", "search", "sweep", "draft"]);
    let is_invite = ["add", "create", "make"].contains(verb)
        && says(&["worker", "machine", "user", "person", "token"])
        && !is_draft;
    let is_make =
        ["create", "make", "new", "add"].contains(verb) && says(&["experiment"]) && !is_draft;
    let is_set_up = behind.first() == Some(&"up");
    match () {
        () if is_make => return Some(Deed::Make),
        () if is_pay => return Some(Deed::Pay),
        () if is_invite => return Some(Deed::Invite),
        () if ["change", "set", "update"].contains(verb) && says(&["to"]) && !is_set_up => {
            return Some(Deed::Edit);
        }
        () => {}
    }
    let is_log = *verb == "download" && says(&["log", "logs", "output"]);
    if is_log {
        return None;
    }
    let found = VERBS.iter().find(|(_, verbs)| verbs.contains(verb));
    found.filter(|_| !behind.is_empty()).map(|(deed, _)| *deed)
}

/// "Report on alpha every week", where "weekly sweep" may be the name of an experiment.
fn asks_for_schedule(marked: &Marked) -> bool {
    let words = marked.words().iter().enumerate();
    let plain = words.filter(|(at, _)| marked.is_plain(*at));
    let said: Vec<&str> = plain.map(|(_, word)| word.folded.as_str()).collect();
    let is_listed = ["list", "show", "which", "what", "how"];
    let is_report = said.contains(&"report") || said.contains(&"reports");
    is_report
        && !said.first().is_some_and(|first| is_listed.contains(first))
        && says_regularly(&said)
}

/// "Every week", "daily", "schedule …".
fn says_regularly(said: &[&str]) -> bool {
    let regular = [
        "schedule",
        "scheduled",
        "hourly",
        "daily",
        "weekly",
        "monthly",
        "regularly",
    ];
    let spans = [
        "hour",
        "day",
        "night",
        "morning",
        "evening",
        "week",
        "month",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let is_every = |pair: &[&str]| {
        ["every", "each"].contains(&pair[0])
            && (spans.contains(&pair[1]) || crate::words::count(pair[1]).is_some())
    };
    said.iter().any(|word| regular.contains(word)) || said.windows(2).any(is_every)
}

/// "100 credits", where "the credits of the last 3 days" are asked for.
fn says_credits(words: &[&str]) -> bool {
    let credits = words
        .iter()
        .position(|word| ["credit", "credits"].contains(word));
    let number = words
        .iter()
        .position(|word| crate::words::count(word).is_some());
    number
        .zip(credits)
        .is_some_and(|(number, credits)| number < credits)
}

/// Which time is asked for.
fn timing(marked: &Marked, said: &[&str]) -> Option<Timing> {
    let other = [
        Sense::Check,
        Sense::Ban,
        Sense::Credits,
        Sense::Cost,
        Sense::Changed,
        Sense::Lost,
        Sense::Compare,
        Sense::Report,
    ];
    if other.iter().any(|sense| marked.has(*sense)) {
        return None;
    }
    let has = |sense| marked.has(sense);
    let says = |word: &str| said.contains(&word);
    let ends = has(Sense::Completed)
        || has(Sense::Cancel)
        || has(Sense::Cancelled)
        || has(Sense::Failed)
        || says("end");
    let [first, second] = beginning(marked.words());
    let asks_when = first == "when"
        || (first == "since" && second == "when")
        || (first == "what" && second == "time");
    let is_ago = first == "how" && second == "long" && says("ago");
    if asks_when || is_ago {
        let is_future = says("will") || (says("is") && ends) || says("be");
        return match () {
            () if is_future => Some(Timing::Left),
            () if ends => Some(Timing::Ended),
            () if has(Sense::Start) || has(Sense::Ran) || says("run") || says("running") => {
                Some(Timing::Started)
            }
            () if says("created") || says("made") || says("submitted") || says("new") => {
                Some(Timing::Made)
            }
            () => None,
        };
    }
    let is_ended_by = |unit: &&str| UNITS.contains(unit);
    let is_how_many_hours = second == "many"
        && said.get(2).is_some_and(is_ended_by)
        && ["take", "took", "taken", "last", "lasted", "until", "left"]
            .iter()
            .any(|word| says(word));
    let is_how_long = first == "how"
        && (second == "long"
            || (second == "much" && (says("time") || says("longer")))
            || is_how_many_hours);
    if is_how_long {
        let is_left = ["until", "till", "before", "will", "longer"]
            .iter()
            .any(|word| says(word))
            || has(Sense::Left);
        return Some(if is_left { Timing::Left } else { Timing::Took });
    }
    None
}
