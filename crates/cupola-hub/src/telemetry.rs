//! What workers measure of their machines: taken once, dated by the hub, kept as series of the worker.

pub(crate) mod energy;
mod fleet;
mod hardware;
mod intake;
mod rebuild;
mod speed;

use std::sync::Arc;

use cupola_domain::time::Timestamp;
use cupola_store::{
    StoreError, Tx,
    series::{self, Asked, Series},
};

use crate::Hub;

pub use cupola_domain::telemetry::{GpuQuantity, Quantity, Sample, Values};
pub use fleet::{BUCKET, Bucket, FleetTelemetry, Measure, Newest, SPAN, Spread};
pub use hardware::RunHardware;
pub use speed::Speed;

pub(crate) use fleet::Fleet;
pub(crate) use rebuild::rebuild;

impl Hub {
    /// What all workers measured in the last 24 hours, and each of them last. Known by heart.
    pub fn fleet(&self) -> Arc<FleetTelemetry> {
        self.heart_of_fleet().shown(self.now())
    }
}

/// The points of a window, in order.
fn points_of(
    tx: &mut Tx,
    series: &Series,
    asked: Asked,
) -> Result<Vec<(Timestamp, f64)>, StoreError> {
    let (mut all, mut next) = (Vec::new(), Some(0));
    while let Some(at) = next {
        let (points, after) = series::points_within(tx, series, asked, at)?;
        let dated = points
            .iter()
            .map(|point| (Timestamp::from_millis(point.time_millis), point.value));
        all.extend(dated);
        next = after;
    }
    Ok(all)
}
