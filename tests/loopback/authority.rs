//! A certification authority of a test's own, and what it certifies.

/// Its certificate, and what signs others.
pub(crate) struct Authority {
    ca: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new()).expect("no names");
        // Names tell the two apart: whoever is called as his issuer is taken for self-signed.
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = parameters.self_signed(&key).expect("an authority");
        Self { ca, issuer: rcgen::Issuer::new(parameters, key) }
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> String {
        self.ca.pem()
    }

    /// Certificate and key of a server or client of this name or address.
    pub(crate) fn certify(&self, name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        parameters.extended_key_usages =
            vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth, rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = parameters.signed_by(&key, &self.issuer).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }
}
