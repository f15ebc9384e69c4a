//! Mail.

use cupola_domain::alert::{Sending, TargetKind};
use cupola_notify::{Mail, Security, Sender, Settings};

use crate::{
    has_failed, here, is_refused, parcel,
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
