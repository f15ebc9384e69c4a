//! A worker's owner watches it in a terminal of its machine, and tells it what to do there.

use std::{fs, path::PathBuf};

use crate::{
    support::{TestHub, eventually},
    tmux::Tmux,
};

/// The folder of the worker that works for this hub, once it has a desk.
async fn folder_with_desk(hub: &TestHub) -> PathBuf {
    eventually("a worker with a desk", || async {
        let entries = fs::read_dir(hub.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .find(|path| path.join("desk.json").exists())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_watched_paused_and_resumed_in_a_terminal() {
    let hub = TestHub::start();
    let _agent = hub.start_worker_of("ann", 1, &hub.url).await;
    let folder = folder_with_desk(&hub).await;
    let arguments = format!("worker show --state {}", folder.display());
    let Some(tmux) = Tmux::running(&arguments, "") else {
        return;
    };
    tmux.sees("CONNECTED");
    tmux.press("p");
    tmux.sees("PAUSED");
    let family = hub.submit("fine", 1).await;
    tmux.press("r");
    tmux.misses("PAUSED");
    hub.run_of(&family, "completed").await;
    tmux.sees("fine");
    tmux.press("q");
    tmux.sees("ended with 0");
    tmux.is_restored();
}
