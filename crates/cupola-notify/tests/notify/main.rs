//! What arrives at real receivers, and what never leaves.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod mail;
mod receiver;
mod webhooks;

use cupola_domain::{
    alert::{Address, AlertWord, Item, Message, Sending, Subject, TargetKind},
    ids::Ids,
    time::Timestamp,
};
use cupola_notify::{Allowed, Parcel, Sender, Settings};

/// 2026-11-21T10:00:00Z
const NOW: Timestamp = Timestamp::from_millis(1_795_255_200_000);

fn parcel(kind: TargetKind, to: &str) -> Parcel {
    let mut ids = Ids::new(5);
    let item = Item {
        subject: Subject::Run(ids.next(NOW)),
        label: "moons, task 7 <b>|*".to_owned(),
        text: "[ok](https://x) & @everyone".to_owned(),
        word: AlertWord::Open,
        since: NOW,
    };
    let message = Message::new(
        (ids.next(NOW), NOW),
        (
            ids.next(NOW),
            "diverged".to_owned(),
            "metric loss > 10".to_owned(),
        ),
        vec![item],
        1,
    );
    Parcel {
        delivery: ids.next(NOW),
        message,
        kind,
        address: Address {
            to: to.to_owned(),
            key: Some("whsec_0123456789abcdef".to_owned()),
        },
    }
}

/// Settings that allow this machine.
fn here() -> Settings {
    Settings {
        allowed: Allowed(vec!["127.0.0.1".parse().unwrap()]),
        hub_url: "http://hub.lab:7171/".to_owned(),
        ..Settings::default()
    }
}

async fn send(settings: Settings, parcel: &Parcel) -> Sending {
    Sender::new(settings).unwrap().send(parcel, NOW).await
}

#[track_caller]
fn is_refused(sending: &Sending, words: &str) {
    let Sending::Refused(why) = sending else {
        panic!("{sending:?} is no refusal");
    };
    assert!(why.contains(words), "{why}");
}

#[track_caller]
fn has_failed(sending: &Sending, words: &str) {
    let Sending::Failed(why) = sending else {
        panic!("{sending:?} is no failure");
    };
    assert!(why.contains(words), "{why}");
}
