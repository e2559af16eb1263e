//! Streams that are handed on event by event.

use super::*;

const DELTA: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";

fn layer() -> DetectLayer {
    DetectLayer::new(registry()).one_event_a_frame()
}

fn data(pieces: &[&str]) -> Vec<Step> {
    pieces.iter().map(|piece| Step::Data(Bytes::copy_from_slice(piece.as_bytes()))).collect()
}

fn strike() -> String {
    format!("data: {STRIKE}\n\n")
}

/// The frames of a stream that comes in these steps, and what was heard.
async fn stream(steps: Vec<Step>) -> (Vec<String>, Arc<Heard>) {
    let (request, heard, _) = request(CHAT);
    let answer = response(200, "text/event-stream", Scripted::new(steps));
    let response = detect_with(layer(), request, answer).await;
    (frames(response.into_body()).await, heard)
}

fn quoted(pieces: &[&str]) -> Vec<String> {
    pieces.iter().map(|piece| format!("{:?}", Bytes::copy_from_slice(piece.as_bytes()))).collect()
}

#[tokio::test]
async fn each_frame_is_one_event_however_they_come() {
    let events = [DELTA, ": ping\n\n", "event: x\r\ndata: {}\r\n\r\n", "data: [DONE]\n\n"];
    let whole = events.concat();
    for size in [1, 3, 50, 4096] {
        let (frames, _) = stream(chunks(&whole, size)).await;
        // The LF of a CRLF that came behind its CR passes by itself.
        let frames: Vec<_> = frames.into_iter().filter(|frame| frame != "b\"\\n\"").collect();
        let expected = match size {
            1 => [DELTA, ": ping\n\n", "event: x\r\ndata: {}\r\n\r", "data: [DONE]\n\n"],
            _ => events,
        };
        let comments = |frames: Vec<String>| {
            frames.into_iter().filter(|frame| !frame.contains("ping")).collect::<Vec<_>>()
        };
        assert_eq!(comments(frames), comments(quoted(&expected)), "{size}");
    }
}

#[tokio::test]
async fn what_ends_a_stream_comes_behind_what_was_held() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-end", HeaderValue::from_static("1"));
    let told = format!("trailers {:?}", Ok::<_, Frame<Bytes>>(trailers.clone()));
    for (last, told) in
        [(Step::Trailers(trailers), told), (Step::Error, "error connection reset".to_owned())]
    {
        let mut steps = data(&[DELTA, "data: {", "}"]);
        steps.push(last);
        let mut expected = quoted(&[DELTA, "data: {}"]);
        expected.push(told);
        assert_eq!(stream(steps).await.0, expected);
    }
}

#[tokio::test]
async fn a_signal_is_recognised_with_the_frame_of_its_own_event() {
    let (request, heard, _) = request(CHAT);
    let answer = response(
        200,
        "text/event-stream",
        Scripted::of(&format!("{DELTA}{DELTA}{}{DELTA}", strike())),
    );
    let mut body = detect_with(layer(), request, answer).await.into_body();
    for strikes in [0, 0, 1, 1] {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!((frame == strike(), heard.classes().len()), (frame != DELTA, strikes));
    }
}

#[tokio::test]
async fn an_event_without_its_end_is_read_as_it_comes() {
    let (request, heard, _) = request(CHAT);
    let steps = data(&[DELTA, "data: ", STRIKE]).into_iter().chain([Step::Silence]);
    let answer = response(200, "text/event-stream", Scripted::new(steps));
    let mut body = detect_with(layer(), request, answer).await.into_body();
    body.frame().await;
    assert!(body.frame().now_or_never().is_none());
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
}

#[tokio::test]
async fn what_nobody_asked_for_any_more_is_read() {
    for rest in [strike(), format!("data: {}", &STRIKE[..STRIKE.len() - 2])] {
        let (request, heard, _) = request(CHAT);
        let all = format!("{DELTA}{DELTA}{rest}");
        let answer = response(200, "text/event-stream", Scripted::of(&all));
        let mut body = detect_with(layer(), request, answer).await.into_body();
        body.frame().await;
        assert!(heard.classes().is_empty());
        drop(body);
        assert_eq!(heard.classes(), [Class::PolicyViolation]);
    }
}

#[tokio::test]
async fn a_last_event_without_its_end_is_judged_before_it_is_handed_on() {
    for knows in [false, true] {
        let (request, heard, _) = request(CHAT);
        let text = "data: [1313][Fair Usage Policy]";
        let body = Scripted::of(text);
        let body = if knows { body.knowing_its_end() } else { body };
        let answer = response(200, "text/event-stream", body);
        let mut body = detect_with(layer(), request, answer).await.into_body();
        assert_eq!(body.size_hint().exact(), knows.then_some(text.len() as u64));
        assert!(body.frame().await.is_some());
        assert_eq!(heard.classes(), [Class::PolicyViolation]);
        assert!(body.is_end_stream());
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_stream_tells_what_it_holds() {
    let (request, ..) = request(CHAT);
    let answer = response(
        200,
        "text/event-stream",
        Scripted::of(&format!("{DELTA}{DELTA}")).knowing_its_end(),
    );
    let mut body = detect_with(layer(), request, answer).await.into_body();
    for left in [2, 1] {
        assert_eq!(body.size_hint().exact(), Some(left * DELTA.len() as u64));
        assert!(!body.is_end_stream());
        body.frame().await;
    }
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
}

#[tokio::test]
async fn what_is_no_plain_event_stream_passes_as_it_comes() {
    for (kind, encoding) in [("text/plain", ""), ("text/event-stream", "compress")] {
        let (request, ..) = request(CHAT);
        let steps = data(&["data: 1\n", "\ndata: 2\n\ndata", ": 3\n\n"]);
        let mut answer = response(200, kind, Scripted::new(steps.clone()));
        if !encoding.is_empty() {
            answer.headers_mut().insert("content-encoding", HeaderValue::from_static(encoding));
        }
        let response = detect_with(layer(), request, answer).await;
        assert_eq!(frames(response.into_body()).await, frames(Scripted::new(steps)).await);
    }
}

/// One event, which may be longer than what is held of one.
fn long() -> impl Strategy<Value = String> {
    (0..3 * 64 * 1024_usize).prop_map(|len| format!("data: {{\"a\":\"{}\"}}\n\n", "x".repeat(len)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_long_event_passes_whole_and_is_judged(before in long(), cut in 1..30_000_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = format!("{before}{}", strike());
        let bytes = runtime.block_on(async {
            let (request, heard, _) = request(CHAT);
            let answer = response(200, "text/event-stream", Scripted::new(chunks(&whole, cut)));
            let response = detect_with(layer(), request, answer).await;
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(heard.classes(), [Class::PolicyViolation]);
            bytes
        });
        prop_assert!(bytes == whole);
    }
}

proptest! {
    /// And hears the same of it, however much was read while the head was held.
    #[test]
    fn bytes_out_are_bytes_in(steps in steps(), hold in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let hear = |layer: DetectLayer| runtime.block_on(async {
            let (request, heard, _) = request(CHAT);
            let answer = response(200, "text/event-stream", Scripted::new(steps.clone()));
            let mut body = detect_with(layer, request, answer).await.into_body();
            let (mut bytes, mut behind) = (Vec::new(), Vec::new());
            while let Some(frame) = body.frame().await {
                match frame.map(Frame::into_data) {
                    Ok(Ok(data)) => bytes.extend_from_slice(&data),
                    other => behind.push(format!("{other:?}")),
                }
            }
            (bytes, behind, heard.classes())
        });
        let hold = |layer: DetectLayer| match hold {
            true => layer.hold_head_for_first_event(Duration::from_secs(1)),
            false => layer,
        };
        let plain = hear(DetectLayer::new(registry()));
        prop_assert_eq!(hear(hold(layer())), plain);
    }
}
