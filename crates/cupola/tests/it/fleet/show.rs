//! A fleet of strangers under work: one is killed, one is cut off, one lies. The family is finished all the
//! same, the ledger balances, the liar has nothing, and the pages tell what happened.

use cupola_client::query::{CheckFilter, TaskFilter};

use super::{
    ANY_PORT, attempts, completes, has_begun,
    network::{Network, Wire},
    paid,
    scripted::Scripted,
    transfers,
};
use crate::{
    chromium::Chromium,
    support::{TestHub, eventually},
};

const TASKS: u64 = 12;

/// Better than anything that the template gives.
const LIE: f64 = 0.0;

/// Answers everything at once with what it made up until it is told that it is banned; says how often.
async fn lie(liar: Scripted) -> usize {
    let mut lies = 0;
    loop {
        match liar.ask(0.2).await {
            Ok(Some(order)) => {
                let finished = liar.completed(&order, LIE);
                let told = liar.client.finish_run(&order.run_id, &finished).await;
                lies += usize::from(told.is_ok());
            }
            Ok(None) => {}
            Err(error) => {
                assert!(error.to_string().contains("`eve` is banned"), "{error}");
                return lies;
            }
        }
    }
}

/// The run that is at work beside another one.
async fn at_work_beside(hub: &TestHub, family: &str, other: &str) -> String {
    let filter = TaskFilter {
        family_id: Some(family.to_owned()),
        status: Some("running".to_owned()),
        ..Default::default()
    };
    let run = eventually("another run at work", || async {
        let tasks = hub.client().tasks(&filter).await.unwrap().items;
        let mut runs = tasks.into_iter().map(|task| task.run_id);
        runs.find(|run| run != other)
    })
    .await;
    has_begun(hub, &run).await;
    run
}

/// What was found of the liar, and that nothing of it is left to it.
async fn is_found_out(hub: &TestHub, lies: usize) {
    let filter = CheckFilter {
        owner: Some("eve".to_owned()),
        ..Default::default()
    };
    let checks = hub.client().checks(&filter).await.unwrap().items;
    assert!(!checks.is_empty() && checks.len() <= lies, "{checks:?}");
    let found: Vec<_> = checks
        .iter()
        .filter_map(|check| check.finding.as_deref())
        .collect();
    assert!(found.contains(&"wrong_better"), "{found:?}");
    assert!(!found.contains(&"valid"), "{found:?}");
    let known = hub.client().standings().await.unwrap().items;
    let eve = known.iter().find(|known| known.owner == "eve").unwrap();
    assert_eq!(eve.ban.as_deref(), Some("fraud"), "{eve:?}");
    let of_eve = |account: &str| account == "escrow:eve" || account == "person:eve";
    let (mut given, mut taken) = (0, 0);
    for kind in ["post", "release"] {
        let all = transfers(hub, kind).await;
        given += all
            .iter()
            .filter(|one| of_eve(&one.to) && !of_eve(&one.from))
            .count();
        assert!(all.iter().all(|one| one.to != "person:eve"), "{all:?}");
    }
    for back in transfers(hub, "clawback").await {
        taken += usize::from(of_eve(&back.from));
    }
    assert_eq!(given, taken);
}

#[tokio::test]
async fn a_family_is_finished_by_a_fleet_with_one_killed_one_cut_off_and_one_lying() {
    let hub = TestHub::start_with(&format!(
        "{ANY_PORT}\n[verification]\nprofile = \"friends\"\n"
    ));
    let network = Network::to(&hub.url).await;
    let mut doomed = hub.start_worker_of("ann", 1, &hub.url).await;
    let family = hub.submit("sums", 12).await;
    let killed = hub.run_of(&family, "running").await;
    has_begun(&hub, &killed).await;
    doomed.kill();
    let _cut_off = hub.start_worker_of("bob", 1, &network.url).await;
    let cut = at_work_beside(&hub, &family, &killed).await;
    network.set(Wire::Silent);
    let lying = tokio::spawn(lie(Scripted::join(&hub, "eve").await));
    let _own = hub.start_worker_of("administrator", 2, &hub.url).await;
    let lies = lying.await.unwrap();
    assert!(lies > 0);
    completes(&hub, &family, TASKS).await;
    network.set(Wire::Open);

    for lost in [&killed, &cut] {
        let attempts = attempts(&hub, lost).await;
        assert!(attempts[0].2.contains("worker lost"), "{attempts:?}");
        assert_eq!(attempts.last().unwrap().1, "completed", "{attempts:?}");
    }
    let filter = TaskFilter {
        family_id: Some(family.clone()),
        ..Default::default()
    };
    for task in hub.client().tasks(&filter).await.unwrap().items {
        assert!(task.value.unwrap().0 > LIE, "{task:?}");
    }
    is_found_out(&hub, lies).await;
    // It is sound, and all of it together is nothing.
    assert!(paid(&hub).await["escrow:administrator"] >= 12);
    pages_tell_it(&hub, &family).await;
}

async fn pages_tell_it(hub: &TestHub, family: &str) {
    let chromium = Chromium::start().await;
    chromium.log_in(hub).await;
    let told = |words: &[&str]| {
        let words: Vec<_> = words
            .iter()
            .map(|word| format!("said.includes('{word}')"))
            .collect();
        format!(
            "const said = document.querySelector('main').innerText.toLowerCase(); return {}",
            words.join(" && ")
        )
    };
    for (path, words) in [
        (
            "/verification".to_owned(),
            &["eve", "banned", "made-up results"][..],
        ),
        (format!("/families/{family}"), &["completed", "12"][..]),
        ("/workers".to_owned(), &["eve", "offline", "online"][..]),
        ("/credits".to_owned(), &["escrow"][..]),
    ] {
        chromium.goto(&format!("{}{path}", hub.url)).await;
        chromium.until(&path, &told(words)).await;
    }
}
