//! The thread of a workspace: it opens the source, then tells whoever looks what changes there.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Weak, mpsc::Receiver},
    thread,
    time::Duration,
};

use cupola_protocol::events;
use cupola_workspace::{
    model::JobKey,
    source::{Change, Connection},
};

use super::{State, Workspace};
use crate::{live::Board, workspaces::hash_of};

/// Changes are told at most so often.
const SPACING: Duration = Duration::from_millis(500);

/// Opens a workspace and follows it until it is gone.
pub(super) fn begin(workspace: &Arc<Workspace>, board: &Arc<Board>) -> io::Result<()> {
    let (workspace, board) = (Arc::clone(workspace), Arc::downgrade(board));
    let name = "workspace-pages".to_owned();
    let begin = move || {
        if let Some((workspace, changes)) = open(workspace, &board) {
            follow(&workspace, &board, &changes);
        }
    };
    thread::Builder::new().name(name).spawn(begin)?;
    Ok(())
}

/// Nobody's source is held by who follows it: it ends with the pages that show it.
fn open(
    workspace: Arc<Workspace>,
    board: &Weak<Board>,
) -> Option<(Weak<Workspace>, Receiver<Change>)> {
    let opened = (workspace.open)();
    let mut changes = None;
    *workspace.lock() = match opened {
        Ok(source) => {
            // Before anybody reads: what changes from then on is told.
            changes = Some(source.changes());
            State::Open(source, Connection::Live)
        }
        Err(error) => State::Failed(error),
    };
    workspace.opened.notify_all();
    let key = events::workspace(&workspace.id);
    if let Some(board) = board.upgrade() {
        board.tell(|touched| touched == key);
    }
    changes.map(|changes| (Arc::downgrade(&workspace), changes))
}

fn follow(workspace: &Weak<Workspace>, board: &Weak<Board>, changes: &Receiver<Change>) {
    while let Ok(first) = changes.recv() {
        let (Some(workspace), Some(board)) = (workspace.upgrade(), board.upgrade()) else {
            return;
        };
        let mut touched = Touched::of(&workspace.id);
        for change in std::iter::once(first).chain(changes.try_iter()) {
            if let Change::Connection(now) = &change
                && let State::Open(_, connection) = &mut *workspace.lock()
            {
                connection.clone_from(now);
            }
            touched.add(change);
        }
        board.tell(|key| touched.has(key));
        drop((workspace, board));
        thread::sleep(SPACING);
    }
}

/// The keys of what changed.
struct Touched {
    id: String,
    keys: HashSet<String>,
    is_all: bool,
}

impl Touched {
    fn of(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            keys: HashSet::new(),
            is_all: false,
        }
    }

    fn add(&mut self, change: Change) {
        let job = |key: &JobKey| events::workspace_job(&self.id, &hash_of(key));
        let log = |key: &JobKey| events::workspace_log(&self.id, &hash_of(key));
        match change {
            Change::Log(key) => {
                let keys = [log(&key), job(&key)];
                self.keys.extend(keys);
                return;
            }
            Change::Job(key) => {
                let key = job(&key);
                self.keys.insert(key);
            }
            Change::All | Change::Connection(_) => self.is_all = true,
            Change::Experiment(_) | Change::Services | Change::Warnings | Change::Said => {}
        }
        self.keys.insert(events::workspace(&self.id));
    }

    fn has(&self, key: &str) -> bool {
        if !self.is_all {
            return self.keys.contains(key);
        }
        let of = key
            .strip_prefix("workspace")
            .and_then(|rest| rest.split(':').nth(1));
        of == Some(self.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(changes: Vec<Change>, expected: &[&str]) {
        let key = JobKey {
            task: "a.b".to_owned(),
            id: "c".to_owned(),
        };
        let hash = hash_of(&key);
        let mut touched = Touched::of("w");
        for change in changes {
            touched.add(change);
        }
        let keys = [
            "workspace:w".to_owned(),
            format!("workspace-job:w:{hash}"),
            format!("workspace-log:w:{hash}"),
            "workspace:other".to_owned(),
            "run:w".to_owned(),
        ];
        let names = ["workspace", "job", "log", "other", "run"];
        let found = names.iter().zip(keys).filter(|(_, key)| touched.has(key));
        assert_eq!(found.map(|(name, _)| *name).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_changed_is_told_to_who_shows_it() {
        let key = || JobKey {
            task: "a.b".to_owned(),
            id: "c".to_owned(),
        };
        let experiment = || Change::Experiment("e".to_owned());
        check(vec![experiment()], &["workspace"]);
        check(vec![Change::Job(key())], &["workspace", "job"]);
        check(vec![Change::Log(key())], &["job", "log"]);
        check(
            vec![Change::Log(key()), experiment()],
            &["workspace", "job", "log"],
        );
        check(vec![Change::All], &["workspace", "job", "log"]);
        check(
            vec![Change::Connection(Connection::Live)],
            &["workspace", "job", "log"],
        );
    }
}
