//! The store: what the rest of the program holds.

use std::{
    cell::Cell,
    fmt,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::{
    answer::{self, Waiting},
    connection::Connection,
    event::{self, EventRow},
    folder::{self, FolderLock},
    job::{Job, Work},
    location::Location,
    migrate::{self, Migration},
    readers::Reader,
    sqlite,
    stats::{Counters, Stats},
    tx::{Mode, Tx},
    writer::Writer,
};
use crate::{error::StoreError, migrations::MIGRATIONS};

/// The most closures that wait for the writer, and for the readers.
const QUEUE_MAX: usize = 8_192;

const READERS: usize = 4;

/// Whether an acknowledged write survives a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It does: every commit waits for the disk.
    Full,
    /// It does not. For simulations, which have no power to lose.
    Off,
}

/// Hears of the events of each commit.
pub type OnCommit = Arc<dyn Fn(&[EventRow]) + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Called on the writer's thread with the events of each commit, after it is durable and
    /// before its writes are answered. It must be quick, and must not wait for the store.
    pub on_commit: OnCommit,
    /// Called once, when what the database holds has become unknown. The program should exit.
    pub on_fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
    pub durability: Durability,
    /// The wall clock in milliseconds, for the rows of events and migrations.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// How many reads run at the same time.
    pub readers: usize,
    /// The schema. Only tests of the engine have another one than the program's.
    pub migrations: &'static [Migration],
}

impl Options {
    /// Durable, nobody listening, four readers, the program's schema.
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            on_commit: Arc::new(|_| {}),
            on_fatal: Arc::new(|_| {}),
            durability: Durability::Full,
            now: Arc::new(now),
            readers: READERS,
            migrations: MIGRATIONS,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("durability", &self.durability)
            .field("readers", &self.readers)
            .finish_non_exhaustive()
    }
}

/// A database with one writer thread and some reader threads.
///
/// It is shared as `Arc<Store>` and may be used from any thread; inside async code the
/// `…_async` forms wait without holding a thread. A closure must not wait for the store
/// itself: that is [`StoreError::Nested`].
pub struct Store {
    location: Location,
    writes: Queue,
    reads: Queue,
    threads: Mutex<Vec<JoinHandle<()>>>,
    counters: Arc<Counters>,
    lock: Mutex<Option<FolderLock>>,
}

/// Where closures wait; `None` when the store is closed.
struct Queue(RwLock<Option<SyncSender<Box<dyn Job>>>>);

impl Store {
    /// Opens the database, makes it if a folder is missing it, and brings it to the newest schema.
    pub fn open(location: &Location, options: Options) -> Result<Self, StoreError> {
        let lock = match location {
            Location::Sqlite(path) => Some(folder::prepare(path)?),
            Location::Postgres(_) => None,
        };
        let (writes, waiting_writes) = sync_channel(QUEUE_MAX);
        let (reads, waiting_reads) = sync_channel(QUEUE_MAX);
        let store = Self {
            location: location.clone(),
            writes: Queue(RwLock::new(Some(writes))),
            reads: Queue(RwLock::new(Some(reads))),
            threads: Mutex::new(Vec::new()),
            counters: Arc::default(),
            lock: Mutex::new(lock),
        };
        let readers = options.readers.max(1);
        store.start_writer(options, waiting_writes)?;
        store.start_readers(readers, waiting_reads)?;
        Ok(store)
    }

    /// Runs the closure in a transaction of its own and returns when it is durable.
    ///
    /// An error of the closure rolls back what it did, and nothing else. The closure sees
    /// everything that was committed before, and its neighbours in the group.
    pub fn write<F, T, E>(&self, closure: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writes.send(closure)?.wait().unwrap_or_else(unanswered)
    }

    /// As [`Store::write`], without holding a thread. The closure runs even if the future is dropped.
    pub fn write_async<F, T, E>(
        &self,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<F, T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let waiting = self.writes.try_send(closure);
        async move { waiting?.await.unwrap_or_else(unanswered) }
    }

    /// Runs the closure on a snapshot of the database; it cannot write.
    pub fn read<F, T, E>(&self, closure: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.reads.send(closure)?.wait().unwrap_or_else(unanswered)
    }

    /// As [`Store::read`], without holding a thread.
    pub fn read_async<F, T, E>(
        &self,
        closure: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<F, T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let waiting = self.reads.try_send(closure);
        async move { waiting?.await.unwrap_or_else(unanswered) }
    }

    /// The events that follow `seq`, oldest first, at most `limit`.
    pub fn events_after(&self, seq: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.read(move |tx| event::after(tx, seq, limit))
    }

    /// The newest event's `seq`, 0 when nothing has happened yet.
    pub fn last_seq(&self) -> Result<i64, StoreError> {
        self.read(event::last_seq)
    }

    /// What the store did since it was opened.
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// Copies the database as it is now into a new private file, while reads and writes go on.
    pub fn backup_to(&self, target: &Path) -> Result<(), StoreError> {
        let Location::Sqlite(path) = &self.location else {
            return Err(StoreError::Unsupported(
                "a PostgreSQL database is backed up with `pg_dump`".to_owned(),
            ));
        };
        if target.exists() {
            let exists = std::io::ErrorKind::AlreadyExists.into();
            return Err(folder::io_error(target, exists));
        }
        folder::make_private(target).map_err(|source| folder::io_error(target, source))?;
        sqlite::back_up(path, target)?;
        folder::make_durable(target)
    }

    /// Finishes what waits, then gives the database back. Later calls answer [`StoreError::Closed`].
    pub fn close(&self) {
        self.writes.close();
        self.reads.close();
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            // The last owner may be a closure on one of these threads; it ends by itself.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
        lock(&self.lock).take();
    }

    /// The connection is opened on the thread that uses it; its first error is `open`'s.
    fn start_writer(
        &self,
        options: Options,
        jobs: Receiver<Box<dyn Job>>,
    ) -> Result<(), StoreError> {
        let location = self.location.clone();
        let counters = Arc::clone(&self.counters);
        let (answer, waiting) = answer::channel();
        self.spawn("store-writer", move || {
            match open_writer(&location, options, jobs, counters) {
                Ok(writer) => {
                    answer.send(Ok(()));
                    writer.run();
                }
                Err(error) => answer.send(Err(error)),
            }
        })?;
        waiting.wait().unwrap_or_else(unanswered)
    }

    fn start_readers(&self, count: usize, jobs: Receiver<Box<dyn Job>>) -> Result<(), StoreError> {
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..count {
            let location = self.location.clone();
            let reader = Reader::new(location, Arc::clone(&jobs), Arc::clone(&self.counters));
            self.spawn("store-reader", move || reader.run())?;
        }
        Ok(())
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(|| {
            IS_STORE_THREAD.set(true);
            work();
        });
        let thread = spawned.map_err(|source| folder::io_error(Path::new(name), source))?;
        lock(&self.threads).push(thread);
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.location)
    }
}

impl Queue {
    /// Waits while the queue is full.
    fn send<F, T, E>(&self, closure: F) -> Result<Waiting<Result<T, E>>, StoreError>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if IS_STORE_THREAD.get() {
            return Err(StoreError::Nested);
        }
        let (answer, waiting) = answer::channel();
        let job = Box::new(Work::new(closure, answer));
        (self.sender()?.send(job)).map_err(|_| StoreError::Closed)?;
        Ok(waiting)
    }

    /// Refuses when the queue is full: what cannot wait for a place must not wait.
    fn try_send<F, T, E>(&self, closure: F) -> Result<Waiting<Result<T, E>>, StoreError>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, waiting) = answer::channel();
        let job = Box::new(Work::new(closure, answer));
        match self.sender()?.try_send(job) {
            Ok(()) => Ok(waiting),
            Err(TrySendError::Full(_)) => Err(StoreError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    fn sender(&self) -> Result<SyncSender<Box<dyn Job>>, StoreError> {
        let sender = self.0.read().unwrap_or_else(PoisonError::into_inner);
        sender.clone().ok_or(StoreError::Closed)
    }

    fn close(&self) {
        (self.0.write().unwrap_or_else(PoisonError::into_inner)).take();
    }
}

thread_local! {
    /// Whether this thread serves a queue, and so must not wait for one.
    static IS_STORE_THREAD: Cell<bool> = const { Cell::new(false) };
}

fn open_writer(
    location: &Location,
    options: Options,
    jobs: Receiver<Box<dyn Job>>,
    counters: Arc<Counters>,
) -> Result<Writer, StoreError> {
    let connection = Connection::open_writer(location, options.durability)?;
    let mut tx = Tx::new(connection, Mode::Write);
    migrate::migrate(&mut tx, options.migrations, (options.now)())?;
    Writer::new(tx, jobs, options, counters)
}

/// The thread ended without an answer: it was closed in between.
fn unanswered<T, E: From<StoreError>>() -> Result<T, E> {
    Err(StoreError::Closed.into())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
