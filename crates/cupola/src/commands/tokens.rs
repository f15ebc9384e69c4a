//! `cupola token`: who may do what.

use cupola_client::{Client, query::PageFilter};
use cupola_protocol::{access::NewToken, joining::NewEnrolment};

use crate::{
    cli::{Read, Token},
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Token) -> anyhow::Result<()> {
    match command {
        Token::Create {
            name,
            role,
            owner,
            team,
            ttl,
            hours,
            read,
        } => {
            let ttl_secs = ttl.or(hours.map(|hours| hours.saturating_mul(3600)));
            let client = client(&read.connect)?;
            let created = client
                .create_token(&NewToken {
                    name,
                    role,
                    ttl_secs,
                    owner,
                    team,
                })
                .await?;
            if read.json {
                return output::json(&created);
            }
            output::line(&created.secret);
            if created.token.role == "worker" {
                let (url, key) = (client.address(), client.version().await?.hub_key);
                output::line(&format!(
                    "Join with: CUPOLA_TOKEN={} cupola worker --hub {url} --hub-key {key}",
                    created.secret
                ));
            }
            Ok(())
        }
        Token::Worker {
            name,
            owner,
            team,
            ttl,
            uses,
            read,
        } => {
            let new = NewEnrolment {
                name,
                owner,
                team,
                uses: Some(uses),
                ttl_secs: Some(ttl),
            };
            invite(&new, &read).await
        }
        Token::Codes(read) => codes(read).await,
        Token::List(read) => list(read).await,
        Token::Revoke { id, connect } => revoke(&client(&connect)?, &id).await,
    }
}

async fn invite(new: &NewEnrolment, read: &Read) -> anyhow::Result<()> {
    let created = client(&read.connect)?.create_enrolment(new).await?;
    if read.json {
        return output::json(&created);
    }
    let way = &created.enrolment;
    output::line(&format!("cupola worker --join {}", created.join_code));
    let uses = match way.uses_max {
        1 => "one machine".to_owned(),
        uses => format!("{uses} machines"),
    };
    output::remark(&format!(
        "Run this on the machine that is to work: {uses} of {}, until {}.",
        way.owner, way.expires_at
    ));
    if !created.warning.is_empty() {
        output::remark(&created.warning);
    }
    Ok(())
}

async fn codes(read: Read) -> anyhow::Result<()> {
    let filter = PageFilter::default();
    let page = client(&read.connect)?.enrolments(&filter).await?;
    if read.json {
        return output::json(&page);
    }
    let mut table = Table::new(&["code", "name", "owner", "team", "used", "state", "expires"]);
    for way in page.items {
        let used = format!("{} of {}", way.uses, way.uses_max);
        let expires = way.expires_at.to_string();
        table.row([
            way.enrolment_id,
            way.name,
            way.owner,
            way.team,
            used,
            way.state,
            expires,
        ]);
    }
    table.print("No join codes.");
    Ok(())
}

async fn revoke(client: &Client, id: &str) -> anyhow::Result<()> {
    match client.revoke_token(id).await {
        Ok(()) => output::line(&format!("revoked {id}: it opens nothing any more")),
        Err(error) if error.status() == Some(404) => {
            client.revoke_enrolment(id).await?;
            output::line(&format!("closed {id}: no other machine comes in by it"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn list(read: Read) -> anyhow::Result<()> {
    let page = client(&read.connect)?
        .tokens(&PageFilter::default())
        .await?;
    if read.json {
        return output::json(&page);
    }
    let mut table = Table::new(&[
        "token",
        "name",
        "owner",
        "team",
        "role",
        "begins with",
        "created",
        "state",
    ]);
    for token in page.items {
        let state = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("expires {at}"),
            (None, None) => "valid".to_owned(),
        };
        let created = token.created_at.to_string();
        table.row([
            token.token_id,
            token.name,
            token.owner,
            token.team,
            token.role,
            token.prefix,
            created,
            state,
        ]);
    }
    table.print("No tokens.");
    Ok(())
}
