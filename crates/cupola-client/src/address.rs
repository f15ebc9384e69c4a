//! Where a hub is, and by which certificate it is known there.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use cupola_domain::text::{hex, unhex};
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// What comes before a fingerprint in an address.
const PIN_MARK: &str = "sha256=";

/// The SHA-256 of a certificate, as it is sent when a connection begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Pin {
    type Err = String;

    /// Hexadecimal digits, with colons between them or without.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.replace(':', "");
        let bytes = unhex(&digits).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a fingerprint: write 64 hexadecimal digits"))
    }
}

/// Where a hub is: `http://127.0.0.1:7171`, or `https://hub.lab:7171#sha256=…` with the fingerprint of its
/// certificate. Without one, a certificate must be of an authority that browsers know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    pin: Option<Pin>,
}

impl Address {
    /// Without a slash at its end and without the fingerprint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The only certificate that is trusted there.
    pub fn pin(&self) -> Option<Pin> {
        self.pin
    }

    /// Where calls go, if the address is one of this machine alone: no other name is asked for.
    pub fn loopback(&self) -> Vec<SocketAddr> {
        let Ok(url) = Url::parse(&self.url) else {
            return Vec::new();
        };
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let hosts: Vec<IpAddr> = match literal.parse::<IpAddr>() {
            Ok(ip) => vec![ip],
            Err(_) if host == "localhost" => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            Err(_) => Vec::new(),
        };
        let port = url.port_or_known_default().unwrap_or_default();
        let hosts = hosts.into_iter().filter(IpAddr::is_loopback);
        hosts.map(|ip| SocketAddr::new(ip, port)).collect()
    }

    /// Whether what is sent there is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.url.starts_with("https:")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)?;
        match self.pin {
            Some(pin) => write!(f, "#{PIN_MARK}{pin}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = |reason: String| Error::InvalidAddress {
            url: text.to_owned(),
            reason,
        };
        let (url, fragment) = match text.split_once('#') {
            Some((url, fragment)) => (url, Some(fragment)),
            None => (text, None),
        };
        // What browsers forgive reads differently to others.
        if url.contains(|c: char| c == '\\' || c == '@' || c.is_whitespace() || c.is_control()) {
            let message = "an address has no backslash, no `@` and no space";
            return Err(invalid(message.to_owned()));
        }
        let parsed = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
        let pin = match fragment.map(|fragment| fragment.strip_prefix(PIN_MARK)) {
            None => None,
            Some(Some(digits)) => Some(digits.parse().map_err(invalid)?),
            Some(None) => {
                let message = format!("after `#` comes `{PIN_MARK}` and a fingerprint");
                return Err(invalid(message));
            }
        };
        match parsed.scheme() {
            "https" => {}
            "http" if pin.is_none() => {}
            "http" => {
                let message = "a fingerprint goes with `https`: by `http` nothing is encrypted";
                return Err(invalid(message.to_owned()));
            }
            other => return Err(invalid(format!("`{other}` is neither `http` nor `https`"))),
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            pin,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn only_an_address_of_this_machine_is_here() {
        let check = |text: &str, expected: &[&str]| {
            let found = text.parse::<Address>().map(|address| address.loopback());
            let found: Vec<_> = found
                .into_iter()
                .flatten()
                .map(|at| at.to_string())
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check("http://127.0.0.1:7171", &["127.0.0.1:7171"]);
        check("http://localhost:7171/x", &["127.0.0.1:7171", "[::1]:7171"]);
        check(
            &format!("https://127.0.0.1:7171#sha256={DIGITS}"),
            &["127.0.0.1:7171"],
        );
        check("http://[::1]:7171", &["[::1]:7171"]);
        check("http://127.0.0.2", &["127.0.0.2:80"]);
        for elsewhere in [
            "127.0.0.2",
            "https://hub.lab",
            "http://127.0.0.1.evil.example",
            "http://localhost@hub.lab:1",
            "http://evil.example:7171\\@127.0.0.1:7171",
            "http:\\\\evil.example/://localhost",
            "http://localhost.hub.lab",
            "http://10.0.0.1:7171",
            "http://0.0.0.0:7171",
            "",
        ] {
            check(elsewhere, &[]);
        }
    }

    fn check(text: &str, expected: &str) {
        let read = match text.parse::<Address>() {
            Ok(address) => address.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(read.ends_with(expected), "{text}: {read}");
    }

    #[test]
    fn an_address_is_read_with_its_fingerprint_and_written_the_same() {
        check("http://127.0.0.1:7171", "http://127.0.0.1:7171");
        check("http://hub/", "http://hub");
        check("https://hub.lab", "https://hub.lab");
        let pinned = format!("https://hub.lab:7171#sha256={DIGITS}");
        check(&pinned, &pinned);
        check(
            &pinned
                .to_uppercase()
                .replace("HTTPS", "https")
                .replace("SHA256", "sha256"),
            DIGITS,
        );
        check(
            "https://hub/#sha256=00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
            &format!("https://hub#sha256={DIGITS}"),
        );
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        check("hub:7171", "`hub` is neither `http` nor `https`");
        check("", "relative URL without a base");
        check("ftp://hub", "`ftp` is neither `http` nor `https`");
        check(
            "https://hub#md5=00",
            "after `#` comes `sha256=` and a fingerprint",
        );
        check(
            "https://hub#sha256=12",
            "`12` is not a fingerprint: write 64 hexadecimal digits",
        );
        check(
            &format!("http://hub#sha256={DIGITS}"),
            "a fingerprint goes with `https`: by `http` nothing is encrypted",
        );
        check(
            &format!("https://hub#sha256=é{}", &DIGITS[2..]),
            "write 64 hexadecimal digits",
        );
    }
}
