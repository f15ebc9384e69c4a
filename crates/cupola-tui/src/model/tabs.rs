//! What is looked at: a tab, or what lies over it.

use super::{Front, Model, Sub};
use crate::keys::Context;

/// The first choice of what to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Monitor,
    Services,
    Orphans,
    Warnings,
    Log,
    /// One of the tables that only some places have.
    Sheet(usize),
}

/// What has the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pane {
    Experiments,
    Jobs,
    RunServices,
    Actions,
    Services,
    Orphans,
    Warnings,
    WorkspaceLog,
    Sheet,
    Details,
    Log,
    Runs,
    Chart,
}

impl Pane {
    /// Where its keys are looked up.
    pub(crate) const fn contexts(self) -> &'static [Context] {
        use Context as In;
        match self {
            Self::Experiments => &[In::Experiments, In::List, In::Everywhere],
            Self::Jobs => &[In::Jobs, In::List, In::Everywhere],
            Self::RunServices | Self::Services => &[In::Services, In::List, In::Everywhere],
            Self::Actions => &[In::Actions, In::List, In::Everywhere],
            Self::Orphans => &[In::Orphans, In::List, In::Everywhere],
            Self::Warnings => &[In::Warnings, In::List, In::Everywhere],
            Self::WorkspaceLog => &[In::WorkspaceLog, In::List, In::Everywhere],
            Self::Sheet => &[In::List, In::Everywhere],
            Self::Details => &[In::Details, In::List, In::Everywhere],
            Self::Log => &[In::Log, In::List, In::Everywhere],
            Self::Runs => &[In::Runs, In::List, In::Everywhere],
            Self::Chart => &[In::Chart, In::List, In::Everywhere],
        }
    }
}

impl Model {
    /// What has the focus.
    pub(crate) fn pane(&self) -> Pane {
        match self.fronts.last() {
            Some(Front::Details(_)) => return Pane::Details,
            Some(Front::Log(_)) => return Pane::Log,
            Some(Front::Runs(_)) => return Pane::Runs,
            Some(Front::Chart(_)) => return Pane::Chart,
            None => {}
        }
        match (self.tab, &self.opened) {
            (Tab::Monitor, None) => Pane::Experiments,
            (Tab::Monitor, Some(opened)) => match opened.sub {
                Sub::Jobs => Pane::Jobs,
                Sub::Services => Pane::RunServices,
                Sub::Actions => Pane::Actions,
            },
            (Tab::Services, _) => Pane::Services,
            (Tab::Orphans, _) => Pane::Orphans,
            (Tab::Warnings, _) => Pane::Warnings,
            (Tab::Log, _) => Pane::WorkspaceLog,
            (Tab::Sheet(_), _) => Pane::Sheet,
        }
    }

    /// All tabs with what they are called now.
    pub(crate) fn tabs(&self) -> Vec<(Tab, String)> {
        let running = self.services.rows.iter().filter(|service| {
            matches!(
                service.state,
                cupola_workspace::model::ServiceState::Running
            )
        });
        let (stray, finished) = self.orphans.counts();
        let counted = |name: &str, count: usize| match count {
            0 => name.to_owned(),
            count => format!("{name} ({count})"),
        };
        let orphans = match (stray, finished) {
            (0, 0) => "Orphans".to_owned(),
            (stray, finished) => format!("Orphans ({stray}/{finished})"),
        };
        let log = if self.workspace_log.unread.is_some() {
            "Log *"
        } else {
            "Log"
        };
        let mut tabs = vec![
            (Tab::Monitor, "Monitor".to_owned()),
            (Tab::Services, counted("Services", running.count())),
            (Tab::Orphans, orphans),
            (Tab::Warnings, counted("Warnings", self.warnings.rows.len())),
            (Tab::Log, log.to_owned()),
        ];
        // A hub names every run, and its own log is on its stderr.
        let has_none = |tab: &Tab| self.place.is_hub && matches!(tab, Tab::Orphans | Tab::Log);
        tabs.retain(|(tab, _)| !has_none(tab));
        let sheets = self.sheets.iter().enumerate();
        tabs.extend(
            sheets.map(|(at, sheet)| (Tab::Sheet(at), counted(&sheet.title, sheet.rows.len()))),
        );
        tabs
    }
}
