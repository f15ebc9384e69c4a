//! The pages that layers answer with: what went wrong, and the way in.

use axum::response::{IntoResponse, Response};
use cupola_domain::field::FieldError;

use crate::{
    error,
    state::{Faces, Failure, LoginPrompt},
    ui::{
        answer,
        components::{Field, Input},
        error_page::ErrorPage,
        frame::{Frame, Section},
        login::Login,
    },
};

/// Pages like all others.
pub fn faces() -> Faces {
    Faces { error, login }
}

fn error(failure: &Failure) -> Response {
    let problem = &failure.problem;
    // A part is placed into a page that stands; nobody would look at a page within it.
    if failure.is_part {
        return error::plain(problem);
    }
    let who = failure.who.as_ref().map(Into::into);
    let page = ErrorPage::new(problem.status, &problem.title, who);
    answer::html(&page).map_or_else(|_| error::plain(problem), IntoResponse::into_response)
}

fn login(prompt: &LoginPrompt) -> Response {
    let refused = prompt.refused.iter();
    let errors: Vec<_> = refused.map(|why| FieldError::new("token", why)).collect();
    let page = Login {
        frame: Frame::new("Log in", Section::Outside, None),
        token: Field::new("token", "Access token", "")
            .with(Input::Password)
            .required()
            .with_error_of(&errors),
        next: prompt.next.clone(),
    };
    answer::html(&page).into_response()
}
