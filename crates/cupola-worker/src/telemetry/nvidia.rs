//! NVIDIA's graphics processors, by their management library where it is installed.

use nvml_wrapper::{Nvml, enum_wrappers::device::TemperatureSensor};

/// The library, loaded.
pub(super) struct Library(Nvml);

/// What one of them says; what it does not know is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Told {
    pub(super) percent: Option<f64>,
    pub(super) memory_used: Option<f64>,
    pub(super) celsius: Option<f64>,
    pub(super) watts: Option<f64>,
}

impl Library {
    /// `None` where there is none, or no driver.
    pub(super) fn load() -> Option<Self> {
        Nvml::init().ok().map(Self)
    }

    /// What the processor at this place on the bus says.
    pub(super) fn ask(&self, bus: &str) -> Told {
        let Ok(device) = self.0.device_by_pci_bus_id(bus) else {
            return Told::default();
        };
        #[expect(clippy::cast_precision_loss, reason = "memory fits into 53 bits")]
        let memory_used = device.memory_info().ok().map(|memory| memory.used as f64);
        Told {
            percent: device
                .utilization_rates()
                .ok()
                .map(|rates| rates.gpu.into()),
            memory_used,
            celsius: device
                .temperature(TemperatureSensor::Gpu)
                .ok()
                .map(f64::from),
            // Told in thousandths.
            watts: device
                .power_usage()
                .ok()
                .map(|milli| f64::from(milli) / 1000.0),
        }
    }
}
