//! Credentials from the command line, from files, or from the environment. Shows none of them.

use crate::app::config::{AuthEntry, Config, Hidden, NamedAuth, NamedPriv, SecurityLevel, Version, unplaced};
use crate::io::snmp::Auth;
use crate::io::snmp::auth::Secret;
use clap::Args;
use std::path::PathBuf;

/// Where the environment may hold each secret.
const COMMUNITY: &str = "STORMGLASS_COMMUNITY";
/// See [`COMMUNITY`].
const PASSWORD: &str = "STORMGLASS_PASSWORD";
/// See [`COMMUNITY`].
const PRIV_PASSWORD: &str = "STORMGLASS_PRIV_PASSWORD";

/// How to be let in. Without any of these, the target's own entry in the configuration counts, else the community
/// `public`.
#[derive(Args, Clone)]
pub(super) struct Credentials {
    /// Name of an entry of snmp.auths in the configuration (public_v1 and public_v2 always exist)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["community", "community_file", "version", "user"])]
    auth: Option<String>,
    /// SNMP version: 1, 2c or 3
    #[arg(long, value_name = "VERSION", value_parser = |text: &str| text.parse::<Version>())]
    version: Option<Version>,
    /// Community. Other users of this computer can see it in the list of processes: better --community-file, or the
    /// environment variable STORMGLASS_COMMUNITY
    #[arg(long, value_name = "TEXT")]
    community: Option<String>,
    /// File with the community
    #[arg(long, value_name = "FILE")]
    community_file: Option<PathBuf>,
    /// SNMPv3 user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// SNMPv3 security level: noAuthNoPriv, authNoPriv or authPriv [default: by the passwords that are given]
    #[arg(long, value_name = "LEVEL", value_parser = |text: &str| text.parse::<SecurityLevel>())]
    level: Option<SecurityLevel>,
    /// MD5, SHA, SHA224, SHA256, SHA384 or SHA512
    #[arg(long, value_name = "PROTOCOL", default_value = "SHA", value_parser = |text: &str| text.parse::<NamedAuth>())]
    auth_protocol: NamedAuth,
    /// Password that messages are signed with. Other users of this computer can see it in the list of processes: better
    /// --password-file, or the environment variable STORMGLASS_PASSWORD
    #[arg(long, value_name = "TEXT")]
    password: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// DES, 3DES, AES, AES192, AES192C, AES256 or AES256C (C: Cisco's way to lengthen the key)
    #[arg(long, value_name = "PROTOCOL", default_value = "AES", value_parser = |text: &str| text.parse::<NamedPriv>())]
    priv_protocol: NamedPriv,
    /// Password that messages are encrypted with; visible like --password: better --priv-password-file, or the environment
    /// variable STORMGLASS_PRIV_PASSWORD
    #[arg(long, value_name = "TEXT")]
    priv_password: Option<String>,
    /// File with that password
    #[arg(long, value_name = "FILE")]
    priv_password_file: Option<PathBuf>,
    /// SNMPv3 context; most devices have none
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// No secret.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("auth", &self.auth).field("version", &self.version).finish_non_exhaustive()
    }
}

impl Credentials {
    /// What was given; `None` if nothing was.
    ///
    /// # Errors
    /// What is missing or wrong, in words.
    pub(super) fn auth(&self, config: &Config) -> Result<Option<Auth>, String> {
        if let Some(name) = &self.auth {
            let known = config.snmp.credentials();
            return known.get(name).cloned().map(Some).ok_or_else(|| {
                let known = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("--auth: no such entry in snmp.auths: expected one of {known}. Give the file by --config.file")
            });
        }
        self.entry(|name| std::env::var(name).ok()).map(|entry| entry.given()).transpose()
    }

    /// As the configuration would write it; `None` if nothing was given.
    fn entry(&self, environment: impl Fn(&str) -> Option<String>) -> Option<AuthEntry> {
        let version = self.version.or_else(|| self.user.is_some().then_some(Version::V3));
        let secret = |here: &Option<String>, file: &Option<PathBuf>, name: &str| {
            let found = here.clone().or_else(|| if file.is_none() { environment(name) } else { None });
            (found.map(|text| unplaced(Hidden(Secret::new(text)))), file.clone().map(unplaced))
        };
        let mut entry = AuthEntry { version: version.map(unplaced), ..AuthEntry::default() };
        if version != Some(Version::V3) {
            (entry.community, entry.community_file) = secret(&self.community, &self.community_file, COMMUNITY);
            let said = version.is_some() || entry.community.is_some() || entry.community_file.is_some();
            return said.then_some(entry);
        }
        (entry.password, entry.password_file) = secret(&self.password, &self.password_file, PASSWORD);
        (entry.priv_password, entry.priv_password_file) =
            secret(&self.priv_password, &self.priv_password_file, PRIV_PASSWORD);
        let level = self.level.unwrap_or_else(|| {
            match (
                entry.password.is_some() || entry.password_file.is_some(),
                entry.priv_password.is_some() || entry.priv_password_file.is_some(),
            ) {
                (_, true) => SecurityLevel::AuthPriv,
                (true, false) => SecurityLevel::AuthNoPriv,
                (false, false) => SecurityLevel::NoAuthNoPriv,
            }
        });
        entry.username = self.user.clone().map(unplaced);
        entry.security_level = Some(unplaced(level));
        entry.auth_protocol = Some(unplaced(self.auth_protocol));
        entry.priv_protocol = Some(unplaced(self.priv_protocol));
        entry.context_name = self.context.clone().map(unplaced);
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::snmp::auth::{AuthProtocol, Level, PrivProtocol, Usm};
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        credentials: Credentials,
    }

    fn given(line: &[&str], environment: &[(&str, &str)]) -> Result<Option<Auth>, String> {
        let line = Line::try_parse_from(std::iter::once(&"check").chain(line)).map_err(|error| error.to_string())?;
        assert!(!format!("{:?}", line.credentials).contains("syrup"));
        let found =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        line.credentials.entry(found).map(|entry| entry.given()).transpose()
    }

    #[test]
    fn credentials_come_from_the_line_or_the_environment() {
        assert_eq!(given(&[], &[]), Ok(None));
        assert_eq!(given(&["--community", "c"], &[(COMMUNITY, "e")]), Ok(Some(Auth::v2c("c"))));
        assert_eq!(given(&["--version", "1"], &[(COMMUNITY, "e")]), Ok(Some(Auth::v1("e"))));
        assert_eq!(given(&["--version", "2c"], &[]), Ok(Some(Auth::v2c("public"))));
        let plain = Usm::new("u", Level::NoAuthNoPriv, "");
        assert_eq!(given(&["--user", "u"], &[]), Ok(Some(Auth::v3(plain))));
        let signed = Level::AuthNoPriv(AuthProtocol::Sha512, Secret::new("maplesyrup"));
        let line = ["--user", "u", "--auth-protocol", "sha512", "--password", "maplesyrup"];
        assert_eq!(given(&line, &[]), Ok(Some(Auth::v3(Usm::new("u", signed, "")))));
        let sealed = Level::AuthPriv(
            AuthProtocol::Sha,
            Secret::new("maplesyrup"),
            PrivProtocol::Aes256C,
            Secret::new("golden-syrup"),
        );
        let environment = [(PASSWORD, "maplesyrup"), (PRIV_PASSWORD, "golden-syrup")];
        let line = ["--user", "u", "--priv-protocol", "AES256C", "--context", "c"];
        assert_eq!(given(&line, &environment), Ok(Some(Auth::v3(Usm::new("u", sealed, "c")))));
    }

    #[test]
    fn mistakes_are_told_without_the_secret() {
        for (line, wanted) in [
            (&["--version", "3"][..], "username"),
            (&["--user", "u", "--password", "syrup"], "too short"),
            (&["--user", "u", "--priv-password", "golden-syrup"], "needs a `password`"),
            (&["--user", "u", "--auth-protocol", "SHA3"], "SHA256"),
            (&["--community", "syrup", "--community-file", "/nowhere"], "both"),
            (&["--community-file", "/nowhere"], "can't be read"),
            (&["--auth", "home", "--user", "u"], "cannot be used with"),
        ] {
            let error = given(line, &[]).expect_err(wanted);
            assert!(error.contains(wanted) && !error.contains("syrup"), "{line:?}: {error}");
        }
    }
}
