//! Telemetry: what this machine does while runs run, and while none does.
//!
//! A [`Probe`] measures, [`Sampling`] says when, and [`Samples`] keeps what the hub has not taken yet.

mod counters;
mod gpus;
mod machine;
mod nvidia;
mod samples;
mod sysfs;

use std::{fmt, time::Duration};

use cupola_domain::{telemetry::Values, time::Instant};
use tokio::task::JoinHandle;

pub(crate) use machine::Machine;
pub(crate) use samples::Samples;

/// How often a machine is measured while it runs something, and while it does not.
const PERIOD_BUSY: Duration = Duration::from_secs(5);
const PERIOD_IDLE: Duration = Duration::from_secs(30);

/// The first sample follows after this: shares and rates need two looks.
const FIRST: Duration = Duration::from_secs(1);

/// Measures a machine.
pub(crate) trait Probe: Send {
    /// What it is like at `now`. What cannot be measured is left out; rates are since the last call.
    fn measure(&mut self, now: Instant) -> Values;
}

/// A probe, and when it measures.
pub(crate) struct Sampling {
    state: State,
    last: Option<Instant>,
    began: Instant,
}

enum State {
    Waiting(Box<dyn Probe>),
    Measuring(JoinHandle<(Box<dyn Probe>, Values)>, Instant),
    /// The probe broke.
    Over,
}

impl Sampling {
    /// Begins at `now`, from when its rates count.
    pub(crate) async fn begin(
        make: impl FnOnce() -> Box<dyn Probe> + Send + 'static,
        now: Instant,
    ) -> Self {
        let begun = tokio::task::spawn_blocking(move || {
            let mut probe = make();
            probe.measure(now);
            probe
        });
        let state = begun.await.map_or(State::Over, State::Waiting);
        Self {
            state,
            last: None,
            began: now,
        }
    }

    /// When the next sample is due; sooner as soon as something runs.
    pub(crate) fn due(&self, is_busy: bool) -> Instant {
        let period = if is_busy { PERIOD_BUSY } else { PERIOD_IDLE };
        self.last
            .map_or(self.began.plus(FIRST), |last| last.plus(period))
    }

    /// Measures on a thread of its own, and gives what was found and when it was begun. Nothing is
    /// lost by letting go. Waits for ever once the probe broke.
    pub(crate) async fn measure(&mut self, now: Instant) -> (Instant, Values) {
        if let State::Waiting(_) = self.state
            && let State::Waiting(mut probe) = std::mem::replace(&mut self.state, State::Over)
        {
            self.last = Some(now);
            let measuring = tokio::task::spawn_blocking(move || {
                let values = probe.measure(now);
                (probe, values)
            });
            self.state = State::Measuring(measuring, now);
        }
        let State::Measuring(measuring, at) = &mut self.state else {
            return std::future::pending().await;
        };
        let at = *at;
        match measuring.await {
            Ok((probe, values)) => {
                self.state = State::Waiting(probe);
                (at, values)
            }
            Err(error) => {
                tracing::error!(%error, "measuring this machine broke; it is not measured any more");
                self.state = State::Over;
                std::future::pending().await
            }
        }
    }

    /// Whether a measurement is going on.
    pub(crate) fn is_measuring(&self) -> bool {
        matches!(self.state, State::Measuring(..))
    }
}

impl fmt::Debug for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampling")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use cupola_domain::telemetry::Quantity;

    use super::*;

    /// Measures how often it was asked.
    struct Counting(u32);

    impl Probe for Counting {
        fn measure(&mut self, _: Instant) -> Values {
            self.0 += 1;
            Values::from([(Quantity::CpuPercent, f64::from(self.0))])
        }
    }

    struct Broken(bool);

    impl Probe for Broken {
        fn measure(&mut self, _: Instant) -> Values {
            assert!(!self.0, "broken");
            self.0 = true;
            Values::new()
        }
    }

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    #[tokio::test]
    async fn a_busy_machine_is_measured_more_often() {
        let mut sampling = Sampling::begin(|| Box::new(Counting(0)), at(100)).await;
        assert_eq!(sampling.due(false), at(101));
        let (began, values) = sampling.measure(at(101)).await;
        // The first look was for the rates alone.
        assert_eq!((began, values[&Quantity::CpuPercent]), (at(101), 2.0));
        assert_eq!(
            (sampling.due(true), sampling.due(false)),
            (at(106), at(131))
        );
    }

    /// Measures, after its first look, once it is told to.
    struct Held(mpsc::Receiver<()>, u32);

    impl Probe for Held {
        fn measure(&mut self, _: Instant) -> Values {
            self.1 += 1;
            if self.1 > 1 {
                self.0.recv().expect("it is told");
            }
            Values::from([(Quantity::CpuPercent, f64::from(self.1))])
        }
    }

    #[tokio::test]
    async fn a_measurement_that_was_let_go_of_is_not_lost() {
        let (tell, told) = mpsc::channel();
        let mut sampling = Sampling::begin(|| Box::new(Held(told, 0)), at(0)).await;
        tokio::select! {
            biased;
            _ = sampling.measure(at(1)) => panic!("nothing was told"),
            () = tokio::task::yield_now() => {}
        }
        assert!(sampling.is_measuring());
        tell.send(()).expect("it waits");
        let (began, values) = sampling.measure(at(99)).await;
        assert_eq!((began, values[&Quantity::CpuPercent]), (at(1), 2.0));
        assert!(!sampling.is_measuring());
    }

    #[tokio::test]
    async fn a_probe_that_breaks_takes_nothing_with_it() {
        let mut sampling = Sampling::begin(|| Box::new(Broken(false)), at(0)).await;
        let measured = async { sampling.measure(at(1)).await };
        tokio::select! {
            biased;
            _ = measured => panic!("nothing was measured"),
            () = async { for _ in 0..1_000 { tokio::task::yield_now().await; } } => {}
        }
    }
}
