//! What a run says, as it is compared.

use std::collections::HashMap;

use cupola_domain::{
    counts::State,
    ids::WorkerId,
    repeats::{Repeats, Replay},
    run::Run,
    task::Task,
};
use cupola_economy::verdict::{Calibration, Observation, Tolerance};
use cupola_store::{Tx, ledger, results, verification as rows, verification::Claim, workers};
use serde_json::{Map, Value};

use crate::{HubError, secret};

/// The digits of a class's name.
const CLASS_DIGITS: usize = 16;

/// What a completed run says, and whether that comes out again. None where its template promises nothing or has
/// no objective to compare, or where nobody was to be paid for it.
pub(super) fn weigh(
    tx: &mut Tx,
    run: &Run,
    task: &Task,
) -> Result<Option<(Claim, Replay)>, HubError> {
    let is_result = run.state.word() == State::Completed && run.provenance.counts();
    if !is_result || task.metric.is_empty() {
        return Ok(None);
    }
    let (Some(repeats), Some(worker)) = (rows::find_repeats(tx, &run.code_hash)?, run.worker)
    else {
        return Ok(None);
    };
    let Some(kept) = ledger::find_earning(tx, run.id)? else {
        return Ok(None);
    };
    let results = results_of(tx, run, task, &repeats)?;
    let objective = results
        .get(&task.metric)
        .and_then(cupola_domain::metric::json_number);
    let claim = Claim {
        owner: kept.earning.earner,
        worker,
        class: class_of(tx, worker)?,
        digest: secret::digest(&repeats.text(&results, &task.metric)),
        value: objective.filter(|value| value.is_finite()),
    };
    Ok(Some((
        claim,
        repeats.replay(&task.config, &results, objective),
    )))
}

/// Who says that a run failed: without a value, and without bits.
pub(super) fn claim_of_failed(tx: &mut Tx, run: &Run) -> Result<Option<Claim>, HubError> {
    let (Some(worker), Some(kept)) = (run.worker, ledger::find_earning(tx, run.id)?) else {
        return Ok(None);
    };
    Ok(Some(Claim {
        owner: kept.earning.earner,
        worker,
        class: class_of(tx, worker)?,
        digest: String::new(),
        value: None,
    }))
}

/// Those of a run's results that are compared.
fn results_of(
    tx: &mut Tx,
    run: &Run,
    task: &Task,
    repeats: &Repeats,
) -> Result<Map<String, Value>, HubError> {
    let steps = repeats.steps.iter().map(|steps| &steps.result);
    let names = repeats.exact.iter().chain(steps).chain([&task.metric]);
    let mut found = Map::new();
    for name in names {
        if let Some((text, _)) = results::find(tx, run.id, name)?
            && let Ok(value) = serde_json::from_str(&text)
        {
            found.insert(name.clone(), value);
        }
    }
    Ok(found)
}

/// The class that the probe found. A machine that was not probed, or says a name that no probe gives, is a class
/// by itself: nobody's bits are held against its.
pub(super) fn class_of(tx: &mut Tx, worker: WorkerId) -> Result<String, HubError> {
    let found = workers::find(tx, worker)?;
    let class = found.and_then(|worker| worker.capabilities.device_class);
    Ok(class_or_own(class, worker))
}

pub(super) fn class_or_own(class: Option<String>, worker: WorkerId) -> String {
    let is_name = |class: &String| {
        class.len() == CLASS_DIGITS && class.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    class
        .filter(is_name)
        .unwrap_or_else(|| format!("machine {worker}"))
}

pub(super) fn seen(claim: &Claim) -> Observation<&str, &str> {
    Observation {
        class: &claim.class,
        digest: &claim.digest,
        value: claim.value,
    }
}

/// How far the classes of one program may lie apart.
pub(super) struct Tolerances {
    floor: f64,
    known: HashMap<(String, String), Tolerance>,
}

impl Tolerances {
    pub(super) fn between<'a>(
        tx: &mut Tx,
        (template, code_hash): (&str, &str),
        claims: impl Iterator<Item = &'a Claim> + Clone,
    ) -> Result<Self, HubError> {
        let repeats = rows::find_repeats(tx, code_hash)?;
        let floor = repeats.map_or(0.0, |repeats| repeats.tolerance);
        let mut known = HashMap::new();
        for one in claims.clone() {
            for other in claims.clone() {
                let (low, high) = pair(&one.class, &other.class);
                let (differences, deviation) = rows::find_calibration(tx, (template, low, high))?;
                let measured = Calibration::restored(differences, deviation);
                known.insert((low.to_owned(), high.to_owned()), measured.tolerance(floor));
            }
        }
        Ok(Self { floor, known })
    }

    pub(super) fn of(&self, one: &str, other: &str) -> Tolerance {
        let (low, high) = pair(one, other);
        let found = self.known.get(&(low.to_owned(), high.to_owned()));
        let unknown = || Calibration::default().tolerance(self.floor);
        found.copied().unwrap_or_else(unknown)
    }
}

/// What the referee confirmed tells how far two classes lie apart.
pub(super) fn learn(
    tx: &mut Tx,
    template: &str,
    one: &Claim,
    other: &Claim,
) -> Result<(), HubError> {
    let (Some(a), Some(b)) = (one.value, other.value) else {
        return Ok(());
    };
    if one.class == other.class {
        return Ok(());
    }
    let (low, high) = pair(&one.class, &other.class);
    let of = (template, low, high);
    let (differences, deviation) = rows::find_calibration(tx, of)?;
    let mut calibration = Calibration::restored(differences, deviation);
    calibration.learn(a - b);
    Ok(rows::save_calibration(tx, of, calibration.parts())?)
}

/// Two classes either way round.
fn pair<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    if one <= other {
        (one, other)
    } else {
        (other, one)
    }
}
