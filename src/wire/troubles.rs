//! Why a document or an address of a device is no use, in both languages: half sentences, to stand behind a colon. Each
//! error of the UPnP parsers is one of them, displayed in English. Knows no parser's state.

use super::description::DescriptionError;
use super::http_url::UrlError;
use super::scpd::ScpdError;
use super::soap::{Fault, SoapError};
use super::xml::{MAX_DEPTH, MAX_ELEMENTS, XmlError};
use crate::model::text::{Sentence, Text};
use std::fmt;

const DOCTYPE: Text = Text {
    en: "it declares a document type, which UPnP does not allow",
    ja: "UPnPで認められていない文書型宣言があります",
};
const TOO_DEEP: Text = Text {
    en: "its elements are nested deeper than {most}",
    ja: "要素の入れ子が{most}段を超えています",
};
const TOO_MANY: Text = Text { en: "it has more than {most} elements", ja: "要素が{most}個を超えています" };
const SYNTAX: Text =
    Text { en: "it is not XML from byte {byte} on", ja: "{byte}バイト目からXMLではありません" };
const TRUNCATED: Text = Text { en: "it ends in the middle", ja: "途中で終わっています" };
const UNREADABLE: Text = Text { en: "it cannot be read: {why}", ja: "読み取れません（{why}）" };
const NO_DEVICE: Text = Text { en: "it describes no device", ja: "機器が書かれていません" };
const NO_ACTION: Text = Text { en: "it describes no action", ja: "アクションが書かれていません" };
const NOT_SOAP: Text = Text { en: "it is not a SOAP answer", ja: "SOAPの応答ではありません" };
const NO_FIELD: Text = Text { en: "it has no usable {field}", ja: "使える{field}がありません" };
const FAULT: Text = Text { en: "error {code} ({text})", ja: "エラー{code}（{text}）" };
const FAULT_ALONE: Text = Text { en: "error {code}", ja: "エラー{code}" };
const MISSING: Text = Text { en: "it is missing", ja: "ありません" };
const NOT_HTTP: Text = Text { en: "it is not an http: URL", ja: "http:のURLではありません" };
const HOST_NAME: Text =
    Text { en: "its host is a name, not an address", ja: "ホストがアドレスではなく名前です" };
const MALFORMED: Text = Text { en: "it is malformed", ja: "形式が正しくありません" };

impl XmlError {
    /// The half sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Doctype => Sentence::of(DOCTYPE),
            Self::TooDeep => Sentence::of(TOO_DEEP).count("most", MAX_DEPTH),
            Self::TooMany => Sentence::of(TOO_MANY).count("most", MAX_ELEMENTS),
            Self::Syntax(byte) => Sentence::of(SYNTAX).count("byte", byte),
            Self::Truncated => Sentence::of(TRUNCATED),
        }
    }
}

impl DescriptionError {
    /// The half sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Broken(error) => Sentence::of(UNREADABLE).with("why", error.sentence()),
            Self::NoDevice => Sentence::of(NO_DEVICE),
            Self::Doctype => Sentence::of(DOCTYPE),
        }
    }
}

impl ScpdError {
    /// The half sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Broken(error) => Sentence::of(UNREADABLE).with("why", error.sentence()),
            Self::NoAction => Sentence::of(NO_ACTION),
        }
    }
}

impl SoapError {
    /// The half sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::NotSoap => Sentence::of(NOT_SOAP),
            Self::Broken(error) => Sentence::of(UNREADABLE).with("why", error.sentence()),
            Self::Field(name) => Sentence::of(NO_FIELD).with("field", *name),
        }
    }
}

impl Fault {
    /// The half sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        let text = if self.text.is_empty() { FAULT_ALONE } else { FAULT };
        Sentence::of(text).count("code", self.code).with("text", self.text.as_str())
    }
}

impl UrlError {
    /// The half sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        Sentence::of(match self {
            Self::Missing => MISSING,
            Self::Scheme => NOT_HTTP,
            Self::HostName => HOST_NAME,
            Self::Malformed => MALFORMED,
        })
    }
}

/// An error that is displayed as its sentence.
macro_rules! displayed {
    ($($error:ty),*) => {
        $(
            impl fmt::Display for $error {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.sentence().fmt(f)
                }
            }

            impl std::error::Error for $error {}
        )*
    };
}

displayed!(XmlError, DescriptionError, ScpdError, SoapError, Fault, UrlError);
