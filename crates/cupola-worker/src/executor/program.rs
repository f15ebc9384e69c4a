//! From the program's start to its end.

use std::{
    io,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use cupola_domain::{run::Failure, stopping::StopStep, time::Timestamp};
use cupola_protocol::work::StoppingBody;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::Notify,
    time::timeout,
};
use tracing::warn;

use super::{
    End, Execution, Phase, SharedOutbox, Wish,
    ending::{self, Ending, Stop},
    locked,
    prepare::Prepared,
};
use crate::{
    output::outbox::Outbox,
    process::{Exit, Launch, Program, Streams, marked},
};

/// How long a killed program may take to be gone. Only a device or a dead network file system
/// holds one for longer.
const KILL_WAIT: Duration = Duration::from_secs(5);

/// How long to wait for the rest of the output once the program and its descendants are gone.
const DRAIN_WAIT: Duration = Duration::from_secs(5);

/// The signal that nothing survives.
const SIGKILL: i32 = 9;

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// Why and how a program was stopped, if it was, and how it ended, if it did.
#[derive(Debug)]
struct Watched {
    stop: Option<(Stop, StopStep)>,
    exit: Option<Exit>,
}

/// Where the steps of stopping a program are told.
struct Telling<'a> {
    outbox: &'a SharedOutbox,
    fresh: &'a Notify,
}

impl Telling<'_> {
    fn step(&self, step: StopStep, next: Option<Duration>) {
        locked(self.outbox).stopping(StoppingBody {
            step: step.as_str().to_owned(),
            next_secs: next.map(|next| next.as_secs_f64()),
        });
        self.fresh.notify_one();
    }
}

impl Execution {
    /// Starts the program, watches it and collects what it says, until it is gone.
    pub(super) async fn run_program(
        &self,
        prepared: &Prepared,
        outbox: &SharedOutbox,
        fresh: &Arc<Notify>,
    ) -> End {
        let started = Instant::now();
        let watched = match self.spawn(prepared).await {
            Ok((program, streams)) => {
                self.enter(Phase::Running);
                let collecting = self.collect(streams, outbox, fresh);
                let telling = Telling { outbox, fresh };
                let watching = self.watch(program, prepared, telling);
                until_drained(watching, collecting).await
            }
            Err(error) => {
                let program = prepared.command.first().map_or("", String::as_str);
                let why = format!("`{program}`: {error}");
                let failure = match error.kind() {
                    // What starts programs is gone, which says nothing of this one.
                    io::ErrorKind::BrokenPipe => Failure::NotPrepared(why),
                    _ => Failure::SpawnFailed(why),
                };
                return End {
                    wall_time_secs: started.elapsed().as_secs_f64(),
                    ..End::early(Ending::failed(failure))
                };
            }
        };
        let wall_time_secs = started.elapsed().as_secs_f64();
        let stop = watched.stop.map(|(_, step)| step);
        if watched.exit == Some(Exit::Signal(SIGKILL)) && stop != Some(StopStep::Killed) {
            self.kill_what_is_marked().await;
        }
        let ending = self.conclude(&watched, &mut locked(outbox));
        End {
            stop,
            wall_time_secs,
            ..End::early(ending)
        }
    }

    /// Off the runtime's threads: it takes some milliseconds.
    async fn spawn(&self, prepared: &Prepared) -> io::Result<(Program, Streams)> {
        let command = prepared.command.clone();
        let folder = prepared.working_folder.clone();
        let environment = prepared.variables.clone();
        let kept = prepared.kept.clone();
        let starter = Arc::clone(&self.context.starter);
        let spawning = move || {
            Program::spawn(&Launch {
                command: &command,
                folder: &folder,
                environment: &environment,
                kept: &kept,
                starter: &starter,
            })
        };
        tokio::task::spawn_blocking(spawning)
            .await
            .map_err(io::Error::other)?
    }

    /// Waits for the program's end, or brings it about.
    async fn watch(
        &self,
        mut program: Program,
        prepared: &Prepared,
        telling: Telling<'_>,
    ) -> Watched {
        let deadline = seconds(self.order.hard_deadline_secs);
        let stop = tokio::select! {
            // Who was frozen finds both: a program that has ended was not too slow.
            biased;
            exit = program.wait() => {
                return Watched { stop: None, exit: known(exit) };
            }
            wish = self.wishes.reached(Wish::Cancel) => Stop::Wished(wish),
            () = tokio::time::sleep(deadline) => Stop::TimedOut,
        };
        self.enter(Phase::Terminating);
        let asked = match stop {
            Stop::Wished(Wish::Cancel) => self.ask(&mut program, prepared, &telling).await,
            _ => None,
        };
        let (last, exit) = match asked {
            Some(exit) => (StopStep::Asked, Some(exit)),
            None => self.stop(&mut program, &telling).await,
        };
        if stop == Stop::Wished(Wish::Leave) {
            // Only now, so that what it said until here was still told.
            self.wishes.raise(Wish::Abandon);
        }
        Watched {
            stop: Some((stop, last)),
            exit: exit.and_then(known),
        }
    }

    /// Lets the program know that it is to be cancelled. One that has said that it looks has time to
    /// stop by itself; the answer is its end.
    async fn ask(
        &self,
        program: &mut Program,
        prepared: &Prepared,
        telling: &Telling<'_>,
    ) -> Option<io::Result<Exit>> {
        if let Err(error) = prepared.folder.write_cancel().await {
            warn!(run = %self.order.run_id, %error, "the program cannot be asked to stop");
            return None;
        }
        if !locked(telling.outbox).is_cancellable() {
            return None;
        }
        let asking = self.context.asking;
        telling.step(StopStep::Asked, Some(asking));
        tokio::select! {
            exit = program.wait() => Some(exit),
            _ = self.wishes.reached(Wish::Leave) => None,
            () = tokio::time::sleep(asking) => None,
        }
    }

    /// SIGTERM, then SIGKILL; the step that did it, and the program's end, unless nothing helped.
    async fn stop(
        &self,
        program: &mut Program,
        telling: &Telling<'_>,
    ) -> (StopStep, Option<io::Result<Exit>>) {
        telling.step(StopStep::Terminated, Some(self.context.grace));
        program.terminate();
        if let Ok(exit) = timeout(self.context.grace, program.wait()).await {
            return (StopStep::Terminated, Some(exit));
        }
        telling.step(StopStep::Killed, None);
        program.kill();
        let ended = timeout(KILL_WAIT, program.wait()).await;
        (StopStep::Killed, ended.ok())
    }

    async fn collect(&self, streams: Streams, outbox: &SharedOutbox, fresh: &Notify) {
        let collect = |take: fn(&mut Outbox, &[u8], Timestamp)| {
            move |bytes: &[u8]| {
                take(&mut locked(outbox), bytes, self.context.clock.now());
                fresh.notify_one();
            }
        };
        tokio::join!(
            read_all(streams.stdout, collect(Outbox::stdout)),
            read_all(streams.stderr, collect(Outbox::stderr)),
            read_all(streams.events, collect(Outbox::events)),
        );
    }

    /// The program died as if its supervisor had been killed, which then could not clean up.
    async fn kill_what_is_marked(&self) {
        let mark = format!("CUPOLA_RUN_ID={}", self.order.run_id);
        let killing = tokio::task::spawn_blocking(move || marked::kill_all(&mark));
        if let Ok(killed @ 1..) = killing.await {
            warn!(run = %self.order.run_id, killed, "processes outlived their supervisor");
        }
    }

    /// Decides how the run ended and leaves the worker's own words in the log.
    fn conclude(&self, watched: &Watched, outbox: &mut Outbox) -> Ending {
        let now = self.context.clock.now();
        outbox.finish(now);
        if let Some((stop, step)) = &watched.stop {
            let (reason, grace) = (stop.reason(&self.order), self.context.grace.as_secs_f64());
            let how = step.ending();
            outbox.note(
                &match step {
                    StopStep::Killed => {
                        format!("{reason}: {how}, as it was still there {grace} s after SIGTERM")
                    }
                    StopStep::Asked | StopStep::Terminated => format!("{reason}: {how}"),
                },
                now,
            );
        }
        if watched.exit.is_none() && watched.stop.is_some() {
            warn!(run = %self.order.run_id, "the program could not be killed");
            outbox.note("the program could not be killed and is still there", now);
        }
        ending::of_program(watched.stop, watched.exit, &self.order.metric_name, outbox)
    }
}

/// Waits for `watching`, then a bounded time for what `collecting` has still to read.
async fn until_drained<T>(
    watching: impl Future<Output = T>,
    collecting: impl Future<Output = ()>,
) -> T {
    let mut watching = pin!(watching);
    let mut collecting = pin!(collecting);
    let mut is_drained = false;
    loop {
        tokio::select! {
            watched = &mut watching => {
                if !is_drained && timeout(DRAIN_WAIT, collecting).await.is_err() {
                    warn!("somebody outside the run holds its output open");
                }
                return watched;
            }
            () = &mut collecting, if !is_drained => is_drained = true,
        }
    }
}

async fn read_all(mut stream: impl AsyncRead + Unpin, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        take(&buffer[..count]);
    }
}

fn known(exit: io::Result<Exit>) -> Option<Exit> {
    exit.inspect_err(|error| warn!(%error, "the program's end could not be read"))
        .ok()
}

fn seconds(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX / 4)
}
