//! Who is trusted: the certificate authorities of the web, and what the configuration adds.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::Unusable;

/// A client's side of TLS.
pub(crate) fn config(roots_pem: Option<&str>) -> Result<Arc<ClientConfig>, Unusable> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for certificate in certificates(roots_pem)? {
        (roots.add(certificate)).map_err(|error| unusable(&error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn certificates(pem: Option<&str>) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let Some(pem) = pem else {
        return Ok(Vec::new());
    };
    let read = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| unusable(&error))?;
    if read.is_empty() {
        return Err(unusable(&"there is none in the file"));
    }
    Ok(read)
}

fn unusable(why: &impl std::fmt::Display) -> Unusable {
    Unusable(format!(
        "the certificates that are trusted besides cannot be used: {why}"
    ))
}
