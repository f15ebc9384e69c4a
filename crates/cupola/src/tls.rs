//! The hub's certificate: its own, made at the first start, or files that somebody else looks after.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use cupola_web::Tls;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

use crate::data::{DataDir, write_private};

/// Whether a hub speaks TLS, and by which certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Encryption {
    /// Plain HTTP.
    #[default]
    Off,
    /// A certificate of its own, which clients know by its fingerprint.
    Own,
    /// Files in PEM, read at the start.
    Files {
        /// The certificate, and those between it and its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

impl Encryption {
    /// Whether anything is encrypted.
    pub(crate) fn is_on(&self) -> bool {
        *self != Encryption::Off
    }

    /// The hub's side of it. `names` are those that a certificate of its own is for.
    pub(crate) fn open(&self, data: &DataDir, names: Vec<String>) -> anyhow::Result<Option<Tls>> {
        match self {
            Encryption::Off => Ok(None),
            Encryption::Own => {
                let path = data.certificate();
                let pem = match fs::read(&path) {
                    Ok(pem) => pem,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        let pem = made(names)?;
                        write_private(&path, &pem)
                            .with_context(|| format!("failed to write `{}`", path.display()))?;
                        pem.into_bytes()
                    }
                    Err(error) => {
                        let shown = path.display();
                        return Err(error).with_context(|| format!("failed to read `{shown}`"));
                    }
                };
                let remedy =
                    "away with it, the hub makes another at its next start, and workers join again";
                let tls = Tls::new(&pem, &pem);
                tls.map(Some)
                    .with_context(|| format!("`{}` is no certificate ({remedy})", path.display()))
            }
            Encryption::Files { certificate, key } => {
                let read = |path: &PathBuf| {
                    fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))
                };
                let tls = Tls::new(&read(certificate)?, &read(key)?);
                tls.map(Some).with_context(|| {
                    let (certificate, key) = (certificate.display(), key.display());
                    format!("`{certificate}` and `{key}` are no certificate with its key")
                })
            }
        }
    }
}

/// For whom a certificate of a hub's own is made. Workers do not look at it, browsers do.
pub(crate) fn names(address: SocketAddr, hosts: &[String], hostname: &str) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1", hostname]
        .map(str::to_owned)
        .into();
    if !address.ip().is_unspecified() {
        names.push(address.ip().to_string());
    }
    names.extend(hosts.iter().map(|host| bare(host).to_owned()));
    names.retain(|name| is_name(name));
    let mut seen = Vec::new();
    names.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
    names
}

/// Without port and brackets.
fn bare(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() && !name.ends_with(':') => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

/// Whether a certificate can be for it.
fn is_name(name: &str) -> bool {
    let is_word = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    name.parse::<IpAddr>().is_ok() || name.split('.').all(is_word)
}

/// A new certificate and its key in PEM. It does not end: whoever is to trust another is told so.
fn made(names: Vec<String>) -> anyhow::Result<String> {
    let key = KeyPair::generate().context("failed to make a key")?;
    let mut asked = CertificateParams::new(names)?;
    asked.distinguished_name.push(DnType::CommonName, "Cupola");
    asked.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = asked.self_signed(&key)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn data() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::find(Some(folder.path().to_owned())).unwrap();
        (folder, data)
    }

    #[test]
    fn a_certificate_is_made_once_and_kept_for_its_owner_alone() {
        let (_folder, data) = data();
        let open = || {
            let names = vec!["localhost".to_owned()];
            let tls = Encryption::Own.open(&data, names).unwrap().unwrap();
            tls.fingerprint().to_owned()
        };
        let first = open();
        assert_eq!((first.len(), open()), (64, first));
        let mode = fs::metadata(data.certificate())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn files_of_others_are_read_and_what_is_wrong_is_named() {
        let (folder, data) = data();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let pem = made(vec!["localhost".to_owned()]).unwrap();
        let other = made(vec!["localhost".to_owned()]).unwrap();
        let check = |certificate: &PathBuf, key: &PathBuf, expected: Result<(), &str>| {
            let files = Encryption::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            };
            match (files.open(&data, Vec::new()), expected) {
                (Ok(tls), Ok(())) => assert!(tls.is_some()),
                (Err(error), Err(part)) => {
                    let error = format!("{error:#}");
                    assert!(error.contains(part), "{error}");
                }
                (found, expected) => panic!("{found:?}, expected {expected:?}"),
            }
        };
        let (both, other) = (write("a.pem", &pem), write("b.pem", &other));
        let nothing = write("c.pem", "nothing");
        check(&both, &both, Ok(()));
        check(&both, &other, Err("the key is not the certificate's"));
        check(&nothing, &both, Err("there is no certificate in PEM"));
        check(&both, &nothing, Err("there is no private key in PEM"));
        let missing = folder.path().join("missing.pem");
        check(&missing, &both, Err("failed to read"));
    }

    #[test]
    fn a_certificate_is_for_what_the_hub_is_called() {
        let check = |address: &str, hosts: &[&str], expected: &[&str]| {
            let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
            let found = names(address.parse().unwrap(), &hosts, "box");
            let all: Vec<_> = ["localhost", "127.0.0.1", "::1", "box"]
                .iter()
                .chain(expected)
                .copied()
                .collect();
            assert_eq!(found, all, "{address} {hosts:?}");
        };
        check("127.0.0.1:1", &[], &[]);
        check("0.0.0.0:1", &["hub.lab:80", "hub.lab"], &["hub.lab"]);
        check("10.0.0.5:1", &["[fd00::7]:80"], &["10.0.0.5", "fd00::7"]);
        check("127.0.0.1:1", &["not a name", "a..b"], &[]);
    }
}
