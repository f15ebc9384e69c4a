//! What a task costs whoever asks for it, and earns whoever runs it.
//!
//! ```text
//! price = hours of its time budget × units of the machine that it asks for × price of a unit's hour
//! units = max(cores, memory / 4 GiB, 1) + GPUs × (8 + memory of each / 1 GiB)
//! ```
//!
//! One unit is the reference machine: one core with 4 GiB. Nothing that a worker says enters: neither its
//! hardware nor the time that it took.

use std::time::Duration;

use crate::{
    credits::Credits,
    resources::{GIB, Needs},
};

/// What an hour of the reference machine costs, where nobody says otherwise: one credit a second.
pub const HOURLY: Credits = Credits::from_micros(3_600_000_000);

/// A graphics processor without memory is worth that many reference machines.
const UNITS_PER_GPU: u64 = 8;

const MEMORY_PER_UNIT: u64 = 4 * GIB;

/// The price of a task, to the next millionth above; never less than one.
pub fn of(time_budget: Duration, needs: &Needs, hourly: Credits) -> Credits {
    const UNIT_MILLIS_PER_HOUR: i128 = 1_000 * 3_600_000;
    let millis = i128::try_from(time_budget.as_millis()).unwrap_or(i128::MAX);
    let hourly = i128::from(hourly.micros().max(0));
    let scaled = millis
        .saturating_mul(i128::from(milliunits(needs)))
        .saturating_mul(hourly);
    let micros = scaled / UNIT_MILLIS_PER_HOUR + i128::from(scaled % UNIT_MILLIS_PER_HOUR > 0);
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    Credits::from_micros(micros.max(1))
}

/// How many reference machines the one is worth that a task asks for, in thousandths.
pub fn milliunits(needs: &Needs) -> u64 {
    let thousandths = |bytes: u64, of: u64| {
        let scaled = u128::from(bytes) * 1_000 / u128::from(of);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    };
    let cores = u64::from(needs.cpu_cores).saturating_mul(1_000);
    let memory = thousandths(needs.memory_bytes, MEMORY_PER_UNIT);
    let gpu = (1_000 * UNITS_PER_GPU).saturating_add(thousandths(needs.gpu_memory_bytes, GIB));
    let gpus = u64::from(needs.gpus).saturating_mul(gpu);
    cores.max(memory).max(1_000).saturating_add(gpus)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resources::Hardware;

    fn check(needs: &Needs, secs: u64, hourly: i64, expected_micros: i64) {
        let hourly = Credits::from_micros(hourly);
        let found = of(Duration::from_secs(secs), needs, hourly);
        assert_eq!(found.micros(), expected_micros, "{needs:?} for {secs} s");
    }

    #[test]
    fn a_second_of_the_reference_machine_costs_one_credit() {
        let hourly = HOURLY.micros();
        check(&Needs::default(), 1, hourly, 1_000_000);
        check(&Hardware::Small.needs(), 10, hourly, 10_000_000);
        check(&Hardware::Medium.needs(), 10, hourly, 20_000_000);
        check(&Hardware::Large.needs(), 10, hourly, 240_000_000);
    }

    #[test]
    fn memory_counts_where_it_is_more_than_the_cores_bring() {
        let needs = |cores, gib: u64| Needs {
            cpu_cores: cores,
            memory_bytes: gib * GIB,
            ..Needs::default()
        };
        let hourly = HOURLY.micros();
        check(&needs(1, 16), 1, hourly, 4_000_000);
        check(&needs(8, 16), 1, hourly, 8_000_000);
        check(&needs(1, 6), 1, hourly, 1_500_000);
    }

    #[test]
    fn a_price_is_rounded_up_and_is_never_nothing() {
        check(&Needs::default(), 1, 3_601, 2);
        check(&Needs::default(), 1, 0, 1);
        check(&Needs::default(), 0, 3_600, 1);
        check(&Needs::default(), 1, -5, 1);
    }

    #[test]
    fn no_price_wraps_around() {
        let all = Needs {
            cpu_cores: u32::MAX,
            memory_bytes: u64::MAX,
            gpus: u32::MAX,
            gpu_memory_bytes: u64::MAX,
            ..Needs::default()
        };
        check(&all, u64::MAX, i64::MAX, i64::MAX);
    }

    proptest! {
        #[test]
        fn more_time_and_more_needs_never_cost_less(
            secs in 0..1_000_000u64, more in 0..1_000u64, cores in 0..64u32, gpus in 0..8u32,
        ) {
            let needs = |cores, gpus| Needs { cpu_cores: cores, gpus, ..Needs::default() };
            let price = |secs, needs| of(Duration::from_secs(secs), &needs, HOURLY);
            let base = price(secs, needs(cores, gpus));
            prop_assert!(price(secs + more, needs(cores, gpus)) >= base);
            prop_assert!(price(secs, needs(cores + 1, gpus)) >= base);
            prop_assert!(price(secs, needs(cores, gpus + 1)) >= base);
        }
    }
}
