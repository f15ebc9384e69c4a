//! How commands reach a hub: the one that was named, or the one that runs here.

use anyhow::Context as _;
use cupola_client::Client;

use crate::{
    cli::Connect,
    config::PORT,
    data::{DataDir, read_secret},
};

/// A client of the hub that the command line means.
pub(crate) fn client(connect: &Connect) -> anyhow::Result<Client> {
    let data = DataDir::find(connect.data.clone())?;
    let url = connect
        .hub
        .clone()
        .or_else(|| data.running_hub().map(|hub| hub.url));
    let url = url.unwrap_or_else(|| format!("http://127.0.0.1:{PORT}"));
    let token = match &connect.token {
        Some(token) => token.clone(),
        None => read_secret(&data.command_line_token()).with_context(|| {
            format!(
                "there is no token: give one with `--token` or CUPOLA_TOKEN, or start a hub here \
                 (`{}` has none)",
                data.path().display()
            )
        })?,
    };
    Ok(Client::new(&url, &token)?)
}
