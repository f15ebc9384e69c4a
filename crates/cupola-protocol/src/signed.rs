//! What a hub signs of an order, byte for byte: all of it, and for whom it is.

use serde_json::Value;

use crate::work::{AccessBody, ProgramToken, RunOrder};

/// What the bytes are, so that a signature is never one of something else.
const WHAT: &[u8] = b"cupola order 1";

/// The bytes that a signature of `order` for the worker `worker_id` is over.
///
/// Each field is its length as eight bytes, the lowest first, and its bytes. The code itself is there by
/// its hash, which the worker checks when it unpacks it.
pub fn signed_bytes(order: &RunOrder, worker_id: &str) -> Vec<u8> {
    // All fields by name: a new one is not forgotten.
    let RunOrder {
        run_id,
        task_id,
        experiment_id,
        attempt,
        epoch,
        template,
        command,
        code_hash,
        has_bundle,
        config,
        metric_name,
        environment,
        working_folder,
        access,
        time_budget_secs,
        hard_deadline_secs,
        token: ProgramToken(token),
        signature: _,
    } = order;
    let AccessBody {
        network,
        gpu,
        reads,
    } = access;
    let mut bytes = Vec::new();
    let mut put = |field: &[u8]| {
        bytes.extend((field.len() as u64).to_le_bytes());
        bytes.extend(field);
    };
    put(WHAT);
    for text in [worker_id, run_id, task_id, experiment_id, template] {
        put(text.as_bytes());
    }
    put(&attempt.to_le_bytes());
    put(&epoch.to_le_bytes());
    put_list(command, &mut put);
    put(code_hash.as_bytes());
    put(&[
        u8::from(*has_bundle),
        u8::from(working_folder.is_some()),
        u8::from(*network),
        u8::from(*gpu),
    ]);
    put(Value::Object(config.clone()).to_string().as_bytes());
    put(metric_name.as_bytes());
    let variables = environment.iter().flat_map(|(name, value)| [name, value]);
    put_list(&variables.cloned().collect::<Vec<_>>(), &mut put);
    put(working_folder.as_deref().unwrap_or_default().as_bytes());
    put_list(reads, &mut put);
    put(&time_budget_secs.to_bits().to_le_bytes());
    put(&hard_deadline_secs.to_bits().to_le_bytes());
    put(token.as_bytes());
    bytes
}

fn put_list(list: &[String], put: &mut impl FnMut(&[u8])) {
    put(&(list.len() as u64).to_le_bytes());
    for text in list {
        put(text.as_bytes());
    }
}
