//! `cupola token`: who may do what.

use cupola_client::query::PageFilter;
use cupola_protocol::access::NewToken;

use crate::{
    cli::Token,
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Token) -> anyhow::Result<()> {
    match command {
        Token::Create {
            name,
            role,
            hours,
            read,
        } => {
            let ttl_secs = hours.map(|hours| hours.saturating_mul(3600));
            let client = client(&read.connect)?;
            let created = client
                .create_token(&NewToken {
                    name,
                    role,
                    ttl_secs,
                })
                .await?;
            if read.json {
                return output::json(&created);
            }
            output::line(&created.secret);
            if created.token.role == "worker" {
                let url = client.base_url();
                output::line(&format!(
                    "Join with: cupola worker --hub {url} --token {}",
                    created.secret
                ));
            }
            Ok(())
        }
        Token::List(read) => {
            let page = client(&read.connect)?
                .tokens(&PageFilter::default())
                .await?;
            if read.json {
                return output::json(&page);
            }
            let mut table =
                Table::new(&["token", "name", "role", "begins with", "created", "state"]);
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
                    token.role,
                    token.prefix,
                    created,
                    state,
                ]);
            }
            table.print("No tokens.");
            Ok(())
        }
        Token::Revoke { id, connect } => {
            client(&connect)?.revoke_token(&id).await?;
            output::line(&format!("revoked {id}: it opens nothing any more"));
            Ok(())
        }
    }
}
