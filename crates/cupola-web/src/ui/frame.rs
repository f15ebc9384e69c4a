//! What surrounds every page: title, navigation, breadcrumbs, who is logged in.

use cupola_domain::access::{Principal, Role};

use crate::ui::{
    alerts::{Bell, Glance},
    components::Link,
    keys, paths,
};

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `/`
    Overview,
    /// `/experiments`
    Experiments,
    /// `/briefs`
    Briefs,
    /// `/families`
    Families,
    /// `/templates` and `/code`
    Templates,
    /// `/tasks`
    Tasks,
    /// `/runs`
    Runs,
    /// `/training`
    Training,
    /// `/models`
    Models,
    /// `/workspaces`
    Workspaces,
    /// `/workers`
    Workers,
    /// `/credits`
    Credits,
    /// `/reports`
    Reports,
    /// `/alerts`
    Alerts,
    /// `/settings`
    Settings,
    /// None of them: the login, an error.
    Outside,
}

impl Section {
    const NAVIGATION: [Section; 13] = [
        Section::Overview,
        Section::Experiments,
        Section::Briefs,
        Section::Families,
        Section::Tasks,
        Section::Runs,
        Section::Training,
        Section::Models,
        Section::Workspaces,
        Section::Workers,
        Section::Credits,
        Section::Reports,
        Section::Templates,
    ];

    const fn label(self) -> &'static str {
        match self {
            Section::Overview => "Overview",
            Section::Experiments => "Experiments",
            Section::Briefs => "Briefs",
            Section::Families => "Families",
            Section::Templates => "Templates",
            Section::Tasks => "Tasks",
            Section::Runs => "Runs",
            Section::Training => "Training",
            Section::Models => "Models",
            Section::Workspaces => "Workspaces",
            Section::Workers => "Workers",
            Section::Credits => "Credits",
            Section::Reports => "Reports",
            Section::Alerts => "Alerts",
            Section::Settings => "Settings",
            Section::Outside => "",
        }
    }

    const fn href(self) -> &'static str {
        match self {
            Section::Overview => paths::OVERVIEW,
            Section::Outside => paths::HOME,
            Section::Experiments => paths::EXPERIMENTS,
            Section::Briefs => paths::BRIEFS,
            Section::Families => paths::FAMILIES,
            Section::Templates => paths::TEMPLATES,
            Section::Tasks => paths::TASKS,
            Section::Runs => paths::RUNS,
            Section::Training => paths::TRAINING,
            Section::Models => paths::MODELS,
            Section::Workspaces => paths::WORKSPACES,
            Section::Workers => paths::WORKERS,
            Section::Credits => paths::CREDITS,
            Section::Reports => paths::REPORTS,
            Section::Alerts => paths::ALERTS,
            Section::Settings => paths::TOKENS,
        }
    }

    const fn hotkey(self) -> &'static str {
        match self {
            Section::Overview => keys::GO_OVERVIEW.keys,
            Section::Experiments => keys::GO_EXPERIMENTS.keys,
            Section::Briefs => keys::GO_BRIEFS.keys,
            Section::Families => keys::GO_FAMILIES.keys,
            Section::Templates => keys::GO_TEMPLATES.keys,
            Section::Tasks => keys::GO_TASKS.keys,
            Section::Runs => keys::GO_RUNS.keys,
            Section::Training => keys::GO_TRAINING.keys,
            Section::Models => keys::GO_MODELS.keys,
            Section::Workspaces => keys::GO_WORKSPACES.keys,
            Section::Workers => keys::GO_WORKERS.keys,
            Section::Credits => keys::GO_CREDITS.keys,
            Section::Reports => keys::GO_REPORTS.keys,
            Section::Alerts => keys::GO_ALERTS.keys,
            Section::Settings | Section::Outside => "",
        }
    }
}

/// One link of the navigation.
#[derive(Debug, Clone, Copy)]
pub struct NavItem {
    /// Its text.
    pub label: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// The keys that go there.
    pub hotkey: &'static str,
    /// Whether the page belongs to it.
    pub is_current: bool,
}

/// Who is logged in.
#[derive(Debug, Clone)]
pub struct Who {
    /// The token's name.
    pub name: String,
    /// Its role.
    pub role: &'static str,
    /// Whether experiments may be made.
    pub is_researcher: bool,
    /// Whether the tokens page may be seen.
    pub is_admin: bool,
}

impl From<&Principal> for Who {
    fn from(principal: &Principal) -> Self {
        Self {
            name: principal.name.clone(),
            role: principal.role.as_str(),
            is_researcher: principal.role.includes(Role::Researcher),
            is_admin: principal.role.includes(Role::Admin),
        }
    }
}

/// What surrounds a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The page's name, without the program's.
    pub title: String,
    /// Where in the navigation it stands.
    pub section: Section,
    /// The way to it, the page itself left out.
    pub crumbs: Vec<Link>,
    /// Who is logged in; none at the login.
    pub who: Option<Who>,
    /// Whether the page draws curves, which need a script of their own.
    pub has_curves: bool,
    /// How many alerts are open.
    pub bell: Bell,
    /// The last event before the page was read: the live stream goes on from there, so that nothing
    /// is missed in between.
    pub seq: Option<i64>,
    /// The program's version, for the footer.
    pub version: &'static str,
}

impl Frame {
    /// A page called `title` in `section`.
    pub fn new(title: impl Into<String>, section: Section, who: Option<Who>) -> Self {
        Self {
            title: title.into(),
            section,
            crumbs: Vec::new(),
            who,
            has_curves: false,
            bell: Glance::bell(),
            seq: None,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Adds a step to the breadcrumbs.
    #[must_use]
    pub fn under(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Link::new(text, href));
        self
    }

    /// Loads what draws curves.
    #[must_use]
    pub fn with_curves(mut self) -> Self {
        self.has_curves = true;
        self
    }

    /// Notes the last event before the page was read.
    #[must_use]
    pub fn at(mut self, seq: i64) -> Self {
        // The bell may have been read a little earlier.
        self.seq = Some(Glance::here().map_or(seq, |glance| seq.min(glance.seq)));
        self
    }

    /// The navigation as this page shows it.
    pub fn navigation(&self) -> Vec<NavItem> {
        let is_short = Glance::here().is_some_and(|glance| glance.is_for_workspaces);
        Section::NAVIGATION
            .into_iter()
            .filter(|section| !is_short || *section == Section::Workspaces)
            .map(|section| NavItem {
                label: section.label(),
                href: section.href(),
                hotkey: section.hotkey(),
                is_current: section == self.section,
            })
            .collect()
    }
}
