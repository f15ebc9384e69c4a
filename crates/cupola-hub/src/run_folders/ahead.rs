//! Whether the folder of a run knows what the store does not, which is an older copy then.

use cupola_domain::run::LOGGED_CODE;
use serde_json::{Map, Value};

use super::tables::text;

/// By which one end is told from another.
const OF_END: [&str; 4] = ["phase", "outcome", "finished_at", "epoch"];

/// Whether the row in a run's folder has an end that the store's row lacks. A worker's run ends once.
/// One that a client logs may go on after its end: then the later word is the folder's only where the
/// store may be an older copy (`is_unsynced`).
pub(super) fn is_ahead(
    folder: &Map<String, Value>,
    store: &Map<String, Value>,
    is_unsynced: bool,
) -> bool {
    let at = |row: &Map<String, Value>| row.get("phase_at").and_then(Value::as_i64);
    if text(folder, "phase") != "finished" {
        return false;
    }
    if text(folder, "code_hash") == LOGGED_CODE {
        return is_unsynced && at(folder) > at(store);
    }
    OF_END
        .iter()
        .any(|column| folder.get(*column) != store.get(*column))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(phase: &str, at: i64, code: &str) -> Map<String, Value> {
        let (outcome, finished_at) = match phase {
            "finished" => (json!("completed"), json!(at)),
            _ => (Value::Null, Value::Null),
        };
        let row = json!({"phase": phase, "phase_at": at, "code_hash": code, "epoch": 1,
            "outcome": outcome, "finished_at": finished_at});
        row.as_object().unwrap().clone()
    }

    fn check(
        code: &str,
        (folder, at): (&str, i64),
        (store, store_at): (&str, i64),
        expected: [bool; 2],
    ) {
        let (folder, store) = (row(folder, at, code), row(store, store_at, code));
        let found = [false, true].map(|is_unsynced| is_ahead(&folder, &store, is_unsynced));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_worker_s_run_ends_once() {
        check("ab", ("running", 5), ("leased", 4), [false, false]);
        check("ab", ("running", 5), ("finished", 6), [false, false]);
        check("ab", ("finished", 5), ("finished", 5), [false, false]);
        check("ab", ("finished", 5), ("running", 4), [true, true]);
        // The hub went on with the older copy, and lost its worker.
        check("ab", ("finished", 5), ("finished", 9), [true, true]);
        check("ab", ("finished", 5), ("running", 9), [true, true]);
    }

    #[test]
    fn a_logged_run_may_go_on_after_its_end() {
        check(LOGGED_CODE, ("finished", 5), ("running", 9), [false, false]);
        check(LOGGED_CODE, ("finished", 5), ("running", 4), [false, true]);
        check(
            LOGGED_CODE,
            ("finished", 5),
            ("finished", 5),
            [false, false],
        );
        check(LOGGED_CODE, ("finished", 5), ("finished", 4), [false, true]);
    }
}
