//! How fast a run's program says it goes.

use cupola_domain::{ids::RunId, metric::Throughput, time::Timestamp};
use cupola_store::{StoreError, Tx, series};

/// A run that says its speed under more names says it often enough.
const NAMES_MAX: usize = 16;

/// How fast a program said it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Speed {
    /// What is counted.
    pub of: Throughput,
    /// So many in a second.
    pub per_second: f64,
    /// When it was.
    pub at: Timestamp,
    /// The series that says so.
    pub name: String,
}

/// What a run's program last said of its speed; `None` where it says nothing of it. Of equally new ones
/// that counts which says most of the machine.
pub(super) fn find(tx: &mut Tx, run: RunId) -> Result<Option<Speed>, StoreError> {
    let is_speed = |name: &str| Throughput::of_name(name).is_some();
    let (names, _) = series::search_names(tx, run, &is_speed, (0, NAMES_MAX))?;
    let mut newest: Option<Speed> = None;
    for name in names {
        let last = series::find(tx, run, &name)?.and_then(|series| series.last);
        let Some((of, last)) = Throughput::of_name(&name).zip(last) else {
            continue;
        };
        let at = Timestamp::from_millis(last.time_millis);
        let is_newer = |newest: &Speed| (at, newest.of) > (newest.at, of);
        if last.value.is_finite() && newest.as_ref().is_none_or(is_newer) {
            newest = Some(Speed {
                of,
                per_second: last.value,
                at,
                name,
            });
        }
    }
    Ok(newest)
}
