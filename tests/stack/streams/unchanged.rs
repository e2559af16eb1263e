//! What passes as the provider sent it.

use super::*;

#[tokio::test(start_paused = true)]
async fn who_wants_the_providers_bytes_gets_them() {
    for (surface, dialect, _) in DIALECTS {
        let (_, all) = struck(surface);
        let wire = in_frames(vec![all.clone().into()]);
        let pass = guard().struck_response(StruckResponse::Pass).build().unwrap();
        passes(answering(&pass, dialect, &wire), surface, &all).await;
        assert_eq!(pass.snapshot()[0].record.strikes.confirmed, 1);
        let report = guard().posture(Posture::Report).build().unwrap();
        passes(answering(&report, dialect, &wire), surface, &all).await;
        // Refusals are errors, and a stream that has begun cannot become one.
        let throw = guard().build().unwrap();
        passes(throw.layer().layer(wire.clone()), surface, &all).await;
        assert_eq!(throw.snapshot()[0].record.strikes.confirmed, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_halts_nothing_passes_unchanged() {
    for (surface, dialect, _) in DIALECTS {
        let all = delta(surface, "one") + &error(surface, 1305) + &delta(surface, "two");
        for size in [5, 4096] {
            let frames = all.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
            let plan = guard().build().unwrap();
            passes(answering(&plan, dialect, &in_frames(frames)), surface, &all).await;
            assert!(plan.snapshot().iter().all(|account| account.record.halts.is_empty()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_nothing_in_it_passes_unchanged_and_in_its_time() {
    for (surface, dialect, _) in DIALECTS {
        let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
        let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
        let ask = || request(surface.url(), "a", true);
        let mut times = [Duration::ZERO; 2];
        let mut counts = [0; 2];
        for (place, through) in [false, true].into_iter().enumerate() {
            let began = Instant::now();
            let (_, frames) = match through {
                true => frames(answering(&plan, dialect, &wire), ask()).await,
                false => frames(wire.clone(), ask()).await,
            };
            (times[place], counts[place]) = (began.elapsed(), frames.len());
            assert_eq!(frames.concat(), wire.seen()[place].bytes);
        }
        assert_eq!((times[0], counts[0]), (times[1], counts[1]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_length_that_was_announced_is_kept() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let (_, all) = struck(surface);
    for header in [false, true] {
        let whole = Bytes::from(all.clone());
        let wire = Wire::new(BoxCloneSyncService::new(tower::service_fn(move |_: WireRequest| {
            let mut response = event_stream(vec![whole.clone()]);
            match header {
                true => {
                    let len = whole.len().into();
                    response.headers_mut().insert("content-length", len);
                }
                false => {
                    *response.body_mut() = Full::new(whole.clone()).map_err(BoxError::from).boxed()
                }
            }
            std::future::ready(Ok::<_, BoxError>(response))
        })));
        let plan = guard().build().unwrap();
        passes(answering(&plan, dialect, &wire), surface, &all).await;
        assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_breaker_alone_answers_where_detect_says_what_an_event_is() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let (before, all) = struck(surface);
    let wire = in_frames(vec![all.clone().into()]);
    let plan = guard().build().unwrap();
    let breaker = plan.breaker_layer().answer_refusals(dialect);
    passes(breaker.layer(plan.detect_layer().layer(wire.clone())), surface, &all).await;

    let plan = guard().build().unwrap();
    let breaker = plan.breaker_layer().answer_refusals(dialect);
    let events = plan.detect_layer().one_event_a_frame().layer(wire);
    let (_, frames) = frames(breaker.layer(events), request(surface.url(), "a", true)).await;
    assert_eq!(frames[..2].concat(), before.as_bytes());
    is_refusal(&frames[2], dialect);
    assert_eq!(frames.len(), 3);
}
