//! A worker's desk: what its owner sees of it in a browser, and says to it there.
//!
//! It is served on the owner's machine alone, by the worker's process, and looks like the hub's pages. Who
//! has its key may see and change everything: it is told to the owner's terminal, and lies in a file that
//! only the owner reads. Commands of the same machine use the same addresses.

mod access;
mod form;
mod page;
mod routes;

use std::{future::Future, io, pin::Pin, sync::Arc};

use cupola_domain::{field::FieldError, time::Timestamp};
use cupola_protocol::desk::{DeskBody, LimitsBody, PauseBody, TestBody};
use tokio::{net::TcpListener, sync::watch};

use crate::server;
use access::Key;

pub use page::Show;

/// A worker as its owner sees it.
pub trait Desk: Send + Sync + 'static {
    /// All that is to be seen.
    fn status(&self) -> DeskBody;

    /// The same once the hub was asked what of it changed there.
    fn status_now(&self) -> Pin<Box<dyn Future<Output = DeskBody> + Send + '_>> {
        Box::pin(async move { self.status() })
    }

    /// The time.
    fn now(&self) -> Timestamp;

    /// Counts up with each change.
    fn changes(&self) -> watch::Receiver<u64>;

    /// No more work is taken.
    fn pause(&self, pause: &PauseBody) -> Result<(), Refusal>;

    /// Work is taken again.
    fn resume(&self) -> Result<(), Refusal>;

    /// It may have something else from now on.
    fn change(&self, limits: LimitsBody) -> Result<(), Refusal>;

    /// Asks the hub for a sign of life.
    fn test(&self) -> Pin<Box<dyn Future<Output = TestBody> + Send + '_>>;
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// These fields cannot be meant.
    Fields(Vec<FieldError>),
    /// The worker's folder does not take it.
    Folder(String),
}

/// What all handlers share.
#[derive(Clone)]
struct Web {
    desk: Arc<dyn Desk>,
    key: Arc<Key>,
    /// Streams end when this is sent.
    stopping: watch::Receiver<bool>,
}

/// The way in for a browser, below a desk's address.
pub fn way_in(key: &str) -> String {
    format!("/open?key={key}")
}

/// Serves `desk` on `listener`, a socket of this machine alone, until `shutdown` resolves; `key` opens it.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<dyn Desk>,
    key: &str,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let port = listener.local_addr()?.port();
    let (stop, stopping) = watch::channel(false);
    let web = Web {
        desk,
        key: Arc::new(Key::new(key, port)),
        stopping,
    };
    let app = routes::router(web);
    server::accept((listener, None), app, async move {
        shutdown.await;
        stop.send_replace(true);
    })
    .await
}
