//! Mail.

use cupola_domain::alert::{Sending, TargetKind};
use cupola_notify::{Mail, Security, Sender, Settings};

use crate::{
    NOW, has_failed, here, is_refused, parcel,
    receiver::{Manners, certified, smtp},
    send,
};

fn through(port: u16, security: Security) -> Settings {
    Settings {
        mail: Some(Mail {
            host: "localhost".to_owned(),
            port,
            security,
            login: Some(("cupola".to_owned(), "PASSWORD".to_owned())),
            from: "Cupola <cupola@hub.example>".to_owned(),
        }),
        ..here()
    }
}

/// `\0cupola\0PASSWORD` in Base64.
const LOGIN: &str = "AGN1cG9sYQBQQVNTV09SRA==";

#[tokio::test]
async fn a_mail_arrives_whole() {
    let (port, received) = smtp(Manners::default()).await;
    let mut parcel = parcel(TargetKind::Mail, "ada@lab.example, grace@lab.example");
    parcel.message.rule_name = "dïverged\r\nBcc: x@y".to_owned();
    assert_eq!(
        send(through(port, Security::Plain), &parcel).await,
        Sending::Taken
    );
    let all = received.all();
    assert!(all.contains(&format!("AUTH PLAIN {LOGIN}")), "{all:?}");
    assert!(
        all.contains(&"MAIL FROM:<cupola@hub.example>".to_owned()),
        "{all:?}"
    );
    assert!(
        all.contains(&"RCPT TO:<grace@lab.example>".to_owned()),
        "{all:?}"
    );
    let mail = all.iter().find(|text| text.contains("Message-ID")).unwrap();
    let head = mail.split("\n\n").next().unwrap();
    assert!(
        mail.contains(&format!("Message-ID: <{}@hub.example>", parcel.delivery)),
        "{mail}"
    );
    assert!(mail.contains("Date: Sat, 21 Nov 2026 10:00:00"), "{mail}");
    assert!(
        mail.contains("To: ada@lab.example, grace@lab.example"),
        "{mail}"
    );
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{mail}");
    assert!(mail.contains("/runs/"), "{mail}");
    // A repetition has the same name.
    assert_eq!(
        send(through(port, Security::Plain), &parcel).await,
        Sending::Taken
    );
    let ids = |text: &&String| text.contains(&format!("Message-ID: <{}@", parcel.delivery));
    assert_eq!(received.all().iter().filter(ids).count(), 2);
}

#[tokio::test]
async fn nothing_is_said_before_the_way_is_encrypted() {
    let certified = certified();
    for is_wrapped in [false, true] {
        let manners = Manners {
            tls: Some(certified.server.clone()),
            is_wrapped,
            ..Manners::default()
        };
        let security = if is_wrapped {
            Security::Tls
        } else {
            Security::StartTls
        };
        let (port, received) = smtp(manners).await;
        let parcel = parcel(TargetKind::Mail, "ada@lab.example");
        let trusting = |pem: Option<&str>| Settings {
            roots_pem: pem.map(str::to_owned),
            ..through(port, security)
        };
        // Nobody vouches for the server.
        has_failed(&send(trusting(None), &parcel).await, "");
        assert!(!format!("{:?}", received.all()).contains(LOGIN));
        assert_eq!(
            send(trusting(Some(&certified.pem)), &parcel).await,
            Sending::Taken
        );
        let all = received.all();
        let login = all.iter().position(|line| line.contains(LOGIN)).unwrap();
        let asked = all.iter().rposition(|line| line == "STARTTLS");
        assert_eq!(
            asked.is_some_and(|asked| asked < login),
            !is_wrapped,
            "{all:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_gets_no_password() {
    let (port, received) = smtp(Manners::default()).await;
    let parcel = parcel(TargetKind::Mail, "ada@lab.example");
    has_failed(&send(through(port, Security::StartTls), &parcel).await, "");
    assert!(!format!("{:?}", received.all()).contains(LOGIN));
}

#[tokio::test]
async fn a_refusal_is_told_from_trouble() {
    for (answer, is_final) in [("550 no such user", true), ("451 later", false)] {
        let manners = Manners {
            on_recipient: answer,
            ..Manners::default()
        };
        let (port, _) = smtp(manners).await;
        let parcel = parcel(TargetKind::Mail, "ada@lab.example");
        let sending = send(through(port, Security::Plain), &parcel).await;
        if is_final {
            is_refused(&sending, "no such user");
        } else {
            has_failed(&sending, "later");
        }
    }
}

/// Who has how many mails.
fn mails(all: &[String]) -> (usize, Vec<String>) {
    let mails = all
        .iter()
        .filter(|text| text.contains("Message-ID"))
        .count();
    let mut asked: Vec<String> = (all.iter())
        .filter_map(|line| line.strip_prefix("RCPT TO:").map(str::to_owned))
        .collect();
    asked.sort_unstable();
    asked.dedup();
    (mails, asked)
}

#[tokio::test]
async fn one_recipient_that_is_refused_keeps_the_mail_from_nobody_else() {
    let three = "ada@lab.example, gone@lab.example, grace@lab.example";
    for (answer, is_final) in [("550 no such user", true), ("451 later", false)] {
        let manners = Manners {
            on_recipient: answer,
            about: "gone@",
            ..Manners::default()
        };
        let (port, received) = smtp(manners).await;
        let parcel = parcel(TargetKind::Mail, three);
        let sender = Sender::new(through(port, Security::Plain)).unwrap();
        let sending = sender.send(&parcel, NOW).await;
        let (count, asked) = mails(&received.all());
        assert_eq!((count, asked.len()), (2, 3), "{answer}");
        if is_final {
            is_refused(&sending, "2 of 3 recipients have it; gone@lab.example: ");
            continue;
        }
        // Who has it is not written to again.
        has_failed(&sending, "gone@lab.example: ");
        has_failed(&sender.send(&parcel, NOW).await, "gone@lab.example: ");
        assert_eq!(mails(&received.all()).0, 2);
    }
}

#[tokio::test]
async fn a_mail_server_that_falls_silent_is_not_waited_for_long() {
    let started = std::time::Instant::now();
    let attempts = ["greeting", "EHLO", "MAIL", "DATA"].map(|silent_at| async move {
        let manners = Manners {
            silent_at,
            ..Manners::default()
        };
        let (port, _) = smtp(manners).await;
        let parcel = parcel(TargetKind::Mail, "ada@lab.example, grace@lab.example");
        send(through(port, Security::Plain), &parcel).await
    });
    let attempts = attempts.map(tokio::spawn);
    for attempt in attempts {
        has_failed(&attempt.await.unwrap(), "did not answer within 20 s");
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(30));
}

#[tokio::test]
async fn mail_that_is_not_configured_is_refused() {
    let parcel = parcel(TargetKind::Mail, "ada@lab.example");
    is_refused(&send(here(), &parcel).await, "mail is not configured");
    let mut open = through(25, Security::Plain);
    open.mail.as_mut().unwrap().host = "mail.example".to_owned();
    let unusable = Sender::new(open).unwrap_err();
    assert!(
        unusable
            .to_string()
            .contains("only to a server on this machine"),
        "{unusable}"
    );
    let mut odd = through(25, Security::Plain);
    odd.mail.as_mut().unwrap().from = "nobody".to_owned();
    let unusable = Sender::new(odd).unwrap_err();
    assert!(
        unusable.to_string().contains("is no address of mail"),
        "{unusable}"
    );
}
