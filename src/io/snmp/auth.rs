//! How to be let in: the credentials of SNMPv1, v2c and v3. Derives the keys of a v3 user once; sends nothing, and shows
//! no secret to anybody.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Fewest characters of a v3 password (RFC 3414, 11.2).
pub const MIN_PASSWORD: usize = 8;
/// Most octets of a v3 user name (RFC 3414, 2.1: SnmpAdminString of 1 to 32).
pub const MAX_USER: usize = 32;

/// A community or password. Shown by nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the wire alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(not shown)")
    }
}

/// Declares an enumeration of protocols by the names that snmp_exporter's configuration uses.
macro_rules! protocols {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal $theirs:ident;)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As configurations write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The protocol of that name; case does not matter.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name().eq_ignore_ascii_case(name))
            }

            const fn library(self) -> async_snmp::$name {
                match self { $(Self::$variant => async_snmp::$name::$theirs,)* }
            }
        }
    };
}

protocols!(
    /// How messages are signed.
    AuthProtocol {
        /// HMAC-MD5-96 (RFC 3414).
        Md5 = "MD5" Md5;
        /// HMAC-SHA-96 (RFC 3414).
        Sha = "SHA" Sha1;
        /// HMAC-128-SHA-224 (RFC 7860).
        Sha224 = "SHA224" Sha224;
        /// HMAC-192-SHA-256 (RFC 7860).
        Sha256 = "SHA256" Sha256;
        /// HMAC-256-SHA-384 (RFC 7860).
        Sha384 = "SHA384" Sha384;
        /// HMAC-384-SHA-512 (RFC 7860).
        Sha512 = "SHA512" Sha512;
    }
);

protocols!(
    /// How messages are encrypted. AES-192 and AES-256 were never standardised: two ways to lengthen the key are in use,
    /// and where the digest is long enough (SHA256 and longer) they give the same key.
    PrivProtocol {
        /// CBC-DES (RFC 3414).
        Des = "DES" Des;
        /// CBC-3DES (draft-reeder-snmpv3-usm-3desede).
        TripleDes = "3DES" Des3;
        /// CFB128-AES-128 (RFC 3826).
        Aes = "AES" Aes128;
        /// CFB128-AES-192, key lengthened as in draft-blumenthal-aes-usm: net-snmp and most others.
        Aes192 = "AES192" Aes192Blumenthal;
        /// CFB128-AES-192, key lengthened as in draft-reeder-snmpv3-usm-3desede: Cisco.
        Aes192C = "AES192C" Aes192Reeder;
        /// CFB128-AES-256, key lengthened as in draft-blumenthal-aes-usm: net-snmp and most others.
        Aes256 = "AES256" Aes256Blumenthal;
        /// CFB128-AES-256, key lengthened as in draft-reeder-snmpv3-usm-3desede: Cisco.
        Aes256C = "AES256C" Aes256Reeder;
    }
);

/// A v3 user's security level (RFC 3411, 3.4.3) and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// A name alone.
    NoAuthNoPriv,
    /// Messages are signed.
    AuthNoPriv(AuthProtocol, Secret),
    /// Messages are signed and encrypted.
    AuthPriv(AuthProtocol, Secret, PrivProtocol, Secret),
}

impl Level {
    /// `noAuthNoPriv`, `authNoPriv` or `authPriv`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoAuthNoPriv => "noAuthNoPriv",
            Self::AuthNoPriv(..) => "authNoPriv",
            Self::AuthPriv(..) => "authPriv",
        }
    }
}

/// A user of SNMPv3's User-based Security Model (RFC 3414).
pub struct Usm {
    /// The name, at most [`MAX_USER`] octets.
    pub user: String,
    /// What the user can.
    pub level: Level,
    /// The context asked for (RFC 3411, 3.3.1); usually empty.
    pub context: String,
    /// Deriving a key from a password costs 2.2 ms by design (a mebibyte is hashed, RFC 3414, A.2): once, and then shared
    /// by all devices. The key of one device follows from it in microseconds.
    keys: OnceLock<Result<async_snmp::UsmConfig, String>>,
}

impl Usm {
    /// A user.
    #[must_use]
    pub fn new(user: impl Into<String>, level: Level, context: impl Into<String>) -> Self {
        Self { user: user.into(), level, context: context.into(), keys: OnceLock::new() }
    }

    /// The same user in another context, with the same keys.
    pub(super) fn in_context(&self, context: String) -> Self {
        let keys = self.library().map(|keys| keys.context_name(context.clone()));
        Self { user: self.user.clone(), level: self.level.clone(), context, keys: OnceLock::from(keys) }
    }

    /// As the client library takes it.
    ///
    /// # Errors
    /// The library refuses a password: it is shorter than [`MIN_PASSWORD`].
    pub(super) fn library(&self) -> Result<async_snmp::UsmConfig, String> {
        self.keys.get_or_init(|| self.derive().map_err(|error| error.to_string())).clone()
    }

    /// Whether the library takes it.
    ///
    /// # Errors
    /// As [`Usm::library`].
    pub(super) fn check(&self) -> Result<(), String> {
        let keys = self.keys.get_or_init(|| self.derive().map_err(|error| error.to_string()));
        keys.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn derive(&self) -> Result<async_snmp::UsmConfig, async_snmp::v3::CryptoError> {
        let plain = async_snmp::UsmConfig::new(self.user.clone()).context_name(self.context.clone());
        let keys = |protocol: AuthProtocol, password: &Secret| {
            async_snmp::MasterKeys::new(protocol.library(), password.reveal().as_bytes())
        };
        match &self.level {
            Level::NoAuthNoPriv => Ok(plain),
            Level::AuthNoPriv(protocol, password) => plain.with_master_keys(keys(*protocol, password)?),
            Level::AuthPriv(auth, password, privacy, priv_password) => {
                let keys = keys(*auth, password)?;
                plain.with_master_keys(keys.with_privacy(privacy.library(), priv_password.reveal().as_bytes())?)
            }
        }
    }

    /// Uses DES or 3DES, whose salt must never repeat (RFC 3414, 8.1.1.1).
    pub(super) fn needs_des_salt(&self) -> bool {
        matches!(self.level, Level::AuthPriv(_, _, PrivProtocol::Des | PrivProtocol::TripleDes, _))
    }
}

impl PartialEq for Usm {
    fn eq(&self, other: &Self) -> bool {
        (&self.user, &self.level, &self.context) == (&other.user, &other.level, &other.context)
    }
}

impl Eq for Usm {}

/// Neither passwords nor keys.
impl fmt::Debug for Usm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("Usm");
        shown.field("user", &self.user).field("level", &self.level.name()).field("context", &self.context);
        shown.finish_non_exhaustive()
    }
}

/// How to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// SNMPv1, without GETBULK and 64-bit counters: the community, which anyone on the path can read.
    V1 {
        /// Usually `public`.
        community: Secret,
    },
    /// SNMPv2c: the community, which anyone on the path can read.
    V2c {
        /// Usually `public`.
        community: Secret,
    },
    /// SNMPv3. Shared, so that the keys are derived once for all devices.
    V3(Arc<Usm>),
}

impl Auth {
    /// SNMPv1 with this community.
    #[must_use]
    pub fn v1(community: impl Into<String>) -> Self {
        Self::V1 { community: Secret::new(community) }
    }

    /// SNMPv2c with this community.
    #[must_use]
    pub fn v2c(community: impl Into<String>) -> Self {
        Self::V2c { community: Secret::new(community) }
    }

    /// SNMPv3 as this user.
    #[must_use]
    pub fn v3(usm: Usm) -> Self {
        Self::V3(Arc::new(usm))
    }

    /// `v1`, `v2c` or `v3`.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        match self {
            Self::V1 { .. } => "v1",
            Self::V2c { .. } => "v2c",
            Self::V3(_) => "v3",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_a_secret() {
        let level = Level::AuthPriv(
            AuthProtocol::Sha256,
            Secret::new("first-password"),
            PrivProtocol::Aes256C,
            Secret::new("second-password"),
        );
        let usm = Usm::new("watcher", level.clone(), "");
        assert!(usm.library().is_ok());
        let auths = [Auth::v1("first-password"), Auth::v2c("first-password"), Auth::v3(usm)];
        for text in [format!("{auths:?}"), format!("{level:?}"), format!("{:?}", auths[2])] {
            assert!(!text.contains("password"), "{text}");
        }
    }

    #[test]
    fn protocols_have_the_names_of_snmp_exporter() {
        let names = AuthProtocol::ALL.iter().map(|protocol| protocol.name()).collect::<Vec<_>>();
        assert_eq!(names, ["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]);
        let names = PrivProtocol::ALL.iter().map(|protocol| protocol.name()).collect::<Vec<_>>();
        assert_eq!(names, ["DES", "3DES", "AES", "AES192", "AES192C", "AES256", "AES256C"]);
        assert_eq!(PrivProtocol::named("aes256c"), Some(PrivProtocol::Aes256C));
        assert_eq!(AuthProtocol::named("SHA-256"), None);
    }

    #[test]
    fn every_pair_of_protocols_gives_keys() {
        for &auth in AuthProtocol::ALL {
            for &privacy in PrivProtocol::ALL {
                let secret = || Secret::new("maplesyrup");
                let usm = Usm::new("u", Level::AuthPriv(auth, secret(), privacy, secret()), "");
                let keys = usm.library().map(|config| config.derive_keys(&[0x80, 0, 0x1f, 0x88, 4, 1]).is_ok());
                assert_eq!(keys, Ok(true), "{auth:?} {privacy:?}");
            }
        }
        let short = Usm::new("u", Level::AuthNoPriv(AuthProtocol::Sha, Secret::new("short")), "");
        assert!(short.library().is_err_and(|error| !error.contains("short\"")));
    }
}
