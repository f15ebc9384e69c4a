//! Logs while something else has the terminal: kept, and written to stderr when it is given back.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

/// So much is kept; what comes after is counted.
const BYTES_MAX: usize = 256 << 10;

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    lost: usize,
}

/// As long as this lives logs are kept. Then they are written.
pub(crate) struct Silence(());

/// Where logs are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Logs;

/// Keeps logs from now on.
pub(crate) fn keep() -> Silence {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept::default());
    Silence(())
}

impl Drop for Silence {
    fn drop(&mut self) {
        let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(kept) = kept {
            let mut stderr = io::stderr().lock();
            let _ = stderr.write_all(&kept.bytes);
            if kept.lost > 0 {
                let _ = writeln!(stderr, "({} bytes of logs were left out)", kept.lost);
            }
        }
    }
}

impl Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match KEPT.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            None => return io::stderr().write(bytes),
            Some(kept) if kept.bytes.len() < BYTES_MAX => kept.bytes.extend_from_slice(bytes),
            Some(kept) => kept.lost += bytes.len(),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
