//! The network between a worker and its hub, which a test cuts, silences and makes deaf.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// What the wire does with what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// All of it arrives.
    Open,
    /// Nothing arrives, in neither direction, and nobody is told.
    Silent,
    /// What the worker says arrives, what the hub answers does not.
    Deaf,
    /// Connections end, and new ones too.
    Cut,
}

/// A wire to one hub. It ends with the test.
pub struct Network {
    /// Where the worker finds the hub.
    pub url: String,
    state: watch::Sender<Wire>,
    accepting: JoinHandle<()>,
}

impl Network {
    /// A wire to the hub at `hub`, open.
    pub async fn to(hub: &str) -> Self {
        let hub: SocketAddr = hub.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (state, seen) = watch::channel(Wire::Open);
        let accepting = tokio::spawn(async move {
            while let Ok((worker, _)) = listener.accept().await {
                if *seen.borrow() != Wire::Cut {
                    tokio::spawn(connect(worker, hub, seen.clone()));
                }
            }
        });
        Self {
            url,
            state,
            accepting,
        }
    }

    pub fn set(&self, wire: Wire) {
        self.state.send_replace(wire);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connect(worker: TcpStream, hub: SocketAddr, state: watch::Receiver<Wire>) {
    let Ok(hub) = TcpStream::connect(hub).await else {
        return;
    };
    let ((from_worker, to_worker), (from_hub, to_hub)) = (worker.into_split(), hub.into_split());
    let mut cut = state.clone();
    // Both ends of a connection go together.
    tokio::select! {
        () = carry(from_worker, to_hub, state.clone(), |_| true) => {}
        () = carry(from_hub, to_worker, state, |wire| wire != Wire::Deaf) => {}
        _ = cut.wait_for(|wire| *wire == Wire::Cut) => {}
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<Wire>,
    arrives: fn(Wire) -> bool,
) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let heard = state.wait_for(|wire| *wire != Wire::Silent).await;
        let Ok(wire) = heard.map(|wire| *wire) else {
            return;
        };
        if arrives(wire) && to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
