//! A connection on which nothing is said costs little.
//!
//! While a connection is served it has buffers of 16 KiB and the state of a request. A worker of a large
//! fleet says something every ten seconds: in between its connection is taken apart and only the bare stream
//! is kept, until its other end says something again.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    sync::Notify,
};

/// A connection that was quiet for so long is taken apart.
pub(super) const QUIET: Duration = Duration::from_secs(1);

/// What happened on a connection since it is served.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Requests that are read, thought about or answered, and what of them is being read.
    at_work: AtomicU64,
    /// Whether all of a request was ever read and answered.
    has_answered: AtomicBool,
    /// Whether anything was read since: a request has begun.
    has_heard: AtomicBool,
    /// Whether anything was written that was not flushed.
    has_unsent: AtomicBool,
    /// Whether a request was answered without reading it to its end, so that what comes next is the rest of it
    /// and must not be taken for a request; or somebody takes leave.
    must_end: AtomicBool,
    /// Counts what was read and asked.
    moves: AtomicU64,
    /// Told when nothing is at work any more.
    changed: Notify,
}

impl Activity {
    /// Something begins.
    fn begin(self: &Arc<Self>) -> AtWork {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        self.moves.fetch_add(1, Ordering::SeqCst);
        AtWork(Arc::clone(self))
    }

    /// Whether all that was asked is answered, and nothing else was begun.
    fn is_quiet(&self) -> bool {
        self.is_answered()
            && !self.has_heard.load(Ordering::SeqCst)
            && !self.has_unsent.load(Ordering::SeqCst)
            && !self.must_end.load(Ordering::SeqCst)
    }

    fn is_answered(&self) -> bool {
        self.at_work.load(Ordering::SeqCst) == 0 && self.has_answered.load(Ordering::SeqCst)
    }

    /// Ends when nothing has happened for so long.
    pub(super) async fn quiet(&self, patience: Duration) {
        loop {
            while !self.is_answered() {
                self.changed.notified().await;
            }
            let before = self.moves.load(Ordering::SeqCst);
            tokio::time::sleep(patience).await;
            if self.moves.load(Ordering::SeqCst) == before && self.is_quiet() {
                return;
            }
        }
    }
}

/// Something that is going on, until it is dropped.
#[derive(Debug)]
pub(super) struct AtWork(Arc<Activity>);

impl Drop for AtWork {
    fn drop(&mut self) {
        let activity = &*self.0;
        if activity.at_work.fetch_sub(1, Ordering::SeqCst) == 1 {
            activity.has_heard.store(false, Ordering::SeqCst);
            activity.has_answered.store(true, Ordering::SeqCst);
            activity.changed.notify_one();
        }
    }
}

/// The body of an answer. What was at work since the request came is so until it was handed over: an answer may
/// be long in coming.
#[derive(Debug)]
pub(super) struct Answering {
    body: Body,
    _at_work: AtWork,
}

impl Answering {
    pub(super) fn new(body: Body, at_work: AtWork) -> Self {
        Self {
            body,
            _at_work: at_work,
        }
    }
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request, which is at work until somebody has read it or nobody wants it.
#[derive(Debug)]
pub(super) struct Asking {
    body: Incoming,
    has_ended: bool,
    at_work: AtWork,
}

impl Asking {
    /// Says also that its request is being answered, which outlives its body.
    pub(super) fn new(body: Incoming, activity: &Arc<Activity>) -> (Self, AtWork) {
        let asking = Self {
            body,
            has_ended: false,
            at_work: activity.begin(),
        };
        (asking, activity.begin())
    }
}

impl HttpBody for Asking {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.has_ended |= matches!(frame, Poll::Ready(None));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.has_ended && !self.body.is_end_stream() {
            self.at_work.0.must_end.store(true, Ordering::SeqCst);
        }
    }
}

/// A stream whose first bytes were read already.
#[derive(Debug)]
pub(super) struct Rewound<S> {
    stream: S,
    /// What is read first.
    kept: Bytes,
}

impl<S: AsyncRead + Unpin> Rewound<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            kept: Bytes::new(),
        }
    }

    /// Reads these first.
    pub(super) fn with(mut self, kept: Bytes) -> Self {
        self.kept = match (kept.is_empty(), self.kept.is_empty()) {
            (true, _) => self.kept,
            (_, true) => kept,
            _ => [kept, self.kept].concat().into(),
        };
        self
    }

    /// Waits until something is there to be read; `false` where the other end has hung up.
    pub(super) async fn wait(&mut self) -> bool {
        if !self.kept.is_empty() {
            return true;
        }
        let mut first = [0; 1];
        match self.stream.read(&mut first).await {
            Ok(1..) => {
                self.kept = Bytes::copy_from_slice(&first);
                true
            }
            Ok(0) | Err(_) => false,
        }
    }
}

/// A stream that notes what happens on it.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: Rewound<S>,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: Rewound<S>, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    pub(super) fn into_stream(self) -> Rewound<S> {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let Rewound { stream, kept } = &mut self.stream;
        let read = if kept.is_empty() {
            Pin::new(stream).poll_read(context, buffer)
        } else {
            let first = kept.split_to(kept.len().min(buffer.remaining()));
            buffer.put_slice(&first);
            Poll::Ready(Ok(()))
        };
        if buffer.filled().len() > before {
            self.activity.has_heard.store(true, Ordering::SeqCst);
            self.activity.moves.fetch_add(1, Ordering::SeqCst);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.activity.has_unsent.store(true, Ordering::SeqCst);
        Pin::new(&mut self.stream.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.activity.has_unsent.store(true, Ordering::SeqCst);
        Pin::new(&mut self.stream.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.activity.has_unsent.store(false, Ordering::SeqCst);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Who takes leave is not kept.
        self.activity.must_end.store(true, Ordering::SeqCst);
        Pin::new(&mut self.stream.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use hyper::server::conn::http1;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(5);

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /// Serves what comes over a stream until it is quiet, and gives it back; `None` where it ended.
    async fn speak(
        stream: Rewound<DuplexStream>,
        activity: Arc<Activity>,
    ) -> Option<Rewound<DuplexStream>> {
        let asked = Arc::clone(&activity);
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let activity = Arc::clone(&asked);
            let (parts, body) = request.into_parts();
            let (body, at_work) = Asking::new(body, &activity);
            async move {
                if parts.uri != "/" {
                    let _ = axum::body::to_bytes(Body::new(body), 1 << 10).await;
                }
                if parts.uri == "/slow" {
                    tokio::time::sleep(PATIENCE * 10).await;
                }
                let answer = Answering::new(Body::from("hello"), at_work);
                Ok::<_, Infallible>(hyper::Response::new(answer))
            }
        });
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
        let mut connection = http1::Builder::new()
            .serve_connection(io, service)
            .with_upgrades();
        tokio::select! {
            _ = &mut connection => return None,
            () = activity.quiet(PATIENCE) => {}
        }
        let parts = connection.into_parts()?;
        Some(parts.io.into_inner().into_stream().with(parts.read_buf))
    }

    async fn ask(far: &mut DuplexStream, request: &str) -> String {
        far.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"hello") {
            let mut piece = [0; 256];
            let read = far.read(&mut piece).await.unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&piece[..read]);
        }
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_quiet_connection_is_taken_apart_and_goes_on() {
        let (near, mut far) = duplex(4_096);
        let mut near = Rewound::new(near);
        for request in [
            REQUEST,
            "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            // It is waited for longer than a quiet connection is kept.
            "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ] {
            let (quiet, answer) = tokio::join!(speak(near, Arc::default()), ask(&mut far, request));
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            near = quiet.expect("it is kept");
        }
        // What is said meanwhile is not lost.
        far.write_all(REQUEST.as_bytes()).await.unwrap();
        assert!(near.wait().await);
        let (_, answer) = tokio::join!(speak(near, Arc::default()), ask(&mut far, ""));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn half_a_request_that_came_with_another_is_kept() {
        let (near, mut far) = duplex(4_096);
        let (half, rest) = REQUEST.split_at(10);
        let first = format!("{REQUEST}{half}");
        let near = Rewound::new(near);
        let (quiet, _) = tokio::join!(speak(near, Arc::default()), ask(&mut far, &first));
        let (_, answer) = tokio::join!(
            speak(quiet.expect("it is kept"), Arc::default()),
            ask(&mut far, rest)
        );
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// What was neither read nor is a request is not taken for one.
    #[tokio::test]
    async fn the_rest_of_a_refused_body_is_no_request() {
        let (near, mut far) = duplex(4_096);
        let activity = Arc::new(Activity::default());
        let speaking = speak(Rewound::new(near), Arc::clone(&activity));
        let asking = async {
            let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc";
            ask(&mut far, head).await;
            // The server hangs up.
            let mut rest = Vec::new();
            let _ = far.read_to_end(&mut rest).await;
            rest
        };
        let (quiet, rest) = tokio::join!(speaking, asking);
        assert!(quiet.is_none());
        assert_eq!(rest, b"");
        assert!(!activity.is_quiet());
    }

    #[tokio::test]
    async fn who_has_begun_or_is_at_work_is_not_quiet() {
        let activity = Arc::new(Activity::default());
        let (near, mut far) = duplex(4_096);
        let mut near = Watched::new(Rewound::new(near), Arc::clone(&activity));
        assert!(!activity.is_quiet(), "nothing was asked yet");
        let at_work = activity.begin();
        assert!(!activity.is_quiet(), "it is being answered");
        drop(at_work);
        assert!(activity.is_quiet());
        near.write_all(b"answer").await.unwrap();
        assert!(!activity.is_quiet(), "it may not have been sent");
        near.flush().await.unwrap();
        assert!(activity.is_quiet());
        far.write_all(b"G").await.unwrap();
        near.read_u8().await.unwrap();
        assert!(!activity.is_quiet(), "a request has begun");
        let (read, sent) = (activity.begin(), activity.begin());
        drop(read);
        assert!(!activity.is_quiet(), "it is being answered");
        drop(sent);
        assert!(activity.is_quiet());
    }

    #[tokio::test]
    async fn who_hangs_up_ends_it() {
        let (near, mut far) = duplex(4_096);
        let asking = async {
            ask(&mut far, REQUEST).await;
            drop(far);
        };
        let (ended, ()) = tokio::join!(speak(Rewound::new(near), Arc::default()), asking);
        if let Some(mut quiet) = ended {
            assert!(!quiet.wait().await);
        }
    }
}
