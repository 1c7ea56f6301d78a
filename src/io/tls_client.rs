//! TLS for connections that we make: by the certificates that this system trusts, or by those that the administrator names. The
//! cryptography is ring's. Knows no connection.

use std::sync::{Arc, OnceLock};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What connections need. The system's certificates are read once.
///
/// # Errors
/// There are none, and what to do.
pub fn config(ca: Option<&[u8]>) -> Result<Arc<ClientConfig>, String> {
    static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(pem) = ca {
        return Ok(with(named(pem)?));
    }
    if let Some(config) = SYSTEM.get() {
        return Ok(Arc::clone(config));
    }
    let config = with(system()?);
    Ok(Arc::clone(SYSTEM.get_or_init(|| config)))
}

fn with(roots: RootCertStore) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("ring has a suite for each version");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

fn system() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A certificate that can't be read costs itself alone.
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        return Err(
            "this system trusts no certificates: install the package ca-certificates, or set `ca_file`".to_owned()
        );
    }
    Ok(roots)
}

/// Checks certificates in PEM.
///
/// # Errors
/// There are none that can be used.
pub fn named(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "it has a PEM block that can't be read".to_owned())?;
        roots.add(certificate).map_err(|error| format!("it has a certificate that can't be used: {error}"))?;
    }
    if roots.is_empty() { Err("it has no PEM block `CERTIFICATE`".to_owned()) } else { Ok(roots) }
}
