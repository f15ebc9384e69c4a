//! What stands above every page of a workspace: where it is, whether it answers, what should be
//! looked at, and the way between its pages.

use askama::Template;
use cupola_workspace::source::{Connection, Source, SourceError};

use super::{
    action::Asked,
    looked::{Looked, unless_away},
};
use crate::{
    ui::{
        components::{Badge, Link, Tone, html_safe},
        format,
        frame::Frame,
        plain::plain,
    },
    workspaces::Unanswered,
};

/// One of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// `/workspaces/{id}`
    Experiments,
    /// `/workspaces/{id}/jobs`
    Jobs,
    /// `/workspaces/{id}/graph`
    Graph,
    /// `/workspaces/{id}/services`
    Services,
    /// `/workspaces/{id}/orphans`
    Orphans,
    /// `/workspaces/{id}/log`
    Log,
}

impl Tab {
    /// In the order in which they are shown.
    const ALL: [Tab; 6] = [
        Tab::Experiments,
        Tab::Jobs,
        Tab::Graph,
        Tab::Services,
        Tab::Orphans,
        Tab::Log,
    ];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Tab::Experiments => "Experiments",
            Tab::Jobs => "Jobs",
            Tab::Graph => "Graph",
            Tab::Services => "Services",
            Tab::Orphans => "Orphans",
            Tab::Log => "Log",
        }
    }

    const fn part(self) -> &'static str {
        match self {
            Tab::Experiments => "",
            Tab::Jobs => "/jobs",
            Tab::Graph => "/graph",
            Tab::Services => "/services",
            Tab::Orphans => "/orphans",
            Tab::Log => "/log",
        }
    }
}

/// Something that should be looked at.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Of which run; empty for the whole workspace.
    pub run: String,
    /// In a few words.
    pub text: String,
    /// What can be done about it.
    pub actions: Vec<Link>,
}

/// The head.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_head.html")]
pub struct Head {
    /// `workspace:ID`.
    pub key: String,
    /// `/workspaces/{id}/head?tab=…`.
    pub src: String,
    /// Where it is.
    pub title: String,
    /// Whether it answers, of those elsewhere.
    pub connection: Option<Badge>,
    /// The pages: what they are called, where they are, whether this is one.
    pub tabs: Vec<(Link, bool)>,
    /// What should be looked at.
    pub notices: Vec<Notice>,
}

/// Why a workspace is not shown yet.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_waiting.html")]
pub struct Waiting {
    /// `workspace:ID`.
    pub key: String,
    /// `/workspaces/{id}/waiting`.
    pub src: String,
    /// What goes on, or went wrong.
    pub text: String,
    /// Where it is tried again; none while it is being tried.
    pub again: Option<String>,
}

/// The page in its place.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/waiting.html")]
pub struct WaitingPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/waiting`.
    pub waiting: Waiting,
}

html_safe!(Head, Waiting);

impl Head {
    pub(super) fn of(
        looked: &Looked,
        source: &dyn Source,
        current: Tab,
    ) -> Result<Self, SourceError> {
        let place = source.place();
        let connection = looked.connection().unwrap_or(Connection::Live);
        let may_act = looked.may_act() && place.can_act;
        let tabs = Tab::ALL.map(|tab| {
            let link = Link::new(tab.label(), looked.address(tab.part()));
            (link, tab == current)
        });
        let warnings = unless_away(source.warnings())?;
        let notices = warnings.iter().map(|warning| {
            let actions = warning.actions.iter().filter(|_| may_act);
            let link = |(action, label): &(String, String)| {
                let asked = Asked::warning(&warning.run, &warning.key, action);
                Link::new(plain(label), asked.address(looked))
            };
            Notice {
                run: plain(&warning.run.experiment),
                text: plain(&warning.description),
                actions: actions.map(link).collect(),
            }
        });
        Ok(Self {
            key: looked.key(),
            src: looked.address(&format!("/head?tab={}", current.label())),
            title: looked.title(),
            connection: badge(&connection, place.is_remote),
            tabs: tabs.into(),
            notices: notices.collect(),
        })
    }

    /// The tab of that name; the first for any other.
    pub(super) fn tab(name: &str) -> Tab {
        let found = Tab::ALL.into_iter().find(|tab| tab.label() == name);
        found.unwrap_or(Tab::Experiments)
    }
}

pub(super) fn badge(connection: &Connection, is_remote: bool) -> Option<Badge> {
    match connection {
        Connection::Live if is_remote => Some(Badge::word("connected", Tone::Good)),
        Connection::Live => None,
        Connection::Away { why, next } => Some(Badge {
            label: "away".to_owned(),
            tone: Tone::Warning,
            reason: format!(
                "{}; tried again after {}",
                plain(why),
                format::duration(*next)
            ),
        }),
    }
}

impl Waiting {
    pub(super) fn new(looked: &Looked, unanswered: &Unanswered) -> Self {
        let failed = match unanswered {
            Unanswered::Closed(error) => Some(plain(&error.to_string())),
            _ => None,
        };
        Self {
            key: looked.key(),
            src: looked.address("/waiting"),
            again: failed.is_some().then(|| looked.address("")),
            text: failed.unwrap_or_else(|| format!("{} is being opened…", looked.title())),
        }
    }
}
