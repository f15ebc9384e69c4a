//! `/shortcuts`: what the keyboard does, the page that was asked from first.

use askama::Template;
use cupola_domain::access::Role;

use crate::{
    auth::{Access, Viewer},
    params::Params,
    router::Routes,
    ui::{
        answer::{Rendered, html},
        frame::{Frame, Section, Who},
        keys::{Place, Shortcut},
        paths,
    },
};

/// The page, and the box that `?` opens.
#[derive(Debug, Clone, Template)]
#[template(path = "shortcuts.html")]
pub struct Shortcuts {
    /// Around it.
    pub frame: Frame,
    /// Those of this page, and those of all pages.
    pub here: Vec<Group>,
    /// Those of other pages.
    pub elsewhere: Vec<Group>,
}

/// The shortcuts of one place.
#[derive(Debug, Clone)]
pub struct Group {
    /// The place.
    pub title: &'static str,
    /// What works there.
    pub shortcuts: Vec<Shortcut>,
}

impl Shortcuts {
    /// As seen from the page at `path`.
    pub fn new(path: &str, who: Option<Who>) -> Self {
        let group = |place: Place| Group {
            title: place.title(),
            shortcuts: place.shortcuts().collect(),
        };
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            Place::ALL.into_iter().partition(|place| place.is_at(path));
        Self {
            frame: Frame::new("Keyboard", Section::Outside, who),
            here: here.into_iter().map(group).collect(),
            elsewhere: elsewhere.into_iter().map(group).collect(),
        }
    }
}

pub(crate) fn routes() -> Routes {
    Routes::new().get(paths::SHORTCUTS, Access::Role(Role::Viewer), show)
}

async fn show(Viewer(who): Viewer, params: Params) -> Rendered {
    html(&Shortcuts::new(params.text("at"), Some((&who).into())))
}
