//! What `--web.config.file` accepts, and what a person reads when it does not.

use super::*;

/// A hash by its form, with the least cost that bcrypt has.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuTBGCZeZJYR1iWVQBk7.SbmRKPKaOBsS";

struct Folder(tempfile::TempDir);

impl Folder {
    /// With a certificate and its key, and a key that belongs to another.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let other = rcgen::KeyPair::generate().expect("a key");
        for (name, text) in [
            ("cert.pem", made.cert.pem()),
            ("key.pem", made.signing_key.serialize_pem()),
            ("other.pem", other.serialize_pem()),
            ("empty.pem", String::new()),
        ] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        Self(folder)
    }

    fn load(&self, text: &str) -> Result<WebFile, String> {
        let path = self.0.path().join("web.yml");
        std::fs::write(&path, text).expect("the file");
        WebFile::load(&path).map_err(|error| error.to_string())
    }
}

#[test]
fn reads_the_documented_shape() {
    let folder = Folder::new();
    let text = format!(
        "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  client_auth_type: RequireAndVerifyClientCert\n  \
         client_ca_file: cert.pem\n  min_version: TLS13\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n  \
         curve_preferences: [X25519, CurveP256]\n  prefer_server_cipher_suites: false\nhttp_server_config:\n  http2: true\n  \
         headers:\n    Strict-Transport-Security: max-age=31536000\nbasic_auth_users:\n  alice: {HASH}\n"
    );
    let web = folder.load(&text).expect("good");
    assert!(web.tls.is_some());
    assert_eq!(web.users.keys().collect::<Vec<_>>(), ["alice"]);
    assert_eq!(web.headers, [("Strict-Transport-Security", "max-age=31536000".to_owned())]);
    assert_eq!(web.read.len(), 4, "the file, certificate, key and CA: {:?}", web.read);
    assert!(!format!("{web:?}").contains("$2b$"), "a hash can be guessed from");
    let empty = folder.load("# nothing yet\n").expect("empty is good");
    assert!(empty.tls.is_none() && empty.users.is_empty());
}

/// Each: the text, and all that the message must contain.
#[test]
fn errors_name_file_line_and_what_to_do() {
    let folder = Folder::new();
    let tls = |rest: &str| format!("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n{rest}");
    let cases: &[(String, &[&str])] = &[
        ("basic_auth_users:\n  alice: secret-word\n".into(), &["web.yml:2:", "`alice`", "htpasswd"]),
        ("basic_auth_users:\n  \"a:b\": secret-word\n".into(), &["web.yml:2:", "no colon"]),
        (format!("basic_auth_users:\n  bob: {}\n", HASH.replace("$04$", "$16$")), &["web.yml:2:", "cost above 14"]),
        ("basic_auth_user:\n  alice: secret-word\n".into(), &["web.yml:1:", "basic_auth_users"]),
        ("basic_auth_users: secret-word\n".into(), &["web.yml:1:"]),
        ("http_server_config:\n  headers:\n    Server: x\n".into(), &["web.yml:3:", "`Server`", "X-Frame-Options"]),
        (
            "http_server_config:\n  headers:\n    X-Frame-Options: \"a\\nb\"\n".into(),
            &["web.yml:3:", "not ASCII on one line"],
        ),
        ("tls_server_config:\n  cert_file: cert.pem\n".into(), &["web.yml:2:", "needs a `key_file`"]),
        (
            "tls_server_config:\n  cert_file: gone.pem\n  key_file: key.pem\n".into(),
            &["web.yml:2:", "gone.pem can't be read"],
        ),
        (
            "tls_server_config:\n  cert_file: empty.pem\n  key_file: key.pem\n".into(),
            &["web.yml:2:", "certificate", "no PEM"],
        ),
        ("tls_server_config:\n  cert_file: cert.pem\n  key_file: empty.pem\n".into(), &["web.yml:3:", "key", "no PEM"]),
        ("tls_server_config:\n  cert_file: cert.pem\n  key_file: other.pem\n".into(), &["web.yml:3:", "belong"]),
        (tls("  key: secret-word\n"), &["web.yml:3:", "both `key` and `key_file`"]),
        (tls("  client_auth_type: RequireAnyClientCert\n"), &["web.yml:4:", "RequireAndVerifyClientCert"]),
        (tls("  client_auth_type: Sometimes\n"), &["web.yml:4:", "expected one of NoClientCert"]),
        (tls("  client_auth_type: VerifyClientCertIfGiven\n"), &["web.yml:4:", "needs a `client_ca_file`"]),
        (tls("  client_ca_file: cert.pem\n"), &["web.yml:4:", "verifies no client"]),
        (tls("  client_allowed_sans: [a.example]\n"), &["web.yml:4:", "not supported"]),
        (tls("  min_version: TLS10\n"), &["web.yml:4:", "RFC 8996"]),
        (tls("  min_version: TLS13\n  max_version: TLS12\n"), &["web.yml:4:", "above"]),
        (tls("  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"), &["web.yml:4:", "cipher_suites", "CHACHA20"]),
        (tls("  curve_preferences: [CurveP521]\n"), &["web.yml:4:", "curve_preferences", "X25519"]),
    ];
    for (text, wanted) in cases {
        let message = folder.load(text).expect_err(text);
        for part in *wanted {
            assert!(message.contains(part), "{text}: {message:?} lacks {part:?}");
        }
        assert!(!message.contains("secret-word") && !message.contains("$2b$") && !message.contains('\n'), "{message}");
    }
    let gone = WebFile::load(Path::new("/nowhere/web.yml")).expect_err("not there").to_string();
    assert!(gone.starts_with("/nowhere/web.yml: can't be read"), "{gone}");
}
