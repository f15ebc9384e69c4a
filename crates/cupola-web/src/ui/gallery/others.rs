//! Login, errors, questions, tokens.

use cupola_domain::field::FieldError;

use super::{
    Sample,
    things::{HOSTILE, brief, frame, moment, never, who},
};
use crate::ui::{
    components::{Badge, Field, Input, Link, Opt, Tone},
    confirmation::Confirmation,
    error_page::ErrorPage,
    frame::{Frame, Section},
    login::Login,
    paths,
    shortcuts::Shortcuts,
    tokens::{Created, Index, List, TokenRow},
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("login", &login(&[])),
        Sample::new(
            "login-wrong",
            &login(&[FieldError::new(
                "token",
                "is not known here, has expired or was revoked",
            )]),
        ),
        Sample::new(
            "error-403",
            &ErrorPage::new(403, "a viewer may not delete briefs", Some(who())),
        ),
        Sample::new(
            "error-404",
            &ErrorPage::new(404, &format!("there is no brief `{HOSTILE}`"), Some(who())),
        ),
        Sample::new(
            "error-405",
            &ErrorPage::new(405, "`PUT /briefs` is not possible", Some(who())),
        ),
        Sample::new(
            "error-500",
            &ErrorPage::new(500, "internal error", Some(who())),
        ),
        Sample::new("confirmation", &confirmation()),
        Sample::new("shortcuts", &Shortcuts::new("/runs/1", Some(who()))),
        Sample::new("tokens", &tokens(None)),
        Sample::new("tokens-created", &tokens(Some(created()))),
    ]
}

fn login(errors: &[FieldError]) -> Login {
    Login {
        frame: Frame::new("Log in", Section::Outside, None),
        token: Field::new("token", "Access token", "")
            .with(Input::Password)
            .required()
            .with_error_of(errors),
        next: "/briefs?q=<script>alert(1)</script>".to_owned(),
    }
}

fn confirmation() -> Confirmation {
    let id = brief(1);
    Confirmation {
        frame: frame("Delete the brief", Section::Briefs).under("Briefs", paths::BRIEFS),
        question: format!("Delete the brief “{HOSTILE}”?"),
        lead: "This goes:",
        consequences: vec![
            "its family campaign-4f2a81c09b3d".to_owned(),
            "10 tasks and 12 runs with their results, curves and logs".to_owned(),
            "2 runs that are running; their programs are stopped".to_owned(),
        ],
        remark: "This cannot be undone.".to_owned(),
        verb: "Delete",
        action: paths::brief(id, "/deletion"),
        back: paths::brief(id, ""),
    }
}

fn created() -> Created {
    Created {
        name: HOSTILE.to_owned(),
        secret: "cu_worker_4fJ8sKq2Zr7TnB1xVd0LmPe9WcYh3Aua_1c9e27".to_owned(),
        usage: "cupola worker --hub http://127.0.0.1:7171 --token …".to_owned(),
    }
}

fn tokens(created: Option<Created>) -> Index {
    let roles = ["viewer", "researcher", "operator", "admin", "worker"];
    let roles = roles
        .map(|role| Opt::new(role, role, "researcher"))
        .to_vec();
    let row = |name: &str, role, badge: Badge, id: u64| TokenRow {
        name: name.to_owned(),
        owner: name.to_owned(),
        team: "lab".to_owned(),
        role,
        prefix: "cu_admin_4fJ8".to_owned(),
        revocation: (badge.label == "valid").then(|| {
            let id = cupola_domain::ids::Ids::new(id).next(super::things::at(id));
            Link::new("Revoke", paths::token(id, "/revocation"))
        }),
        badge,
        created: moment(id),
        expires: never(),
    };
    Index {
        frame: frame("Tokens", Section::Settings),
        created,
        fields: vec![
            Field::new("name", "Name", "")
                .required()
                .hint("Who or what it is for."),
            Field::new("role", "Role", "researcher")
                .with(Input::Select(roles))
                .hint("Each role includes those before it; a worker stands apart."),
            Field::new("ttl_days", "Days until it expires", "")
                .with(Input::Number)
                .hint("Left empty, it does not."),
        ],
        list: List {
            rows: vec![
                row("admin", "admin", Badge::word("valid", Tone::Good), 1),
                row(HOSTILE, "viewer", Badge::word("expired", Tone::Quiet), 2),
                row("kiln", "worker", Badge::word("revoked", Tone::Bad), 3),
            ],
        },
    }
}
