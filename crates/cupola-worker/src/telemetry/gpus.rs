//! Graphics processors, in the order in which the worker named them when it joined.

use std::path::Path;

use cupola_domain::{
    telemetry::{GPUS_MAX, GpuQuantity, Quantity, Values},
    time::Instant,
};
use sysinfo::Gpus;

use super::{
    nvidia::{Library, Told},
    sysfs::Card,
};

/// All of them.
pub(super) struct Measured {
    nvidia: Option<Library>,
    places: Vec<Place>,
}

/// One of them.
struct Place {
    number: u8,
    bus: String,
    card: Option<Card>,
}

impl Measured {
    /// Those that this machine has.
    pub(super) fn find(sys: &Path) -> Self {
        let found = Gpus::new_with_refreshed_list();
        let gpus: Vec<&sysinfo::Gpu> = found.iter().flat_map(|found| found.iter()).collect();
        let is_nvidia =
            |gpu: &sysinfo::Gpu| gpu.vendor().is_some_and(|name| name.contains("NVIDIA"));
        let nvidia = gpus
            .iter()
            .any(|gpu| is_nvidia(gpu))
            .then(Library::load)
            .flatten();
        let place = |(number, gpu): (u8, &sysinfo::Gpu)| {
            let bus = gpu.pci().to_string();
            let card = (!is_nvidia(gpu)).then(|| Card::find(sys, &bus)).flatten();
            Place { number, bus, card }
        };
        Self {
            nvidia,
            places: (0..GPUS_MAX).zip(gpus).map(place).collect(),
        }
    }

    pub(super) fn measure(&mut self, now: Instant, values: &mut Values) {
        for place in &mut self.places {
            let told = match (&mut place.card, &self.nvidia) {
                (Some(card), _) => Told {
                    percent: card.percent(),
                    memory_used: card.memory_used(),
                    celsius: card.celsius(),
                    watts: card.watts(now),
                },
                (None, Some(library)) => library.ask(&place.bus),
                (None, None) => Told::default(),
            };
            let all = [
                (GpuQuantity::Percent, told.percent),
                (GpuQuantity::MemoryUsed, told.memory_used),
                (GpuQuantity::Celsius, told.celsius),
                (GpuQuantity::Watts, told.watts),
            ];
            for (quantity, value) in all {
                let named = Quantity::Gpu(place.number, quantity);
                values.extend(value.map(|value| (named, value)));
            }
        }
    }
}
