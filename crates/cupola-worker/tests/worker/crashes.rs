//! What is left when the agent is killed.

use std::process::{Child, Command, Stdio};

use crate::support::{PATIENCE, hub::FakeHub, processes, script, settings};

/// Where the hub of the process below is.
const HUB_VARIABLE: &str = "CUPOLA_TEST_HUB";

/// The agent that the tests below kill: this test program, run again.
#[tokio::test]
#[ignore = "runs only as a process of the other tests"]
async fn an_agent_to_be_killed() {
    let hub_url = std::env::var(HUB_VARIABLE).expect("the other tests say where the hub is");
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(&FakeHub::start(), folder.path());
    settings.hub_url = hub_url;
    let work = cupola_worker::run(settings, std::future::pending());
    let ended = tokio::time::timeout(PATIENCE, Box::pin(work)).await;
    panic!("it should have been killed: {ended:?}");
}

#[expect(clippy::disallowed_methods, reason = "this test program starts itself")]
fn agent(hub: &FakeHub) -> Child {
    let this = std::env::current_exe().expect("it runs");
    Command::new(this)
        .args(["--ignored", "--exact", "crashes::an_agent_to_be_killed"])
        .env(HUB_VARIABLE, hub.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// Kills the agent while it runs `text` and waits until nothing of the run is left.
async fn check(run_id: &str, text: &str, marker: &str) {
    let hub = FakeHub::with([script(run_id, text)]);
    let mut agent = agent(&hub);
    hub.said(run_id, "on").await;
    assert!(!processes::with_marker(marker).is_empty());
    agent.kill().expect("SIGKILL cannot fail");
    agent.wait().expect("it is our child");
    processes::wait_until_gone(marker).await;
    assert!(hub.world().finished.is_empty());
}

#[tokio::test]
async fn a_killed_agent_takes_its_program_with_it() {
    check("k-plain", "echo on; sleep 1000", "CUPOLA_RUN_ID=k-plain").await;
}

#[tokio::test]
async fn a_killed_agent_takes_grandchildren_that_ignore_signals_with_it() {
    let text = "trap '' TERM HUP INT; (sleep 1000; sleep 1000) & (while :; do sleep 1; done) & echo on; wait";
    check("k-tree", text, "CUPOLA_RUN_ID=k-tree").await;
}

#[tokio::test]
async fn a_killed_agent_takes_daemons_with_it() {
    let text = "( ( setsid sh -c 'trap \"\" TERM HUP; sleep 1000; sleep 1000' & ) & ); echo on; sleep 1000";
    check("k-daemon", text, "CUPOLA_RUN_ID=k-daemon").await;
    let hidden = "( env -i setsid sleep 87654 & ); sleep 0.2; echo on; sleep 1000";
    check("k-hidden", hidden, "87654").await;
}
