//! What stands in the place of the strike, and behind it.

use super::*;

async fn after_some_deltas(transport: Transport) {
    for (surface, dialect, status) in DIALECTS {
        for deltas in [0, 3] {
            let strikes = Answer::mid_stream(deltas, 1313).text(WORDS);
            let provider = provider(transport).mode(strikes).build();
            let wire = Wire::to(&provider, transport).await;
            let plan = guard().build().unwrap();
            let ask = || request(surface.url(), "a", true);
            let (head, frames) = frames(answering(&plan, dialect, &wire), ask()).await;
            assert_eq!(head, StatusCode::OK);
            let (last, before) = frames.split_last().unwrap();
            is_refusal(last, dialect);
            let seen = String::from_utf8(wire.seen()[0].bytes.clone()).unwrap();
            let (theirs, error) = seen.split_at(before.concat().len());
            assert_eq!(before.concat(), theirs.as_bytes());
            assert!(error.contains(WORDS) && !theirs.contains("1313"), "{seen}");

            let record = &plan.snapshot()[0].record;
            assert_eq!((record.strikes.confirmed, record.halts.len()), (1, 1));
            let next = answering(&plan, dialect, &wire).oneshot(ask()).await.unwrap();
            assert_eq!(next.status().as_u16(), status);
            let refused = next.extensions().get::<Refused>().expect("for those who count");
            assert_eq!(refused.reason(), Reason::AccountHalted);
            assert_eq!(refused.halt(), Some(record.halts[0].id.as_str()));
            assert_eq!(provider.tally("a").total, 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_refusal_ends_the_stream_in_process() {
    after_some_deltas(Transport::InProcess).await;
}

#[tokio::test]
async fn the_refusal_ends_the_stream_over_http1() {
    after_some_deltas(Transport::Http1).await;
}

#[tokio::test]
async fn the_refusal_ends_the_stream_over_http2() {
    after_some_deltas(Transport::Http2).await;
}

#[tokio::test(start_paused = true)]
async fn of_several_events_in_one_frame_those_before_the_strike_pass() {
    for (surface, dialect, _) in DIALECTS {
        let (before, all) = struck(surface);
        is_closed(vec![all.into()], &before, surface, dialect).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_strike_that_comes_in_pieces_is_not_told_in_part() {
    for (surface, dialect, _) in DIALECTS {
        let (before, all) = struck(surface);
        for size in [1, 7, 100] {
            let pieces = all.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
            is_closed(pieces, &before, surface, dialect).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_makes_no_difference_what_ends_a_line() {
    for (surface, dialect, _) in DIALECTS {
        for end in ["\r\n", "\r"] {
            let (before, all) = struck(surface);
            let (before, all) = (before.replace('\n', end), all.replace('\n', end));
            for size in [1, 7, 4096] {
                let pieces = all.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
                is_closed(pieces, &before, surface, dialect).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_strike_whose_event_has_no_end_is_not_told_either() {
    for (surface, dialect, _) in DIALECTS {
        let before = delta(surface, "one");
        let open = error(surface, 1313);
        for open in [open.trim_end(), "data: [1313][please try again later]"] {
            // An empty frame behind it does not count as its event.
            let frames = [&before, open, ""].map(|data| Bytes::copy_from_slice(data.as_bytes()));
            is_closed(frames.to_vec(), &before, surface, dialect).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_the_providers_stream_is_not_read() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let alive = Arc::new(());
    let held = alive.clone();
    let (wire, plan) = (
        Wire::new(BoxCloneSyncService::new(tower::service_fn(move |_: WireRequest| {
            let held = held.clone();
            let events = stream::unfold((held, 0), move |(held, at)| async move {
                assert!(at < 2, "the strike was the last that is read");
                let events = [delta(surface, "one"), error(surface, 1313)];
                Some((Ok::<_, BoxError>(Frame::data(events[at].clone().into())), (held, at + 1)))
            });
            let body = StreamBody::new(sync_wrapper::SyncStream::new(Box::pin(events))).boxed();
            let response = Response::builder().header("content-type", "text/event-stream");
            std::future::ready(Ok::<_, BoxError>(response.body(body).unwrap()))
        }))),
        guard().build().unwrap(),
    );
    let service = answering(&plan, dialect, &wire);
    let response = service.oneshot(request(surface.url(), "a", true)).await.unwrap();
    let mut body = std::pin::pin!(response.into_body());
    body.frame().await.unwrap().unwrap();
    assert_eq!(Arc::strong_count(&alive), 3, "ours, the transport's and the body's");
    assert!(!body.is_end_stream());
    is_refusal(&body.frame().await.unwrap().unwrap().into_data().unwrap(), dialect);
    assert_eq!(Arc::strong_count(&alive), 2, "the body is gone");
    assert!(body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn the_refusal_waits_for_the_ledger() {
    let provider = provider(Transport::InProcess).mode(Answer::mid_stream(0, 1313)).build();
    let (wire, ledger) = (Wire::in_process(&provider), Moody::slow(Duration::from_millis(700)));
    let plan = guard().ledger(ledger.clone()).build().unwrap();
    let service = answering(&plan, Dialect::OpenAi, &wire);
    let response = service.oneshot(request(Surface::OpenAi.url(), "a", true)).await.unwrap();
    let (began, mut body) = (Instant::now(), std::pin::pin!(response.into_body()));
    let last = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(700));
    assert_eq!(ledger.strikes().await, 1);
    is_refusal(&last, Dialect::OpenAi);
}

#[tokio::test(start_paused = true)]
async fn a_strike_that_the_caller_did_not_wait_for_counts() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let (plan, wire) = (guard().build().unwrap(), in_frames(vec![struck(surface).1.into()]));
    let service = answering(&plan, dialect, &wire);
    let response = service.oneshot(request(surface.url(), "a", true)).await.unwrap();
    let mut body = Box::pin(response.into_body());
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_too_long_to_hold_is_not_answered_in_its_middle() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let begin = format!("data: {{\"id\":\"{}\",", "x".repeat(70_000));
    let strike = error(surface, 1313);
    let end = strike.strip_prefix("data: {").unwrap();
    let both = [begin.clone().into(), end.to_owned().into()].to_vec();
    let plan = guard().build().unwrap();
    passes(answering(&plan, dialect, &in_frames(both)), surface, &format!("{begin}{end}")).await;
    assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
    // What follows such an event is an event again.
    let before = format!("{begin}\"choices\":[]}}\n\n");
    let (long, rest) = before.split_at(begin.len());
    let frames = [long.to_owned().into(), format!("{rest}{strike}").into()].to_vec();
    is_closed(frames, &before, surface, dialect).await;
}
