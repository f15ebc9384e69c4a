//! What would be changed. Nothing is changed here; an answer carries the call that would.

use cupola_domain::access::Role;
use cupola_hub::HubError;
use serde_json::{Map, Value};

use super::{Answer, Change, Desk, quoted};
use crate::{
    names::{Key, Thing},
    report,
    tools::{self, Mode, Refused},
};

impl Desk<'_> {
    pub(super) fn reported(&self, on: &Thing, with: &[Thing]) -> Result<Answer, HubError> {
        let (id, note) = match &on.key {
            Key::Experiment(id) => (*id, ""),
            _ => (
                self.hub.run_detail(self.run_of(on)?)?.experiment.id,
                " Reports are written on experiments; this is that of the run.",
            ),
        };
        let mut ids = vec![id];
        ids.extend(with.iter().filter_map(|thing| match &thing.key {
            Key::Experiment(id) => Some(*id),
            _ => None,
        }));
        let report = report::write(self.hub, &ids)?;
        let text = format!("The report on {} is below.{note}", quoted(&report.title));
        let mut answer = Answer::saying(text);
        for about in &report.about {
            answer = answer.link(about.text.clone(), about.href.clone());
        }
        answer.report = Some(report);
        if self.caller.role.includes(Role::Researcher) {
            let mut arguments = one("id", id.to_string());
            if ids.len() > 1 {
                let with = ids.iter().skip(1).map(|id| Value::from(id.to_string()));
                arguments.insert("with".to_owned(), with.collect());
            }
            answer = answer.more("It is not kept; keeping it is proposed.");
            answer.change = Some(Change {
                tool: "keep_report",
                arguments,
            });
        }
        Ok(answer)
    }

    /// A change, as its dry run says it would be.
    pub(super) fn proposed(
        &self,
        tool: &'static str,
        arguments: Map<String, Value>,
        what: &str,
    ) -> Result<Answer, HubError> {
        let would = match self.call(tool, &arguments, Mode::DryRun) {
            Ok(found) => text(&found["would"]).to_owned(),
            Err(refused) => return or_said(refused),
        };
        let mut answer = Answer::saying(format!(
            "{what} This would {would}; nothing is done before you confirm it."
        ));
        answer.change = Some(Change { tool, arguments });
        Ok(answer)
    }

    pub(super) fn call(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
        mode: Mode,
    ) -> Result<Value, Refused> {
        tools::call(self.hub, self.index, self.caller, (tool, arguments), mode)
    }
}

/// What a person can mend is said; the rest is an error.
pub(super) fn or_said(refused: Refused) -> Result<Answer, HubError> {
    match refused {
        Refused::Hub(error @ (HubError::Internal(_) | HubError::Unavailable(_))) => Err(error),
        refused => Ok(refused.into()),
    }
}

pub(super) fn one(name: &str, value: String) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}

/// A text, or what is marked as one.
pub(super) fn text(value: &Value) -> &str {
    value["data"]
        .as_str()
        .or(value.as_str())
        .unwrap_or_default()
}
