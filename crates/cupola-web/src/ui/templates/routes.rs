//! What the addresses of templates and code answer.

use axum::extract::{Path, State, rejection::PathRejection};
use cupola_domain::access::Role;
use cupola_hub::{Hub, HubError};

use super::{Code, Index, Show, present};
use crate::{
    auth::{Access, Viewer},
    router::Routes,
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html, read},
        components::Link,
        frame::{Frame, Section},
        paths,
    },
};

pub(crate) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::TEMPLATES, viewer, index)
        .get("/templates/-/list", viewer, list)
        .get("/templates/{name}", viewer, show)
        .get("/templates/{name}/details", viewer, details)
        .get("/code/{hash}", viewer, code)
}

type Named = Result<Path<String>, PathRejection>;

/// The name in the path. One that is no text names nothing.
fn name(path: Named, kind: &'static str) -> Result<String, HubError> {
    path.map(|Path(name)| name)
        .map_err(|_| HubError::not_found(kind, "?"))
}

async fn index(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let (seq, found) = read(&web, Hub::template_list).await?;
    html(&Index {
        frame: Frame::new("Templates", Section::Templates, Some((&who).into())).at(seq),
        list: present::list(&found, &who),
    })
}

async fn list(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let found = hub_call(&web, Hub::template_list).await?;
    html(&present::list(&found, &who))
}

async fn show(State(web): State<Web>, Viewer(who): Viewer, path: Named) -> Rendered {
    let name = name(path, "template")?;
    let (seq, row) = read(&web, move |hub| hub.template_row(&name)).await?;
    html(&Show {
        frame: Frame::new(&row.template.title, Section::Templates, Some((&who).into()))
            .under("Templates", paths::TEMPLATES)
            .at(seq),
        details: present::details(&row, &who),
    })
}

async fn details(State(web): State<Web>, Viewer(who): Viewer, path: Named) -> Rendered {
    let name = name(path, "template")?;
    let row = hub_call(&web, move |hub| hub.template_row(&name)).await?;
    html(&present::details(&row, &who))
}

async fn code(State(web): State<Web>, Viewer(who): Viewer, path: Named) -> Rendered {
    let hash = name(path, "code")?;
    let (seq, code) = read(&web, move |hub| hub.find_code(&hash)).await?;
    let (command, files) = present::code_parts(&code);
    let title = format!("Code {}", &code.hash[..12.min(code.hash.len())]);
    html(&Code {
        frame: Frame::new(title, Section::Templates, Some((&who).into()))
            .under("Templates", paths::TEMPLATES)
            .at(seq),
        template: Link::new(&code.template, paths::template(&code.template, "")),
        hash: code.hash,
        command,
        files,
    })
}
