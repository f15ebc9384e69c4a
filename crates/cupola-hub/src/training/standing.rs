//! What is true of one model, without a look at all the others.

use cupola_domain::{
    cost::{Kind, Scope},
    run::Run,
    text::storable,
    time::Timestamp,
    training::{ClaimProvenance, TrainingModel},
};
use cupola_store::{Tx, experiments, runs, trained, training};

use super::{
    Standing,
    composed::{Claims, standing},
    spending,
};
use crate::{
    Hub, HubError,
    costs::{
        self,
        booking::{self, Running},
    },
};

impl Hub {
    /// What is true of a model now, as [`Hub::training`] tells it; none where there is no such model.
    pub fn training_standing(&self, key: &str) -> Result<Option<Standing>, HubError> {
        let (key, now) = (storable(key).into_owned(), self.now());
        self.read(move |tx| find(tx, &key, now))
    }
}

fn find(tx: &mut Tx, key: &str, now: Timestamp) -> Result<Option<Standing>, HubError> {
    let model = training::find(tx, key)?;
    let manual = training::find_claim(tx, key, ClaimProvenance::Manual)?;
    let newest = trained::find_newest(tx, key)?;
    if model.is_none() && manual.is_none() && newest.is_none() {
        return Ok(None);
    }
    let model = model.unwrap_or_else(|| TrainingModel::of_key(key));
    let configured = training::find_claim(tx, key, ClaimProvenance::Configuration)?;
    let claims = Claims::of(manual.as_ref(), configured.as_ref());
    let mut running = booking::list_running(tx, now)?;
    running.retain(|of| of.cost.model == key);
    let scope = Scope {
        kind: Kind::Model,
        subject: key.to_owned(),
    };
    let total = costs::spent(tx, &scope, None, &running)?;
    running.retain(|of| !of.is_lost);
    let spent = spending::on_model(&total, running.iter());
    let current = latest(tx, &running)?.or(newest);
    Ok(Some(standing(
        &model,
        claims,
        current.as_ref(),
        Some(&spent),
    )))
}

/// The latest run that somebody has; those of deleted experiments are passed over.
fn latest(tx: &mut Tx, going: &[Running]) -> Result<Option<Run>, HubError> {
    let mut ids: Vec<_> = going.iter().map(|of| of.cost.run).collect();
    ids.sort();
    for id in ids.into_iter().rev() {
        if let Some(run) = runs::find(tx, id)?
            && experiments::find(tx, run.experiment)?.is_some()
        {
            return Ok(Some(run));
        }
    }
    Ok(None)
}
