//! What somebody says of a model by hand. It is kept with its author, and never counts more than what
//! was measured.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
};
use cupola_domain::{
    cost::Money,
    counts::State as ModelState,
    field::FieldError,
    text::excerpt,
    time::Timestamp,
    training::{Claim, ClaimProvenance},
};
use cupola_hub::{
    Hub, HubError,
    training::{self, Said},
};
use cupola_protocol::afs::{Percent, Standing, Stands, StatusUpdated};
use serde_json::{Map, Value};

use super::{Answer, Error, line};
use crate::{
    api::body,
    auth::Researcher,
    error::Refused,
    state::{Web, hub_call},
};

pub(super) async fn update(
    State(web): State<Web>,
    Researcher(who): Researcher,
    request: Request,
) -> Answer {
    let said = Update::read(&fields(&web, request).await?)?;
    let key = said.key.clone();
    let stands = hub_call(&web, move |hub| said.keep(hub, who.name)).await?;
    let stands = stands.ok_or_else(Error::unknown_model)?;
    let status = standing(stands.status, |state| state.to_string());
    line(&StatusUpdated {
        model: key,
        provenance: ClaimProvenance::Manual.to_string(),
        status: status.value.clone(),
        success: true,
        stands: Stands {
            progress: standing(stands.progress, |it| it.map(Percent)),
            status,
            total_cost: standing(stands.cost, |it| it.map(Money::units)),
        },
    })
}

fn standing<T, U>(said: Said<T>, shown: impl Fn(T) -> U) -> Standing<U> {
    Standing {
        basis: said.basis.as_str().to_owned(),
        value: shown(said.value),
    }
}

/// The body's fields; none when there is no body, or one of another shape.
async fn fields(web: &Web, request: Request) -> Result<Map<String, Value>, Error> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.to_str().is_ok_and(body::is_json));
    if !is_json {
        let title = "the body must be `application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refused::new(status, "unsupported_media_type", title).into());
    }
    let bytes = body::read(request, web).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(Error::invalid(format!("the body is not JSON: {error}"))),
    }
}

/// What is said of which model.
#[derive(Debug, PartialEq)]
struct Update {
    key: String,
    status: Option<ModelState>,
    progress: Option<f64>,
    total_cost: Option<Money>,
}

impl Update {
    /// What is null is not said; what these programs may send besides says nothing.
    fn read(fields: &Map<String, Value>) -> Result<Self, Error> {
        let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
        let key = given("model_key").ok_or_else(Error::missing_key)?;
        let mut wrong = Vec::new();
        let mut keep = |error: FieldError| wrong.push(error.to_string());
        let key = text("model_key", key).map_err(&mut keep);
        let status = given("status").map(status).transpose();
        let status = status.map_err(&mut keep);
        let progress = given("progress").map(progress).transpose();
        let progress = progress.map_err(&mut keep);
        let total_cost = given("total_cost").map(total_cost).transpose();
        let total_cost = total_cost.map_err(&mut keep);
        let (Ok(key), Ok(status), Ok(progress), Ok(total_cost)) =
            (key, status, progress, total_cost)
        else {
            return Err(Error::invalid(wrong.join("; ")));
        };
        Ok(Self {
            key,
            status,
            progress,
            total_cost,
        })
    }

    /// Keeps what is said and answers what is true of the model then; none where there is no such model.
    fn keep(self, hub: &Hub, author: String) -> Result<Option<training::Standing>, HubError> {
        if let Some(claim) = self.claim(hub.now(), author) {
            match hub.claim_training(&self.key, claim) {
                Err(HubError::NotFound { .. }) => return Ok(None),
                kept => kept?,
            };
        }
        hub.training_standing(&self.key)
    }

    fn claim(&self, at: Timestamp, author: String) -> Option<Claim> {
        let says_nothing =
            self.status.is_none() && self.progress.is_none() && self.total_cost.is_none();
        (!says_nothing).then_some(Claim {
            status: self.status,
            progress: self.progress,
            total_cost: self.total_cost,
            at,
            author,
            provenance: ClaimProvenance::Manual,
        })
    }
}

fn text(field: &str, value: &Value) -> Result<String, FieldError> {
    let found = value.as_str().map(str::to_owned);
    found.ok_or_else(|| FieldError::new(field, format!("is {}; say a text", excerpt(value))))
}

/// `loading` is what such a program says before a model trains.
fn status(value: &Value) -> Result<ModelState, FieldError> {
    let word = value.as_str().map(str::to_lowercase);
    let state = match word.as_deref() {
        Some("loading") => Some(ModelState::Pending),
        Some(word) => word.parse().ok(),
        None => None,
    };
    let refusal = || {
        let message = format!(
            "is {}; say `pending`, `loading`, `running`, `completed`, `failed` or `cancelled`",
            excerpt(value)
        );
        FieldError::new("status", message)
    };
    state.ok_or_else(refusal)
}

fn progress(value: &Value) -> Result<f64, FieldError> {
    let number = value.as_f64().filter(|it| (0.0..=100.0).contains(it));
    let refusal = || {
        let message = format!("is {}; say a number from 0 to 100", excerpt(value));
        FieldError::new("progress", message)
    };
    number.ok_or_else(refusal)
}

fn total_cost(value: &Value) -> Result<Money, FieldError> {
    let amount = value.as_f64().and_then(Money::of);
    let refusal = || {
        let is_large = value.as_f64().is_some_and(|amount| amount > 0.0);
        let wanted = if is_large {
            "a smaller amount"
        } else {
            "an amount of at least 0"
        };
        let message = format!("is {}; say {wanted}", excerpt(value));
        FieldError::new("total_cost", message)
    };
    amount.ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Update, Error> {
        Update::read(body.as_object().unwrap())
    }

    fn check(body: Value, status: Option<ModelState>, progress: Option<f64>, micros: Option<i64>) {
        let expected = Update {
            key: "din".to_owned(),
            status,
            progress,
            total_cost: micros.map(Money::from_micros),
        };
        assert_eq!(read(&body).unwrap(), expected, "{body}");
    }

    #[test]
    fn what_is_said_is_read() {
        use ModelState::{Cancelled, Completed, Pending, Running};
        let say = |status: &str| json!({"model_key": "din", "status": status});
        check(say("running"), Some(Running), None, None);
        check(say("COMPLETED"), Some(Completed), None, None);
        check(say("loading"), Some(Pending), None, None);
        check(say("cancelled"), Some(Cancelled), None, None);
        let all =
            json!({"model_key": "din", "status": "running", "progress": 12.5, "total_cost": 0.24});
        check(all, Some(Running), Some(12.5), Some(240_000));
        let bounds = json!({"model_key": "din", "progress": 0, "total_cost": 0});
        check(bounds, None, Some(0.0), Some(0));
        let nothing = json!({"model_key": "din", "progress": null, "note": "hello"});
        check(nothing, None, None, None);
    }

    async fn refused(body: Value, status: u16, message: &str) {
        let error = read(&body).unwrap_err();
        let response = error.into_response();
        assert_eq!(response.status(), status, "{body}");
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        let said: Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
        assert_eq!(said, json!({"error": message}), "{body}");
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        refused(json!({}), 400, "Missing model_key").await;
        refused(json!({"model_key": null}), 400, "Missing model_key").await;
        refused(
            json!({"model_key": 5}),
            400,
            "`model_key`: is 5; say a text",
        )
        .await;
        let words = "`pending`, `loading`, `running`, `completed`, `failed` or `cancelled`";
        let body = json!({"model_key": "din", "status": "done"});
        refused(body, 400, &format!("`status`: is \"done\"; say {words}")).await;
        let body = json!({"model_key": "din", "status": 1});
        refused(body, 400, &format!("`status`: is 1; say {words}")).await;
        for progress in [
            json!(-0.5),
            json!(100.1),
            json!("50"),
            json!(true),
            json!([1]),
        ] {
            let message = format!("`progress`: is {progress}; say a number from 0 to 100");
            let body = json!({"model_key": "din", "progress": progress});
            refused(body, 400, &message).await;
        }
        for (cost, wanted) in [
            (json!(-1), "an amount of at least 0"),
            (json!(1e300), "a smaller amount"),
            (json!("1"), "an amount of at least 0"),
        ] {
            let message = format!("`total_cost`: is {cost}; say {wanted}");
            let body = json!({"model_key": "din", "total_cost": cost});
            refused(body, 400, &message).await;
        }
        let body = json!({"model_key": "din", "progress": -1, "total_cost": -1});
        let both = "`progress`: is -1; say a number from 0 to 100; \
                    `total_cost`: is -1; say an amount of at least 0";
        refused(body, 400, both).await;
    }
}
