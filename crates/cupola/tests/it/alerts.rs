//! A run fails, and who is to hear of it does: by a real webhook and a real mail, also when the hub is
//! killed in the middle.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use cupola_protocol::alerts::NewAlertRule;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::support::{TestHub, eventually, run};

type Received = Arc<Mutex<Vec<String>>>;

/// A receiver of webhooks. While it hesitates, it takes a request and answers nothing.
async fn hooks(hesitates: Arc<AtomicBool>) -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(hook(stream, Arc::clone(&kept), Arc::clone(&hesitates)));
        }
    });
    (port, received)
}

async fn hook(stream: TcpStream, received: Received, hesitates: Arc<AtomicBool>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.to_lowercase().strip_prefix("content-length: ") {
            length = number.trim().parse().ok()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    received.lock().unwrap().push(String::from_utf8(body).ok()?);
    if hesitates.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    stream.write_all(answer).await.ok()
}

/// A mail server that takes everything.
async fn mails() -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(mail(stream, Arc::clone(&kept)));
        }
    });
    (port, received)
}

async fn mail(stream: TcpStream, received: Received) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let answer: &[u8] = match line.get(..4)? {
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await.ok()?;
        if line.starts_with("DATA") {
            let mut whole = String::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).await.ok()?;
                if line.trim_end() == "." {
                    break;
                }
                whole.push_str(&line);
            }
            received.lock().unwrap().push(whole);
            stream.write_all(b"250 taken\r\n").await.ok()?;
        }
    }
}

fn config(hook: u16, mail: u16) -> String {
    format!(
        r#"
        url = "http://hub.lab"
        [mail]
        server = "localhost:{mail}"
        security = "none"
        from = "Cupola <cupola@hub.lab>"
        to = ["ada@lab.example"]
        [webhooks]
        allow_private = ["127.0.0.1"]
        [[webhooks.target]]
        name = "ops"
        url = "http://127.0.0.1:{hook}/SECRET"
        secret = "whsec_0123456789abcdef"
        "#
    )
}

async fn broken(hub: &TestHub, targets: &[&str]) {
    let rule = NewAlertRule {
        name: "broken".to_owned(),
        condition: "run failed".to_owned(),
        repeat_mins: None,
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
    };
    hub.client().create_alert_rule(&rule).await.unwrap();
}

fn all(received: &Received) -> Vec<String> {
    received.lock().unwrap().clone()
}

async fn first(received: &Received, what: &str) -> String {
    eventually(what, || async { all(received).first().cloned() }).await
}

#[tokio::test]
async fn a_run_that_fails_reaches_a_webhook_and_a_mailbox() {
    let (hook, hooked) = hooks(Arc::default()).await;
    let (mail, mailed) = mails().await;
    let hub = TestHub::start_configured(&config(hook, mail));
    broken(&hub, &["ops", "mail"]).await;
    let _worker = hub.start_worker(1).await;
    hub.submit("exits-three", 1).await;
    let body: Value = serde_json::from_str(&first(&hooked, "the webhook").await).unwrap();
    assert_eq!(body["alerts"][0]["state"], "open");
    assert_eq!(body["alerts"][0]["text"], "failed: exit code: 3");
    let mail = first(&mailed, "the mail").await;
    assert!(mail.contains("To: ada@lab.example"), "{mail}");
    assert!(mail.contains("http://hub.lab/runs/"), "{mail}");

    // The command line says the same, and shows no secret.
    let said = run(hub.folder.path(), &["alert", "list", "--json"]);
    let alerts: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(alerts[0]["rule"], "broken");
    let id = alerts[0]["alert_id"].as_str().unwrap().to_owned();
    let said = run(hub.folder.path(), &["alert", "ack", &id]);
    assert!(said.status.success(), "{said:?}");
    let detail = hub.client().alert(&id).await.unwrap();
    assert_eq!(detail.alert.state, "acknowledged");
    let said = run(hub.folder.path(), &["alert", "target", "list", "--json"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(
        said.contains("\"ops\"") && !said.contains("SECRET"),
        "{said}"
    );
    eventually("both to be settled", || async {
        let deliveries = hub.client().alert_deliveries().await.unwrap();
        deliveries
            .iter()
            .all(|delivery| delivery.state == "sent")
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_is_told_by_a_hub_that_is_killed_is_told_again_by_the_next_one() {
    let hesitates = Arc::new(AtomicBool::new(true));
    let (hook, hooked) = hooks(Arc::clone(&hesitates)).await;
    let mut hub = TestHub::start_configured(&config(hook, 9));
    broken(&hub, &["ops"]).await;
    let worker = hub.start_worker(1).await;
    hub.submit("exits-three", 1).await;
    first(&hooked, "the first attempt").await;
    hub.process.kill();
    drop(worker);
    hesitates.store(false, Ordering::SeqCst);
    hub.restart();
    eventually("the second attempt to be settled", || async {
        let deliveries = hub.client().alert_deliveries().await.unwrap();
        deliveries
            .iter()
            .any(|delivery| delivery.state == "sent")
            .then_some(())
    })
    .await;
    // The same decision under the same id, and no other.
    let ids: Vec<String> = (all(&hooked).iter())
        .map(|body| {
            let body: Value = serde_json::from_str(body).unwrap();
            body["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(
        ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]),
        "{ids:?}"
    );
    assert_eq!(hub.client().alert_deliveries().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_target_that_hangs_keeps_nothing_from_others() {
    let (hangs, asked) = hooks(Arc::new(AtomicBool::new(true))).await;
    let (works, hooked) = hooks(Arc::default()).await;
    let lab = format!(
        r#"
        [[webhooks.target]]
        name = "lab"
        kind = "slack"
        url = "http://127.0.0.1:{works}/SECRET"
        "#
    );
    let hub = TestHub::start_configured(&format!("{}{lab}", config(hangs, 9)));
    let client = hub.client();
    let targets = client.alert_targets().await.unwrap();
    let id = |name: &str| {
        let target = targets.iter().find(|target| target.name == name);
        target.unwrap().target_id.clone()
    };
    for _ in 0..20 {
        client.test_alert_target(&id("ops")).await.unwrap();
    }
    first(&asked, "the target that hangs to be asked").await;
    let started = std::time::Instant::now();
    client.test_alert_target(&id("lab")).await.unwrap();
    first(&hooked, "the other target to be told").await;
    // Who hangs is given up after ten.
    assert!(started.elapsed() < std::time::Duration::from_secs(8));
    assert_eq!(all(&asked).len(), 2);
}
