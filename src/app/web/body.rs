//! Texts that may be long as HTTP bodies: as gzip where the client takes it, at once where they are small, else in chunks
//! while they are written, so that neither a big device nor a slow client costs memory. Knows no routes.

use crate::view::sink::{Gzip, Plain, Sink};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

/// Up to this many series a text is written where it is asked for: less than a millisecond.
const AT_ONCE: usize = 8 << 10;
/// Chunks that wait for a client.
const MAX_WAITING: usize = 2;
/// A client that takes no chunk for so long has gone.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// A text that writes itself.
pub(super) trait Document: Send + 'static {
    /// About how many series it has.
    fn series(&self) -> usize;
    /// Writes all of it, the end included.
    fn write<S: Sink + ?Sized>(&self, out: &mut S);
}

/// The document as the answer to a request with these headers.
pub(super) fn respond(request: &HeaderMap, content_type: &'static str, document: impl Document) -> Response {
    let gzip = takes_gzip(request);
    let body = if document.series() <= AT_ONCE { Body::from(whole(&document, gzip)) } else { streamed(document, gzip) };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether `Accept-Encoding` allows gzip (RFC 9110, 12.5.3): by name, or by `*` if it is not named.
pub(super) fn takes_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = false;
    for item in values.flat_map(|value| value.split(',')) {
        let (coding, rest) = item.split_once(';').unwrap_or((item, ""));
        let weight = rest.split(';').find_map(|part| part.trim().strip_prefix("q=")).unwrap_or("1");
        let wanted = weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0);
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return wanted,
            "*" => any = wanted,
            _ => {}
        }
    }
    any
}

fn write(document: &impl Document, gzip: bool, to: &mut dyn FnMut(&[u8])) {
    if gzip {
        document.write(&mut Gzip::new(to));
    } else {
        document.write(&mut Plain::new(to));
    }
}

fn whole(document: &impl Document, gzip: bool) -> Vec<u8> {
    let mut text = Vec::new();
    write(document, gzip, &mut |chunk| text.extend_from_slice(chunk));
    text
}

/// Written on a thread that may wait for the client.
fn streamed(document: impl Document, gzip: bool) -> Body {
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut gone = false;
        let mut send = |chunk: Option<Bytes>| {
            let sent = || runtime.block_on(tokio::time::timeout(TAKEN_WITHIN, sender.send(chunk)));
            gone = gone || !matches!(sent(), Ok(Ok(())));
        };
        write(&document, gzip, &mut |chunk| send(Some(Bytes::copy_from_slice(chunk))));
        send(None);
    });
    // Without the mark of its end the text is cut off, and the client must see that.
    let chunks = futures_util::stream::unfold(Some(receiver), |receiver| async move {
        let mut receiver: mpsc::Receiver<Option<Bytes>> = receiver?;
        match receiver.recv().await {
            Some(Some(chunk)) => Some((Ok(chunk), Some(receiver))),
            Some(None) => None,
            None => Some((Err(io::Error::other("the text was cut off")), None)),
        }
    });
    Body::from_stream(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    struct Lines(usize);

    impl Document for Lines {
        fn series(&self) -> usize {
            self.0
        }

        fn write<S: Sink + ?Sized>(&self, out: &mut S) {
            (0..self.0).for_each(|n| out.text(format!("stormglass_up{{target=\"switch {n}\"}} 1\n").as_bytes()));
            out.finish();
        }
    }

    fn headers(accept_encoding: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept_encoding.parse().expect("a value"));
        headers
    }

    #[test]
    fn gzip_is_given_to_those_who_take_it() {
        for taken in ["gzip", "GZIP", "deflate, gzip;q=0.5", "*", "identity;q=0, x-gzip", "br;q=1, *;q=0.1"] {
            assert!(takes_gzip(&headers(taken)), "{taken}");
        }
        for refused in ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "gzip;q=many"] {
            assert!(!takes_gzip(&headers(refused)), "{refused}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn small_and_big_texts_arrive_whole_plain_and_as_gzip() {
        for lines in [0, 3, AT_ONCE, AT_ONCE + 1, 50_000] {
            let plain = whole(&Lines(lines), false);
            for accept in ["gzip", "identity"] {
                let response = respond(&headers(accept), "text/plain", Lines(lines));
                let encoded = response.headers().get(header::CONTENT_ENCODING).is_some();
                let vary = response.headers()[header::VARY].to_str().expect("ASCII").to_owned();
                assert!(vary.contains("accept-encoding"), "{vary}");
                let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a whole body");
                let mut text = body.to_vec();
                if encoded {
                    text.clear();
                    flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut text).expect("gzip");
                }
                assert_eq!(encoded, accept == "gzip");
                assert!(text == plain, "{lines} lines, {accept}");
            }
        }
    }
}
