//! Where a hub listens, by which certificate, and how it is called from elsewhere.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context as _;
use cupola_web::Tls;
use tokio::net::TcpListener;

use crate::{config::Config, exit::Unavailable};

/// Takes the port that the configuration names.
pub(crate) async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let host: IpAddr = match config.host.as_str() {
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        host => host
            .parse()
            .with_context(|| format!("`--host {host}` is not an address"))?,
    };
    if !host.is_loopback() && !config.allow_remote && !config.tls.is_on() {
        anyhow::bail!(
            "`--host {host}` would listen beyond this machine without encryption; say `--tls`, put a proxy \
             with TLS in front, or say `--allow-remote` in a network that you trust"
        );
    }
    let address = SocketAddr::new(host, config.port);
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = "choose another with `--port` (0 picks a free one)";
        Unavailable(format!("failed to listen on {address}: {error}; {remedy}")).into()
    })
}

/// The address that people on this machine open.
pub(crate) fn url(address: SocketAddr, tls: Option<&Tls>) -> String {
    let shown = if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::from([127, 0, 0, 1]), address.port())
    } else {
        address
    };
    format!("{}://{shown}", scheme(tls.is_some()))
}

/// The same as clients are given it: with the certificate's fingerprint.
pub(crate) fn pinned(url: &str, tls: Option<&Tls>) -> String {
    match tls {
        Some(tls) => format!("{url}#sha256={}", tls.fingerprint()),
        None => url.to_owned(),
    }
}

/// By which names the pages may be asked for besides those of this machine's own. An address that is
/// listened on is one: no other name's page can be made to point at it by that.
pub(crate) fn hosts(config: &Config, address: IpAddr) -> Vec<String> {
    let named = config.allow_hosts.iter().cloned();
    named.chain(own(address)).collect()
}

/// By which addresses other machines reach the hub, the best first. What a proxy in front is called is
/// known only if `url` says it.
pub(crate) fn addresses(config: &Config, address: SocketAddr) -> Vec<String> {
    let of_host = |host: &String| {
        let has_port = host.rsplit_once(':').is_some_and(|(name, port)| {
            port.parse::<u16>().is_ok() && (!name.contains(':') || name.ends_with(']'))
        });
        let port = if has_port {
            String::new()
        } else {
            format!(":{}", address.port())
        };
        format!("{}://{host}{port}", scheme(config.tls.is_on()))
    };
    let hosts = config.allow_hosts.iter().cloned().chain(own(address.ip()));
    let direct: Vec<_> = hosts.map(|host| of_host(&host)).collect();
    let url = config
        .url
        .iter()
        .map(|url| url.trim_end_matches('/').to_owned());
    let mut all: Vec<_> = url
        .chain(direct.into_iter().filter(|_| !config.behind_tls))
        .collect();
    all.dedup();
    all
}

/// The address itself, where it is one that others can say.
fn own(address: IpAddr) -> Option<String> {
    let is_one = !address.is_unspecified() && !address.is_loopback();
    is_one.then(|| match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    })
}

fn scheme(is_encrypted: bool) -> &'static str {
    if is_encrypted { "https" } else { "http" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Encryption;

    fn config() -> Config {
        let mut config = Config::private(None, Vec::new(), 1);
        config.allow_hosts = vec!["hub.lab".to_owned()];
        config
    }

    #[test]
    fn an_address_that_is_listened_on_may_be_asked_for() {
        let check = |address: &str, expected: &[&str]| {
            let found = hosts(&config(), address.parse().unwrap());
            assert_eq!(found, expected, "{address}");
        };
        check("10.0.0.5", &["hub.lab", "10.0.0.5"]);
        check("fd00::5", &["hub.lab", "[fd00::5]"]);
        check("0.0.0.0", &["hub.lab"]);
        check("::", &["hub.lab"]);
        check("127.0.0.1", &["hub.lab"]);
    }

    #[test]
    fn others_are_told_the_addresses_that_they_can_reach() {
        let check = |change: fn(&mut Config), address: &str, expected: &[&str]| {
            let mut config = config();
            change(&mut config);
            let found = addresses(&config, address.parse().unwrap());
            assert_eq!(found, expected, "{address}");
        };
        check(
            |_| {},
            "10.0.0.5:7171",
            &["http://hub.lab:7171", "http://10.0.0.5:7171"],
        );
        check(
            |config| config.tls = Encryption::Own,
            "[fd00::5]:7171",
            &["https://hub.lab:7171", "https://[fd00::5]:7171"],
        );
        check(
            |config| config.allow_hosts = vec!["hub.lab:80".to_owned(), "[fd00::7]".to_owned()],
            "0.0.0.0:7171",
            &["http://hub.lab:80", "http://[fd00::7]:7171"],
        );
        check(
            |config| {
                config.behind_tls = true;
                config.url = Some("https://cupola.example/".to_owned());
            },
            "127.0.0.1:7171",
            &["https://cupola.example"],
        );
        check(|config| config.allow_hosts.clear(), "127.0.0.1:7171", &[]);
    }

    #[test]
    fn people_on_this_machine_open_loopback() {
        let check = |address: &str, expected: &str| {
            assert_eq!(url(address.parse().unwrap(), None), expected);
        };
        check("0.0.0.0:1", "http://127.0.0.1:1");
        check("10.0.0.5:1", "http://10.0.0.5:1");
    }
}
