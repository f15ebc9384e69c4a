//! A connection that is lost comes back, and what happened meanwhile is seen.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Sender, channel},
    },
    time::Instant,
};

use cupola_monitor::dial::{Dial, Wire};
use cupola_workspace::{
    Here,
    model::{Job, JobState, RunKey},
    services::{Command, Served, Settings},
    source::{Action, Change, Connection, Source, SourceError},
};

use super::{
    fake::{self, Fake, key},
    pipes::{LONG, Piped, Scripted, connected},
    talking::hear,
};

fn is_away(change: &Change) -> bool {
    matches!(change, Change::Connection(Connection::Away { .. }))
}

#[test]
fn what_happened_meanwhile_is_seen_when_the_connection_is_back() {
    let fake = Fake::new(5);
    let piped = Piped::to(Arc::<Fake>::clone(&fake));
    let remote = connected(piped.clone()).unwrap();
    let changes = remote.changes();
    let known = remote.jobs(None).unwrap();
    *piped.is_reachable.lock().unwrap() = false;
    piped.cut();
    hear(&changes, is_away);

    assert_eq!(remote.jobs(None).unwrap(), known, "what is known stays");
    let error = remote.services(None).unwrap_err();
    assert!(matches!(error, SourceError::Away(_)), "{error:?}");

    fake.put(Job {
        state: JobState::Done,
        ..fake::job(2)
    });
    *piped.is_reachable.lock().unwrap() = true;
    hear(&changes, |change| {
        *change == Change::Connection(Connection::Live)
    });
    hear(&changes, |change| *change == Change::All);
    assert_eq!(remote.jobs(None).unwrap(), fake.rows());
}

#[test]
fn each_attempt_says_why_it_failed_and_waits_longer() {
    let fake = Fake::new(1);
    let piped = Piped::to(fake);
    let remote = connected(piped.clone()).unwrap();
    let changes = remote.changes();
    *piped.is_reachable.lock().unwrap() = false;
    piped.cut();
    let mut heard = Vec::new();
    while heard.len() < 3 {
        hear(&changes, |change| {
            let Change::Connection(Connection::Away { why, next }) = change else {
                return false;
            };
            heard.push((why.clone(), next.as_secs()));
            true
        });
        // Whoever cannot wait asks for it.
        remote.refresh();
    }
    let pauses: Vec<_> = heard.iter().map(|(_, pause)| *pause).collect();
    assert_eq!(pauses, [1, 2, 4]);
    assert!(heard[1..].iter().all(|(why, _)| why == "no route to host"));
    assert_eq!(
        remote.warnings(),
        Err(SourceError::Away("no route to host".to_owned()))
    );
}

#[test]
fn what_was_started_here_can_be_stopped_while_its_place_is_away() {
    let piped = Piped::to(Fake::new(1));
    let remote = connected(piped.clone()).unwrap();
    let logs = tempfile::tempdir().unwrap();
    let environment = vec![("PATH".into(), std::env::var_os("PATH").unwrap())];
    let here = Here::new(Arc::new(|| fake::NOW));
    let mut settings = Settings::new(logs.path().to_owned(), environment, here);
    settings.commands = vec![Command {
        name: "sleeper".to_owned(),
        description: String::new(),
        words: ["sleep", "600"].map(str::to_owned).into(),
        port: None,
    }];
    let served = Served::new(Arc::new(remote), settings);
    let changes = served.changes();
    let nobody = RunKey {
        experiment: String::new(),
        run: String::new(),
    };
    let start = Action::StartService(nobody.clone(), "sleeper".to_owned());
    served.act(&start).unwrap();
    *piped.is_reachable.lock().unwrap() = false;
    piped.cut();
    hear(&changes, is_away);
    let known = served.services(None).unwrap();
    let ids: Vec<_> = known.iter().map(|service| service.id.as_str()).collect();
    assert_eq!(ids, ["sleeper"]);
    let stop = Action::StopService(nobody, "sleeper".to_owned());
    served.act(&stop).unwrap();
}

#[test]
fn who_listens_late_hears_that_it_is_away() {
    let piped = Piped::to(Fake::new(1));
    let remote = connected(piped.clone()).unwrap();
    let changes = remote.changes();
    *piped.is_reachable.lock().unwrap() = false;
    piped.cut();
    hear(&changes, is_away);
    assert!(is_away(&remote.changes().recv().unwrap()));
}

#[test]
fn a_far_side_that_dies_in_the_middle_of_a_frame_is_away() {
    let piped = Piped::to(Fake::new(1));
    let remote = connected(piped.clone()).unwrap();
    let changes = remote.changes();
    piped.cut_after(br#"{"jsonrpc":"2.0","method":"cupola.told","par"#);
    hear(&changes, is_away);
    hear(&changes, |change| {
        *change == Change::Connection(Connection::Live)
    });
    assert_eq!(remote.job(&key(0)).unwrap().job, fake::job(0));
}

/// A way on which nobody answers any more once `is_stalled`.
struct Stalling {
    piped: Piped,
    is_stalled: Arc<AtomicBool>,
    /// Told of each attempt.
    dialled: Mutex<Sender<()>>,
}

impl Dial for Stalling {
    fn title(&self) -> String {
        self.piped.title()
    }

    fn dial(&self, is_watched: bool) -> io::Result<Wire> {
        if !self.is_stalled.load(Ordering::SeqCst) {
            return self.piped.dial(is_watched);
        }
        self.dialled.lock().unwrap().send(()).unwrap();
        let silent = Scripted {
            answers: Vec::new(),
            said: "",
            stays: true,
        };
        silent.dial(is_watched)
    }
}

#[test]
fn a_remote_that_is_being_reached_is_left_at_once() {
    let piped = Piped::to(Fake::new(1));
    let is_stalled = Arc::new(AtomicBool::new(false));
    let (dialled, attempts) = channel();
    let remote = connected(Stalling {
        piped: piped.clone(),
        is_stalled: Arc::clone(&is_stalled),
        dialled: Mutex::new(dialled),
    })
    .unwrap();
    is_stalled.store(true, Ordering::SeqCst);
    piped.cut();
    attempts.recv_timeout(LONG).unwrap();
    let began = Instant::now();
    remote.close();
    assert!(began.elapsed() < LONG / 2, "nobody waits for an answer");
    let error = remote.services(None).unwrap_err();
    assert!(matches!(error, SourceError::Away(_)), "{error:?}");
}
