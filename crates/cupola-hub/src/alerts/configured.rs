//! Targets that stand in the configuration: brought up to date at every start.

use cupola_domain::{alert::Target, event::Event};
use cupola_store::{Tx, alerts::targets, events};

use super::{
    TARGETS_MAX,
    targets::{NewTarget, check},
};
use crate::{Hub, HubError};

/// Who is shown as the author of what stands in the configuration.
const AUTHOR: &str = "configuration";

/// A target of the configuration.
pub type NewConfigured = NewTarget;

impl Hub {
    /// Makes the targets that the configuration names, changes those that it names otherwise, and removes
    /// those that it names no more. A target that a person made keeps its name: then the configuration is
    /// refused.
    pub fn configure_alert_targets(&self, wanted: Vec<NewConfigured>) -> Result<(), HubError> {
        let mut checked = Vec::new();
        for new in wanted {
            checked.push((new.kind, check(&new)?, self.next_id()));
        }
        let now = self.now();
        self.write(move |tx| {
            check_room(tx, checked.len())?;
            remove_others(
                tx,
                &checked
                    .iter()
                    .map(|(_, c, _)| c.name.as_str())
                    .collect::<Vec<_>>(),
            )?;
            for (kind, wanted, id) in checked {
                let found = targets::find_by_name(tx, &wanted.name)?;
                let target = Target {
                    id,
                    name: wanted.name,
                    kind,
                    shown: wanted.shown,
                    has_address: true,
                    is_configured: true,
                    author: AUTHOR.to_owned(),
                    created_at: now,
                };
                match found {
                    None => targets::insert(tx, &target, &wanted.address)?,
                    Some(found) if found.is_configured => {
                        let target = Target {
                            id: found.id,
                            ..target
                        };
                        targets::save(tx, &target, &wanted.address)?;
                    }
                    Some(found) => return Err(taken(&found)),
                }
            }
            events::record(tx, Event::AlertingChanged);
            Ok(())
        })
    }
}

/// Whether there is room for so many beside those that people made.
fn check_room(tx: &mut Tx, wanted: usize) -> Result<(), HubError> {
    let all = targets::list(tx, i64::MAX)?;
    let made = all.iter().filter(|target| !target.is_configured).count();
    if i64::try_from(wanted + made).is_ok_and(|all| all <= TARGETS_MAX) {
        return Ok(());
    }
    Err(HubError::Conflict(format!(
        "the configuration names {wanted} targets and people made {made}; there may be \
         {TARGETS_MAX} in all, so take some out"
    )))
}

fn remove_others(tx: &mut Tx, names: &[&str]) -> Result<(), HubError> {
    for target in targets::list(tx, i64::MAX)? {
        if target.is_configured && !names.contains(&target.name.as_str()) {
            targets::delete(tx, target.id)?;
        }
    }
    Ok(())
}

fn taken(found: &Target) -> HubError {
    HubError::Conflict(format!(
        "the configuration names a target `{}`, and {} made one of that name; rename one of them",
        found.name, found.author
    ))
}
