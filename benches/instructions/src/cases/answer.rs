//! The answers that detect reads, and a service that gives them.

use std::{convert::Infallible, fmt::Write};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body::{Body, Frame};
use http_body_util::StreamBody;
use tower::{Service, service_fn};

use super::now;

/// How long the document is, at least.
const DOCUMENT_BYTES: usize = 300_000;
/// How hyper cuts a long body.
const FRAME_BYTES: usize = 16 * 1024;

/// A completion as it is streamed: one event a frame, about 240 bytes, and
/// nothing in it. Words of code, since a coding plan streams code.
pub fn events(frames: u32) -> Vec<Bytes> {
    const WORDS: [&str; 8] = [
        "    let ",
        "mut total",
        " = items",
        ".iter()",
        ".map(|item| ",
        "\\n",
        "item.price)",
        "fn ",
    ];
    // A frame for each word, shared: what the allocator does about thousands
    // of them would be counted as the reader's.
    let event = WORDS.map(|word| {
        Bytes::from(format!(
            "data: {{\"id\":\"20260708110634e6c57cfb3edd4758\",\"created\":1783480011,\
                 \"object\":\"chat.completion.chunk\",\"model\":\"glm-5.2\",\
                 \"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\
                 \"content\":\"{word}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
        ))
    });
    event.iter().cycle().take(frames as usize).cloned().collect()
}

/// A completion as one document: code, with the escapes that code needs.
pub fn document() -> Vec<u8> {
    let mut text = String::from(
        "{\"id\":\"20260708110634e6c57cfb3edd4758\",\"created\":1783480011,\
         \"object\":\"chat.completion\",\"model\":\"glm-5.2\",\"choices\":[{\"index\":0,\
         \"message\":{\"role\":\"assistant\",\"content\":\"",
    );
    let mut line = 0;
    while text.len() < DOCUMENT_BYTES {
        line += 1;
        let _ = write!(
            text,
            "    let total_{line} = items.iter().map(|item| item.price * {line}).sum::<u64>();\\n    \
             println!(\\\"{{}}\\\", total_{line});\\n"
        );
    }
    text.push_str(
        "\"},\"finish_reason\":\"stop\"}],\
         \"usage\":{\"prompt_tokens\":12000,\"completion_tokens\":90000,\"total_tokens\":102000}}",
    );
    text.into_bytes()
}

/// `document` as frames.
pub fn cut(document: Vec<u8>) -> Vec<Bytes> {
    let whole = Bytes::from(document);
    let cut = |from| whole.slice(from..whole.len().min(from + FRAME_BYTES));
    (0..whole.len()).step_by(FRAME_BYTES).map(cut).collect()
}

/// A body of `frames`, as a transport would give it.
pub fn body(frames: &[Bytes]) -> impl Body<Data = Bytes, Error = Infallible> + use<> {
    let frames = frames.to_vec();
    StreamBody::new(stream::iter(frames.into_iter().map(|data| Ok(Frame::data(data)))))
}

/// A service that answers with `frames`.
pub fn service(
    content_type: &'static str,
    frames: Vec<Bytes>,
) -> impl Service<
    Request<()>,
    Response = Response<impl Body<Data = Bytes, Error = Infallible>>,
    Error = Infallible,
> + Clone {
    service_fn(move |_| {
        let response = Response::builder().header(CONTENT_TYPE, content_type);
        std::future::ready(Ok(response.body(body(&frames)).expect("its head is sound")))
    })
}

/// Reads all of `body`.
pub fn drain<B: Body<Data = Bytes, Error = Infallible>>(body: B) -> usize {
    let mut body = std::pin::pin!(body);
    now(async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
        }
        bytes
    })
}

#[test]
fn a_frame_has_about_240_bytes() {
    let events = events(800);
    let bytes: usize = events.iter().map(Bytes::len).sum();
    assert!((235..=260).contains(&(bytes / events.len())), "{}", bytes / events.len());
}

#[test]
fn the_document_is_json() {
    let whole: serde_json::Value = serde_json::from_slice(&document()).expect("it parses");
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
}
