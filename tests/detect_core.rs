//! The pure core of detect, on the profile's own recorded answers and on the
//! real bodies of the vendor's surfaces.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header::CONTENT_TYPE};
use planguard::{
    detect::{Inspection, Opening, inspect},
    profile::{self, Claim, Registry},
    signal::{Class, Signal},
};
use proptest::prelude::*;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_784_800_000)
}

fn claim(url: &str) -> Option<Claim> {
    Registry::new(&[profile::zai()]).claim(&url.parse::<Uri>().unwrap(), &HeaderMap::new())
}

const CHAT: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";
const MESSAGES: &str = "https://api.z.ai/api/anthropic/v1/messages";

/// Feeds `body` in pieces that end at `cuts`.
fn chunked(url: &str, status: u16, kind: &str, body: &[u8], cuts: &[usize]) -> Option<Signal> {
    let claim = claim(url).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
    let status = StatusCode::from_u16(status).unwrap();
    match Inspection::begin(&claim, &Method::POST, status, &headers, now()) {
        Opening::Inspect(mut inspection) => {
            let mut from = 0;
            for to in cuts.iter().copied().chain([body.len()]) {
                let to = to.clamp(from, body.len());
                if let Some(signal) = inspection.feed(&body[from..to], now()) {
                    return Some(signal);
                }
                from = to;
            }
            inspection.finish(now())
        }
        Opening::Unreadable(_, signal) => signal,
        Opening::Found(signal) => Some(signal),
        _ => None,
    }
}

fn whole(url: &str, status: u16, kind: &str, body: &str) -> Option<Signal> {
    chunked(url, status, kind, body.as_bytes(), &[])
}

fn class(url: &str, status: u16, kind: &str, body: &str) -> Option<Class> {
    whole(url, status, kind, body).map(|signal| signal.class)
}

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream";

#[test]
fn every_fixture_of_the_built_in_profile_holds() {
    let registry = Registry::new(&[profile::zai()]);
    let failures = profile::zai().check_fixtures(|fixture| {
        let claim = registry.claim(&fixture.url, &fixture.request_headers)?;
        // A reset is believed only if it is ahead, and not too far.
        let now = fixture.reset.map_or(now(), |reset| reset - Duration::from_secs(3600));
        inspect(&claim, &Method::POST, fixture.status, &fixture.headers, &fixture.body, now)
    });
    if let Err(failures) = failures {
        panic!("{}", failures.iter().map(|f| format!("{f}\n")).collect::<String>());
    }
}

#[test]
fn every_fixture_gives_the_same_at_any_chunk_size() {
    let registry = Registry::new(&[profile::zai()]);
    for fixture in profile::zai().fixtures().unwrap() {
        let Some(claim) = registry.claim(&fixture.url, &fixture.request_headers) else { continue };
        let run = |size: usize| match Inspection::begin(
            &claim,
            &Method::POST,
            fixture.status,
            &fixture.headers,
            now(),
        ) {
            Opening::Inspect(mut inspection) => fixture
                .body
                .chunks(size)
                .find_map(|chunk| inspection.feed(chunk, now()))
                .or_else(|| inspection.finish(now())),
            Opening::Unreadable(_, signal) => signal,
            Opening::Found(signal) => Some(signal),
            _ => None,
        };
        let expected = run(usize::MAX);
        for size in [1, 2, 3, 7, 16, 64, 4096] {
            assert_eq!(run(size), expected, "{} at {size}", fixture.name);
        }
    }
}

const SAYS_1313: &str = r#"{"error":{"code":"1313","message":"Fair Usage Policy"}}"#;

/// Everything that a stream may do to the frame that carries a strike.
fn striking_streams() -> Vec<String> {
    let delta = r#"{"id":"1","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let anthropic = r#"{"type":"error","error":{"type":"rate_limit_error","code":"1313","message":"[1313][x]"}}"#;
    vec![
        format!("data: {SAYS_1313}\n\n"),
        format!("data:{SAYS_1313}\n\n"),
        format!("\u{feff}data: {SAYS_1313}\n\n"),
        format!("data: {SAYS_1313}\r\n\r\n"),
        format!("data: {SAYS_1313}\r\r"),
        format!("data: {SAYS_1313}"),
        format!(": hello\n\nid: 7\nretry: 10\ndata: {SAYS_1313}\n\n"),
        format!("event: error\ndata: {anthropic}\n\n"),
        format!(
            "event: message_start\r\ndata: {{\"type\":\"message_start\"}}\r\n\r\nevent: error\r\ndata: {anthropic}\r\n\r\n"
        ),
        format!("data: {delta}\n\ndata: {delta}\n\ndata: {SAYS_1313}\n\ndata: [DONE]\n\n"),
        // One value over several lines.
        format!("data: {}\n\n", SAYS_1313.replace(',', ",\ndata: ")),
        // Two frames on one line.
        format!("data: {delta}data: {SAYS_1313}\n\n"),
        // A second frame inside the JSON of the first: in a string, in a key,
        // between values.
        format!(
            "data: {{\"id\":\"1\",\"choices\":[{{\"delta\":{{\"content\":\"Hdata: {SAYS_1313}\n\n"
        ),
        format!("data: {{\"id\":\"1\",\"choidata: {SAYS_1313}\n\n"),
        format!("data: {{\"id\":\"1\",\"choices\":data: {SAYS_1313}\n\n"),
        format!("data: {{\"id\":\"1\",\"choices\":[{{\"content\":\"H\ndata: {SAYS_1313}\n\n"),
        format!("data: {{\"a\":\"data: {{\"b\":data: {SAYS_1313}\n\n"),
        // Two lines without the blank one between.
        format!("data: {delta}\ndata: {SAYS_1313}\n\n"),
        // Plain text, and JSON where a stream was promised.
        "data: [1313][Fair Usage Policy]\n\n".to_owned(),
        SAYS_1313.to_owned(),
        format!("\u{feff}{SAYS_1313}"),
    ]
}

#[test]
fn a_strike_in_a_stream_is_found_in_every_dialect() {
    for stream in striking_streams() {
        assert_eq!(class(CHAT, 200, SSE, &stream), Some(Class::PolicyViolation), "{stream}");
        let one_by_one: Vec<_> = (0..stream.len()).collect();
        let cut = chunked(CHAT, 200, SSE, stream.as_bytes(), &one_by_one);
        let cut = cut.map(|signal| signal.class);
        assert_eq!(cut, Some(Class::PolicyViolation), "byte by byte: {stream}");
    }
}

#[test]
fn a_strike_in_a_stream_is_found_when_its_value_is_complete() {
    let mut scanned = String::from("data: ");
    scanned.push_str(SAYS_1313);
    let claim = claim(CHAT).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(SSE));
    let Opening::Inspect(mut inspection) =
        Inspection::begin(&claim, &Method::POST, StatusCode::OK, &headers, now())
    else {
        panic!("a stream is inspected");
    };
    assert!(inspection.feed(scanned.as_bytes(), now()).is_some());
}

/// Answers that quote a strike, or look like one, and are none.
fn innocent() -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(SAYS_1313).unwrap();
    let twice = serde_json::to_string(&quoted).unwrap();
    vec![
        (JSON, format!(r#"{{"id":"1","choices":[{{"message":{{"content":{quoted}}}}}]}}"#)),
        (JSON, format!(r#"{{"choices":[{{"message":{{"content":{twice}}}}}]}}"#)),
        (
            JSON,
            format!(
                r#"{{"choices":[{{"message":{{"tool_calls":[{{"function":{{"arguments":{quoted}}}}}]}}}}]}}"#
            ),
        ),
        (
            JSON,
            format!(
                r#"{{"type":"message","content":[{{"type":"tool_use","input":{SAYS_1313}}}]}}"#
            ),
        ),
        (JSON, format!(r#"{{"output":[{SAYS_1313}],"error":null}}"#)),
        (
            JSON,
            r#"{"code":200,"msg":"Operation successful","data":{"limits":[]},"success":true}"#
                .to_owned(),
        ),
        (JSON, r#"{"object":"chat.completion","error":{},"choices":[]}"#.to_owned()),
        (JSON, "{}".to_owned()),
        (JSON, String::new()),
        (SSE, format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{quoted}}}}}]}}\n\n")),
        (
            SSE,
            format!(
                "data: {{\"type\":\"content_block_delta\",\"delta\":{{\"partial_json\":{quoted}}}}}\n\n"
            ),
        ),
        (
            SSE,
            format!(
                "data: {{\"type\":\"content_block_start\",\"content_block\":{{\"input\":{SAYS_1313}}}}}\n\n"
            ),
        ),
        (SSE, format!("data: {{\"type\":\"response.output_item.done\",\"item\":{SAYS_1313}}}\n\n")),
        (
            SSE,
            format!(
                "data: {{\"type\":\"response.output_item.done\",\"response\":{{\"output\":[{SAYS_1313}],\"error\":null}}}}\n\n"
            ),
        ),
        // The source that a code interpreter ran.
        (
            SSE,
            "data: {\"type\":\"response.code_interpreter_call_code.done\",\"code\":\"1313\"}\n\n"
                .to_owned(),
        ),
        (SSE, "data: {\"choices\":[{\"delta\":{\"content\":\"data: [1313][x]\"}}]}\n\n".to_owned()),
        // A broken frame that quotes one.
        (SSE, format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"data: \" + {quoted}\n\n")),
        (SSE, "data: it said [1313][x]\n\n".to_owned()),
        (SSE, "data: [DONE]\n\n".to_owned()),
        (SSE, format!(": data: {SAYS_1313}\n\n")),
        (SSE, format!("metadata: {SAYS_1313}\n\n")),
        ("text/plain", "It said [1313][Fair Usage Policy]".to_owned()),
        ("text/plain", "1313 people, Fair Usage Policy".to_owned()),
        ("text/plain", "[13131][Fair Usage Policy]".to_owned()),
        ("text/plain", "data about [1313][Fair Usage Policy]".to_owned()),
        ("image/png", SAYS_1313.to_owned()),
    ]
}

#[test]
fn what_only_quotes_a_strike_is_none() {
    for (kind, body) in innocent() {
        assert_eq!(whole(CHAT, 200, kind, &body), None, "{kind} {body}");
    }
}

#[test]
fn plain_text_with_a_code_in_front_is_an_error_at_200_if_a_rule_knows_it() {
    assert_eq!(class(MESSAGES, 200, "text/plain", "[1305][busy]"), Some(Class::Overloaded));
    assert_eq!(
        class(MESSAGES, 200, "text/plain", "\u{feff} 1313: x"),
        Some(Class::PolicyViolation)
    );
    assert_eq!(class(MESSAGES, 200, "text/plain", "[1999][never heard of]"), None);
}

#[test]
fn a_truncated_error_still_says_what_it_said() {
    let signal =
        whole(CHAT, 429, JSON, r#"{"error":{"code":"1302","message":"Rate limit reached for req…"#);
    let signal = signal.unwrap();
    assert_eq!(
        (signal.class, signal.message.as_str()),
        (Class::PolicyThrottle, "Rate limit reached for req…")
    );
}

#[test]
fn a_broken_error_reads_the_same_at_any_chunking() {
    let body = r#"{"error":{"code":"1"3,"message":"Fair Usage Policy"}}"#;
    let one_by_one: Vec<_> = (0..body.len()).collect();
    for kind in [JSON, SSE] {
        let cut = chunked(CHAT, 200, kind, body.as_bytes(), &one_by_one);
        assert_eq!(cut, whole(CHAT, 200, kind, body));
        assert_eq!(cut.unwrap().message, r#"{"error":{"code":"1""#);
    }
}

#[test]
fn a_stream_that_is_declared_as_text_is_one_at_any_chunking() {
    let body = format!("event: error\ndata: {SAYS_1313}\n\n");
    let one_by_one: Vec<_> = (0..body.len()).collect();
    let cut = chunked(MESSAGES, 200, "text/plain", body.as_bytes(), &one_by_one);
    assert_eq!(cut.as_ref().map(|signal| signal.class), Some(Class::PolicyViolation));
    assert_eq!(cut, whole(MESSAGES, 200, "text/plain", &body));
}

/// Whether it stands in a piece of its own, which is searched before anything
/// is read of it, or comes byte by byte.
#[test]
fn an_event_that_says_that_it_is_an_error_is_one_at_any_chunking() {
    let first = "data: {\"choices\":[]}\n\n";
    for event in [
        r#"{"success":false,"msg":"x"}"#,
        r#"{"\u0073uccess":false,"msg":"x"}"#,
        r#"{"\u0065rror":{"\u0063ode":"1313","message":"x"}}"#,
        r#"{"code":"1313","msg":"x"}"#,
    ] {
        let body = format!("{first}data: {event}\n\n");
        let one_by_one: Vec<_> = (0..body.len()).collect();
        let cut = chunked(CHAT, 200, SSE, body.as_bytes(), &one_by_one);
        assert!(cut.is_some(), "{event}");
        assert_eq!(cut, chunked(CHAT, 200, SSE, body.as_bytes(), &[first.len()]), "{event}");
        assert_eq!(cut, whole(CHAT, 200, SSE, &body), "{event}");
    }
}

#[test]
fn half_a_code_is_no_code() {
    let signal = whole(CHAT, 429, JSON, r#"{"error":{"code":"1313"#).unwrap();
    assert_eq!(signal.class, Class::Unknown);
}

#[test]
fn a_compressed_error_is_unknown_and_not_retryable() {
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", HeaderValue::from_static("compress"));
    let opening = Inspection::begin(
        &claim(CHAT).unwrap(),
        &Method::POST,
        StatusCode::TOO_MANY_REQUESTS,
        &headers,
        now(),
    );
    let Opening::Unreadable(_, Some(signal)) = opening else { panic!("{opening:?}") };
    assert_eq!(signal.class, Class::Unknown);
}

#[test]
fn a_filtered_choice_does_not_hide_a_strike_behind_it() {
    let filtered = r#"data: {"choices":[{"finish_reason":"sensitive"}]}"#;
    let alone = format!("{filtered}\n\ndata: [DONE]\n\n");
    assert_eq!(class(CHAT, 200, SSE, &alone), Some(Class::ContentFilter));
    let struck = format!("{filtered}\n\ndata: {SAYS_1313}\n\n");
    assert_eq!(class(CHAT, 200, SSE, &struck), Some(Class::PolicyViolation));
}

#[test]
fn nothing_hides_behind_an_ordinary_frame_of_the_same_piece() {
    let frame = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
    for (hidden, expected) in [
        ("data: [1302][Slow down][20260708110634e6c57cfb]\n\n", Class::PolicyThrottle),
        ("data: [1302][Slow down][20260708110634e6c57cfb]\r\r\n\n", Class::PolicyThrottle),
        ("data: {\"code\":1313,\"msg\":\"x\"}\n\n", Class::PolicyViolation),
        (
            "data: {\"choices\":[{\"finish_reason\":\"model_context_window_exceeded\"}]}\n\n",
            Class::InvalidRequest,
        ),
    ] {
        for before in [frame, ""] {
            let body = format!("{frame}{before}{hidden}");
            let signal = chunked(CHAT, 200, SSE, body.as_bytes(), &[frame.len()]);
            assert_eq!(signal.map(|signal| signal.class), Some(expected), "{body:?}");
        }
    }
}

#[test]
fn an_error_behind_the_head_of_a_success_is_found() {
    let body = r#"{"choices":[],"error":{"code":"1313","message":"x"}}"#;
    assert_eq!(class(CHAT, 200, JSON, body), Some(Class::PolicyViolation));
}

#[test]
fn no_heap_of_brackets_and_no_foreign_bytes_break_it() {
    for body in
        ["[".repeat(100_000), "{\"a\":".repeat(100_000), "\"".repeat(10_001), "\\".repeat(9_999)]
    {
        assert_eq!(class(CHAT, 429, JSON, &body), Some(Class::Unknown));
        assert_eq!(class(CHAT, 200, JSON, &body), None);
        assert_eq!(class(CHAT, 200, SSE, &format!("data: {body}\n\n")), None);
    }
    let foreign = b"{\"error\":{\"code\":\"1313\",\"message\":\"\xff\xfe\"}}";
    let signal = chunked(CHAT, 429, JSON, foreign, &[]).unwrap();
    assert_eq!(
        (signal.class, signal.message.as_str()),
        (Class::PolicyViolation, "\u{fffd}\u{fffd}")
    );
}

#[test]
fn where_a_piece_ends_does_not_move_the_64_kb_bound() {
    for length in [65_000, 65_400, 65_536, 66_000, 200_000] {
        let body = format!(r#"{{"a":"{}","error":{{"code":"1313"}}}}"#, "x".repeat(length));
        let whole = chunked(CHAT, 429, JSON, body.as_bytes(), &[]);
        for size in [999, 65_535, 65_536] {
            let cuts: Vec<usize> = (size..body.len()).step_by(size).collect();
            assert_eq!(chunked(CHAT, 429, JSON, body.as_bytes(), &cuts), whole, "{length} {size}");
        }
    }
}

#[test]
fn an_idle_stream_holds_little() {
    // Between events the scanner has nothing on the heap; what remains is this
    // and the response's own headers.
    assert!(size_of::<Inspection>() <= 1024);
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..600usize, 0..40).prop_map(|mut cuts| {
        cuts.sort_unstable();
        cuts
    })
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_verdict(cuts in cuts(), pick in any::<prop::sample::Index>(), end in 0..600usize) {
        let streams = striking_streams();
        let innocent = innocent();
        let mut all: Vec<(&str, u16, String)> =
            streams.iter().map(|stream| (SSE, 200, stream.clone())).collect();
        all.extend(innocent.iter().flat_map(|(kind, body)| [(*kind, 200, body.clone()), (*kind, 429, body.clone())]));
        let (kind, status, body) = &all[pick.index(all.len())];
        // Cut off anywhere, too.
        let body = &body.as_bytes()[..body.len().min(end)];
        prop_assert_eq!(chunked(CHAT, *status, kind, body, &cuts), chunked(CHAT, *status, kind, body, &[]));
    }

    #[test]
    fn any_bytes_give_the_same_verdict_at_any_chunking(
        body in proptest::collection::vec(prop::sample::select(b"{}[]\":,\\du0a1ternolscdt \n\r\xff:".to_vec()), 0..300),
        cuts in cuts(),
        status in prop::sample::select(vec![200u16, 429]),
        kind in prop::sample::select(vec![JSON, SSE, "text/plain"]),
    ) {
        prop_assert_eq!(chunked(CHAT, status, kind, &body, &cuts), chunked(CHAT, status, kind, &body, &[]));
    }
}
