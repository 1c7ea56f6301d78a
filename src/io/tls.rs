//! TLS for the web server: what the administrator wants, as rustls takes it. The cryptography is ring's, which builds with a C
//! compiler alone. Knows no configuration file and no connection.

use std::sync::Arc;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{Error, NamedGroup, ProtocolVersion, RootCertStore, SupportedProtocolVersion};

pub use tokio_rustls::rustls::ServerConfig;

/// Go's names of curves, which the format has, and the groups they mean (RFC 8446, 4.2.7).
const CURVES: [(&str, NamedGroup); 3] =
    [("X25519", NamedGroup::X25519), ("CurveP256", NamedGroup::secp256r1), ("CurveP384", NamedGroup::secp384r1)];

/// Certificates or a key in PEM (RFC 7468). Shown by nothing.
#[derive(Clone)]
pub struct Pem(Vec<u8>);

impl Pem {
    /// Takes it.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Pem(…)")
    }
}

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// They are not asked.
    None,
    /// One that is shown must be good.
    IfGiven,
    /// Without a good one nobody comes in.
    Required,
}

/// Versions of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

/// What the administrator wants.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our certificate, and those between it and the root.
    pub cert: Pem,
    /// Its key.
    pub key: Pem,
    /// Whether clients show a certificate.
    pub client: ClientAuth,
    /// Who has signed theirs; needed unless they are not asked.
    pub client_ca: Option<Pem>,
    /// From which version to which.
    pub versions: (Version, Version),
    /// Suites of TLS 1.2 by their names of the IANA registry, in order; all that are good, if there are none. Those of
    /// TLS 1.3 cannot be chosen, as in Go.
    pub suites: Vec<String>,
    /// Curves by Go's names, in order; all, if there are none.
    pub curves: Vec<String>,
    /// Our order of suites counts, not the client's.
    pub our_order: bool,
}

/// What of it is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate.
    #[error("the certificate {0}")]
    Certificate(String),
    /// The key.
    #[error("the key {0}")]
    Key(String),
    /// The certificates that clients are verified by.
    #[error("client_ca_file {0}")]
    ClientCa(String),
    /// A suite.
    #[error("cipher_suites: {0}")]
    Suite(String),
    /// A curve.
    #[error("curve_preferences: {0}")]
    Curve(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// Everything that a connection needs.
///
/// # Errors
/// What of it is not possible, and what would be.
pub fn server(settings: &Settings) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(provider(settings)?);
    let other = |error: Error| TlsError::Other(error.to_string());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(&versions(settings.versions)).map_err(other)?;
    let builder = match (&settings.client_ca, settings.client) {
        (Some(ca), ClientAuth::IfGiven | ClientAuth::Required) => {
            let roots = Arc::new(roots(ca).map_err(TlsError::ClientCa)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            let optional = settings.client == ClientAuth::IfGiven;
            let verifier = if optional { verifier.allow_unauthenticated() } else { verifier };
            let verifier = verifier.build().map_err(|error| TlsError::ClientCa(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
        (None, ClientAuth::Required | ClientAuth::IfGiven) => {
            return Err(TlsError::ClientCa("is missing: clients can't be verified without it".to_owned()));
        }
        (_, ClientAuth::None) => builder.with_no_client_auth(),
    };
    let certs = certificates(&settings.cert).map_err(TlsError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&settings.key.0);
    // The reader's own words could hold a line of the key.
    let key = key.map_err(|_| TlsError::Key("has no PEM block `PRIVATE KEY` that can be read".to_owned()))?;
    let mut server = builder.with_single_cert(certs, key).map_err(|error| match error {
        Error::InconsistentKeys(_) => TlsError::Key("does not belong to the certificate".to_owned()),
        Error::InvalidCertificate(why) => TlsError::Certificate(format!("can't be used: {why:?}")),
        error => TlsError::Key(format!("can't be used: {error}")),
    })?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    server.ignore_client_order = settings.our_order;
    Ok(Arc::new(server))
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_slice_iter(&pem.0).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(certificates) if certificates.is_empty() => Err("has no PEM block `CERTIFICATE`".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(_) => Err("has a PEM block that can't be read".to_owned()),
    }
}

fn roots(pem: &Pem) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| format!("has a certificate that can't be used: {error}"))?;
    }
    Ok(roots)
}

fn versions((min, max): (Version, Version)) -> Vec<&'static SupportedProtocolVersion> {
    let all = [(Version::Tls13, &TLS13), (Version::Tls12, &TLS12)];
    all.into_iter().filter(|(version, _)| (min..=max).contains(version)).map(|(_, version)| version).collect()
}

/// ring's suites and groups, those that are wanted in their order.
fn provider(settings: &Settings) -> Result<CryptoProvider, TlsError> {
    let mut provider = ring::default_provider();
    if !settings.suites.is_empty() {
        let is_13 =
            |suite: &tokio_rustls::rustls::SupportedCipherSuite| suite.version().version == ProtocolVersion::TLSv1_3;
        let (mut chosen, choice): (Vec<_>, Vec<_>) = provider.cipher_suites.iter().copied().partition(is_13);
        let name = |suite: &tokio_rustls::rustls::SupportedCipherSuite| format!("{:?}", suite.suite());
        for wanted in &settings.suites {
            // TLS 1.3 has its suites on anyway.
            if chosen.iter().any(|suite| name(suite).replace("TLS13_", "TLS_") == *wanted) {
                continue;
            }
            let known = || choice.iter().map(name).collect::<Vec<_>>().join(", ");
            let suite = choice.iter().find(|suite| name(suite) == *wanted);
            chosen.push(*suite.ok_or_else(|| TlsError::Suite(format!("not supported, expected some of {}", known())))?);
        }
        provider.cipher_suites = chosen;
    }
    if !settings.curves.is_empty() {
        let mut chosen = Vec::new();
        for wanted in &settings.curves {
            let group = CURVES.iter().find(|(name, _)| name == wanted).map(|(_, group)| *group);
            let known = group.and_then(|group| provider.kx_groups.iter().find(|known| known.name() == group));
            let all = CURVES.map(|(name, _)| name).join(", ");
            chosen.push(*known.ok_or_else(|| TlsError::Curve(format!("not supported, expected some of {all}")))?);
        }
        provider.kx_groups = chosen;
    }
    Ok(provider)
}
