//! Content that is compressed, or no text at all.

use bytes::Bytes;
use http_body_util::Full;
use planguard::{PlanGuard, ledger::MemoryLedger, profile::zai, workload::Action};
use tower::{Layer, ServiceExt};

use crate::{
    compress::{ENCODINGS, compressed},
    upstream::{Book, Piece, STORY, request, turn, upstream},
};

fn guard() -> planguard::Builder {
    PlanGuard::builder(zai()).ledger(MemoryLedger::new())
}

/// Other work than coding, compressed in every way.
fn encoded() -> impl Iterator<Item = (&'static str, Bytes)> {
    ENCODINGS
        .into_iter()
        .map(|encoding| (encoding.name(), compressed(encoding, turn(STORY).as_bytes()).into()))
}

#[tokio::test(start_paused = true)]
async fn what_is_compressed_is_unclear_and_passes_unchanged() {
    for (name, body) in encoded() {
        let (book, plan) = (Book::default(), guard().build().unwrap());
        let guarded = plan.workload_layer().layer(upstream::<Full<Bytes>>(&book));
        let mut asked = request(Full::new(body.clone()));
        asked.headers_mut().insert("content-encoding", name.parse().unwrap());
        let headers = asked.headers().clone();
        guarded.oneshot(asked).await.unwrap();
        let arrived = book.one();
        assert_eq!(arrived.pieces(), [Piece::Data(body)], "{name}");
        assert_eq!(arrived.head.headers, headers, "{name}");
        let tally = plan.snapshot()[0].workload;
        assert_eq!((tally.unclear, tally.unread, tally.passed), (1, 1, 1), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_compressed_is_blocked_where_nothing_unclear_may_pass() {
    for (name, body) in encoded() {
        let (book, plan) = (Book::default(), guard().unclear(Action::Block).build().unwrap());
        let guarded = plan.workload_layer().layer(upstream::<Full<Bytes>>(&book));
        guarded.oneshot(request(Full::new(body))).await.expect_err(name);
        assert!(book.all().is_empty(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_json_is_unclear_and_passes_unchanged() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for body in [
        "",
        "null",
        "[]",
        "{\"messages\":",
        "{\"messages\":[{\"role\":\"user\",\"content\":",
        "--boundary\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nWrite a poem",
        "data: {\"messages\":[]}\n\n",
        "\u{feff}{\"messages\":[]}",
        &deep,
    ] {
        let (book, plan) = (Book::default(), guard().build().unwrap());
        let guarded = plan.workload_layer().layer(upstream::<Full<Bytes>>(&book));
        guarded.oneshot(request(Full::from(body.to_owned()))).await.unwrap();
        let expected: Vec<_> = [body]
            .iter()
            .filter(|b| !b.is_empty())
            .map(|b| Piece::Data(b.to_string().into()))
            .collect();
        assert_eq!(book.one().pieces(), expected);
        assert_eq!(plan.snapshot()[0].workload.unread, 1);
    }
}
