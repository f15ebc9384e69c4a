//! How fast files travel: what a machine's owner lets transfers take.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::Body;
use tokio::{fs::File, io::AsyncReadExt as _, sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;

/// So much of a file is sent at once at most, and at least.
const CHUNK_BYTES: (u64, u64) = (1 << 10, 64 << 10);

/// How fast files travel, shared by all transfers that have it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Pace(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Bytes a second; zero is as fast as they can.
    rate: AtomicU64,
    /// Until then, what was sent has used up what may be.
    spent_until: Mutex<Option<Instant>>,
}

impl Pace {
    /// From now on so many bytes a second; `None` is as fast as they can.
    pub fn limit(&self, bytes_per_sec: Option<u64>) {
        self.0
            .rate
            .store(bytes_per_sec.unwrap_or(0), Ordering::Relaxed);
    }

    /// Bytes a second, if they are limited.
    pub(crate) fn rate(&self) -> Option<u64> {
        Some(self.0.rate.load(Ordering::Relaxed)).filter(|rate| *rate > 0)
    }

    /// Takes part in what may be transferred, and waits until so many more bytes may have been.
    pub(crate) async fn pass(&self, bytes: usize) {
        let Some(rate) = self.rate() else {
            return;
        };
        tokio::time::sleep_until(self.spend(bytes, rate, Instant::now())).await;
    }

    /// The first `size` bytes of a file, at this pace.
    pub(crate) fn body(&self, file: File, size: u64) -> Body {
        let Some(rate) = self.rate() else {
            return Body::from(file);
        };
        // Small enough that whoever receives them does not take the sender for gone.
        let chunk = usize::try_from((rate / 4).clamp(CHUNK_BYTES.0, CHUNK_BYTES.1));
        let (pace, chunk) = (self.clone(), chunk.unwrap_or(usize::MAX));
        let (chunks, sent) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut file = file.take(size);
            loop {
                let mut bytes = vec![0; chunk];
                let read = match file.read(&mut bytes).await {
                    Ok(0) => return,
                    Ok(count) => {
                        bytes.truncate(count);
                        pace.pass(count).await;
                        Ok(bytes)
                    }
                    Err(error) => Err(error),
                };
                let is_broken = read.is_err();
                if chunks.send(read).await.is_err() || is_broken {
                    return;
                }
            }
        });
        Body::wrap_stream(ReceiverStream::new(sent))
    }

    fn spend(&self, bytes: usize, rate: u64, now: Instant) -> Instant {
        #[expect(clippy::cast_precision_loss, reason = "the length of a wait")]
        let span = Duration::from_secs_f64(bytes as f64 / rate as f64);
        let mut spent = self
            .0
            .spent_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let until = spent.map_or(now, |until| until.max(now)) + span;
        *spent = Some(until);
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_transfers_together_keep_to_the_pace() {
        let (pace, now) = (Pace::default(), Instant::now());
        let after = |pace: &Pace, bytes: usize, at: u64| {
            let at = now + Duration::from_secs(at);
            pace.spend(bytes, 1000, at).duration_since(at).as_millis()
        };
        assert_eq!(after(&pace, 500, 0), 500);
        assert_eq!(after(&pace.clone(), 1500, 0), 2000);
        assert_eq!(after(&pace, 1000, 1), 2000);
        // What was not used before is not saved up.
        assert_eq!(after(&pace, 1000, 60), 1000);
    }

    #[tokio::test]
    async fn without_a_limit_nobody_waits() {
        let pace = Pace::default();
        pace.pass(usize::MAX).await;
        pace.limit(Some(10));
        assert_eq!(pace.rate(), Some(10));
        pace.limit(None);
        pace.pass(usize::MAX).await;
    }
}
