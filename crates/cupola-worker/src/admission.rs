//! What a worker runs at all: what its owner says, and what its hub has signed.

use std::{fmt, str::FromStr};

use cupola_domain::text::unhex;
use cupola_protocol::{signed::signed_bytes, work::RunOrder};
use ring::signature::{ED25519, UnparsedPublicKey};

/// Which orders a worker's owner lets it run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Admits {
    /// What its hub signed, and of that only the training programs that this one brings along.
    BuiltIn,
    /// What its hub signed.
    #[default]
    Signed,
    /// All that it is given.
    Any,
}

/// What a worker runs at all.
#[derive(Debug)]
pub(crate) struct Admission {
    admits: Admits,
    worker_id: String,
    key: Vec<u8>,
}

impl Admission {
    /// Of a worker that `hub_key` knew when it first joined.
    pub(crate) fn new(admits: Admits, worker_id: &str, hub_key: &str) -> Self {
        Self {
            admits,
            worker_id: worker_id.to_owned(),
            key: unhex(hub_key).unwrap_or_default(),
        }
    }

    /// Why `order` is not run, if it is not.
    pub(crate) fn check(&self, order: &RunOrder) -> Result<(), &'static str> {
        if self.admits == Admits::Any {
            return Ok(());
        }
        if self.key.is_empty() {
            return Err("the hub signs nothing, and this worker runs only what is signed");
        }
        let signature = unhex(&order.signature).unwrap_or_default();
        let bytes = signed_bytes(order, &self.worker_id);
        let key = UnparsedPublicKey::new(&ED25519, &self.key);
        key.verify(&bytes, &signature)
            .map_err(|_| "its signature is not one of this worker's hub")?;
        if self.admits == Admits::BuiltIn && !is_built_in(order) {
            return Err("this worker runs only built-in training programs");
        }
        Ok(())
    }
}

impl fmt::Display for Admits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Admits::BuiltIn => "built-in",
            Admits::Signed => "signed",
            Admits::Any => "any",
        })
    }
}

impl FromStr for Admits {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "built-in" => Ok(Admits::BuiltIn),
            "signed" => Ok(Admits::Signed),
            "any" => Ok(Admits::Any),
            _ => Err(format!("`{word}` is not `built-in`, `signed` or `any`")),
        }
    }
}

/// Names of variables that begin so are obeyed by what every program is loaded with.
const OF_LOADERS: [&str; 3] = ["GLIBC_", "LD_", "MALLOC_"];

/// By this, a training program of ours reads what it is told to; with a `/` there may be more such words.
const READS: &str = "--data";

/// Whether it is a training program of ours, with nothing of anybody else's.
fn is_built_in(order: &RunOrder) -> bool {
    let mut arguments = order.command.iter().map(String::as_str);
    let of_a_loader = |name: &String| OF_LOADERS.iter().any(|begins| name.starts_with(begins));
    arguments.by_ref().take(2).eq(["{cupola}", "train"])
        && !arguments.any(|argument| argument.starts_with(READS) || argument.contains('/'))
        && !order.environment.keys().any(of_a_loader)
        && !order.has_bundle
        && order.working_folder.is_none()
}

#[cfg(test)]
mod tests {
    use cupola_domain::text::hex;
    use cupola_protocol::work::AccessBody;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    const WORKER: &str = "w1";

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn order() -> RunOrder {
        serde_json::from_value(json!({
            "run_id": "r1",
            "task_id": "t1",
            "experiment_id": "e1",
            "attempt": 1,
            "epoch": 7,
            "template": "char-lm",
            "command": ["{cupola}", "train", "char-lm"],
            "code_hash": "00",
            "has_bundle": false,
            "config": {"lr": 0.1, "layers": 2, "name": "a"},
            "metric_name": "loss",
            "environment": {"A": "b"},
            "working_folder": null,
            "access": {"network": false, "gpu": false, "reads": ["/data"]},
            "time_budget_secs": 60.5,
            "hard_deadline_secs": 90.0,
            "token": "secret",
        }))
        .unwrap()
    }

    fn signed_by(key: &Ed25519KeyPair, mut order: RunOrder) -> RunOrder {
        order.signature = hex(key.sign(&signed_bytes(&order, WORKER)).as_ref());
        order
    }

    fn admission(admits: Admits) -> Admission {
        Admission::new(admits, WORKER, &hex(key(1).public_key().as_ref()))
    }

    /// As it comes over the network.
    fn sent(order: &RunOrder) -> RunOrder {
        serde_json::from_str(&serde_json::to_string(order).unwrap()).unwrap()
    }

    #[test]
    fn what_the_hub_signed_is_run_however_it_came() {
        let signed = signed_by(&key(1), order());
        assert_eq!(admission(Admits::Signed).check(&signed), Ok(()));
        assert_eq!(admission(Admits::Signed).check(&sent(&signed)), Ok(()));
    }

    /// Changes an order.
    type Change = fn(&mut RunOrder);

    #[test]
    fn a_change_of_any_field_is_found() {
        let changes: &[(&str, Change)] = &[
            ("run_id", |o| o.run_id.push('x')),
            ("task_id", |o| o.task_id.push('x')),
            ("experiment_id", |o| o.experiment_id.push('x')),
            ("attempt", |o| o.attempt += 1),
            ("epoch", |o| o.epoch += 1),
            ("template", |o| o.template.push('x')),
            ("an argument", |o| o.command[2].push('x')),
            ("another argument", |o| o.command.push(String::new())),
            ("the border of arguments", |o| {
                o.command = ["{cupola}t", "rain", "char-lm"].map(String::from).into();
            }),
            ("code_hash", |o| o.code_hash.push('0')),
            ("has_bundle", |o| o.has_bundle = true),
            ("a value of the config", |o| {
                o.config["lr"] = json!(0.100_000_000_000_000_02);
            }),
            ("a kind in the config", |o| o.config["layers"] = json!(2.0)),
            ("a key of the config", |o| {
                drop(o.config.insert("x".into(), json!(null)));
            }),
            ("metric_name", |o| o.metric_name.push('x')),
            ("a variable", |o| {
                drop(o.environment.insert("A".into(), "c".into()));
            }),
            ("another variable", |o| {
                drop(o.environment.insert("LD_PRELOAD".into(), "x".into()));
            }),
            ("working_folder", |o| o.working_folder = Some(String::new())),
            ("network", |o| o.access.network = true),
            ("gpu", |o| o.access.gpu = true),
            ("reads", |o| o.access.reads.push("/".into())),
            ("all access", |o| o.access = AccessBody::default()),
            ("time_budget_secs", |o| o.time_budget_secs += 1.0),
            ("hard_deadline_secs", |o| o.hard_deadline_secs = f64::MAX),
            ("token", |o| o.token.0.push('x')),
            ("signature", |o| {
                o.signature = o.signature.chars().rev().collect();
            }),
            ("no signature", |o| o.signature.clear()),
        ];
        let refused = Err("its signature is not one of this worker's hub");
        for (name, change) in changes {
            let mut order = signed_by(&key(1), order());
            change(&mut order);
            assert_eq!(admission(Admits::Signed).check(&order), refused, "{name}");
        }
    }

    #[test]
    fn another_hub_and_another_worker_are_found() {
        let refused = Err("its signature is not one of this worker's hub");
        let order = signed_by(&key(2), order());
        assert_eq!(admission(Admits::Signed).check(&order), refused);
        let order = signed_by(&key(1), super::tests::order());
        let key = hex(key(1).public_key().as_ref());
        let other = Admission::new(Admits::Signed, "w2", &key);
        assert_eq!(other.check(&order), refused);
    }

    #[test]
    fn an_owner_may_want_less_or_more() {
        let check = |admits: Admits, change: fn(&mut RunOrder), expected: bool| {
            let mut order = order();
            change(&mut order);
            let order = signed_by(&key(1), order);
            let is_run = admission(admits).check(&order).is_ok();
            assert_eq!(is_run, expected, "{admits:?} {:?}", order.command);
        };
        check(Admits::BuiltIn, |_| {}, true);
        check(Admits::BuiltIn, |o| o.command[1] = "demo".into(), false);
        check(Admits::BuiltIn, |o| o.command[0] = "sh".into(), false);
        check(Admits::BuiltIn, |o| o.has_bundle = true, false);
        for argument in ["--data", "--data=x", "--config-file=/etc/passwd"] {
            let mut order = order();
            order.command.push(argument.to_owned());
            assert!(!is_built_in(&order), "{argument}");
        }
        for variable in ["LD_PRELOAD", "LD_DEBUG_OUTPUT", "GLIBC_TUNABLES"] {
            let mut order = order();
            order.environment.insert(variable.into(), "/tmp/x".into());
            assert!(!is_built_in(&order), "{variable}");
        }
        check(
            Admits::BuiltIn,
            |o| o.working_folder = Some("/".into()),
            false,
        );
        check(Admits::Signed, |o| o.command[0] = "sh".into(), true);
        let unsigned = order();
        assert!(admission(Admits::BuiltIn).check(&unsigned).is_err());
        assert_eq!(admission(Admits::Any).check(&unsigned), Ok(()));
        let silent = Admission::new(Admits::Signed, WORKER, "");
        assert!(silent.check(&signed_by(&key(1), order())).is_err());
    }
}
