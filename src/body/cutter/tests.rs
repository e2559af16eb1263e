use proptest::prelude::*;

use super::*;

/// What comes of a stream that comes in these frames.
fn cut(frames: &[&[u8]]) -> Vec<Piece> {
    let (mut cutter, mut pieces, mut read) = (Cutter::default(), Vec::new(), Vec::new());
    for frame in frames {
        cutter.push(Bytes::copy_from_slice(frame));
        while cutter.len() > 0 {
            let handed_on: usize = pieces.iter().map(|piece: &Piece| piece.data.len()).sum();
            let piece = cutter.next(|part| read.extend_from_slice(part));
            let Some(piece) = piece else { break };
            pieces.push(piece);
            assert!(read.len() - handed_on >= 1, "it was read before it is handed on");
        }
        assert!(cutter.unread().is_empty(), "what is held was read");
    }
    pieces.extend(cutter.finish());
    assert_eq!((cutter.len(), read), (0, frames.concat()));
    pieces
}

fn data(frames: &[&[u8]]) -> Vec<String> {
    let text = |piece: Piece| String::from_utf8(piece.data.to_vec()).unwrap();
    cut(frames).into_iter().map(text).collect()
}

#[test]
fn each_event_is_a_piece_whatever_ends_its_lines() {
    let lf = ["data: a\n\n", "event: x\ndata: b\ndata: c\n\n", ": ping\n\n", "\n", "data: d"];
    for end in ["\n", "\r\n", "\r"] {
        let events = lf.map(|event| event.replace('\n', end));
        let stream = events.concat();
        assert_eq!(data(&[stream.as_bytes()]), events, "{end:?}");
    }
}

#[test]
fn an_event_over_many_frames_is_one_piece() {
    for stream in ["data: a\n\ndata: b\ndata: c\n\n", "data: a\r\rdata: b\rdata: c\r\r"] {
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        assert_eq!(data(&bytes).concat(), stream);
        assert_eq!(data(&bytes).len(), 2);
    }
}

#[test]
fn a_whole_event_waits_for_nothing() {
    let mut cutter = Cutter::default();
    cutter.push(Bytes::from_static(b"data: a\r\n\r"));
    assert_eq!(cutter.next(|_| ()).unwrap().data, "data: a\r\n\r");
    cutter.push(Bytes::from_static(b"\ndata: b\r\n\r\n"));
    assert_eq!(cutter.next(|_| ()).unwrap().data, "\n");
    assert_eq!(cutter.next(|_| ()).unwrap().data, "data: b\r\n\r\n");
}

#[test]
fn a_comment_between_events_waits_for_nothing() {
    assert_eq!(
        data(&[b": ping\n", b": ping\r\n: ping\r\n", b"data: a\n", b": ping\n", b"\n"]),
        [": ping\n", ": ping\r\n: ping\r\n", "data: a\n: ping\n\n"]
    );
}

#[test]
fn an_event_that_is_too_long_passes_as_it_comes() {
    let (long, word) = ([b'a'; 40 * 1024], b"word");
    let pieces = cut(&[b"data: ", &long, &long, word, b"\n\ndata: b\n\n"]);
    let told: Vec<_> = pieces.iter().map(|piece| (piece.data.len(), piece.begins)).collect();
    assert_eq!(told, [(80 * 1024 + 6, true), (4, false), (2, false), (9, true)]);
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = proptest::sample::select(vec![
        "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", ":", ": c", "data: a", "x", "\u{feff}",
    ]);
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

/// The events of a stream, by the letter of the standard: a line ends
/// with CRLF, LF or CR, and an event with a line that is empty.
fn events(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut events, mut event, mut blank) = (Vec::new(), Vec::new(), true);
    let mut bytes = stream.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        event.push(byte);
        if !matches!(byte, b'\n' | b'\r') {
            blank = false;
            continue;
        }
        if byte == b'\r' {
            event.extend(bytes.next_if_eq(&b'\n'));
        }
        if std::mem::replace(&mut blank, true) {
            events.push(std::mem::take(&mut event));
        }
    }
    events.extend(Some(event).filter(|event| !event.is_empty()));
    events
}

proptest! {
    #[test]
    fn bytes_out_are_bytes_in_and_each_piece_is_an_event(
        stream in stream(),
        cuts in proptest::collection::vec(1_usize..9, 0..40),
    ) {
        let (mut frames, mut rest) = (Vec::new(), &stream[..]);
        for at in cuts {
            let (frame, after) = rest.split_at(at.min(rest.len()));
            frames.push(frame);
            rest = after;
        }
        frames.push(rest);
        let pieces = cut(&frames);
        prop_assert!(pieces.iter().all(|piece| piece.begins && !piece.data.is_empty()));
        // A comment that came alone, and the second half of a CRLF, are
        // pieces of their own: no piece holds more than one event, and
        // each event ends where a piece does.
        let ends = |of: Vec<usize>| of.into_iter().scan(0, |at, len| {
            *at += len;
            Some(*at)
        }).collect::<Vec<_>>();
        let ours = ends(pieces.iter().map(|piece| piece.data.len()).collect());
        let theirs = ends(events(&stream).iter().map(Vec::len).collect());
        prop_assert!(theirs.iter().all(|end| ours.contains(end)), "{ours:?} {theirs:?}");
        let all: Vec<u8> = pieces.iter().flat_map(|piece| piece.data.to_vec()).collect();
        prop_assert_eq!(&all, &stream);
        let mut from = 0;
        for (piece, end) in pieces.iter().zip(&ours) {
            let lf = piece.data == "\n" && from > 0 && stream[from - 1] == b'\r';
            let alone = theirs.contains(end) || lf || is_comment(&piece.data);
            let ends_at_cr = piece.data.ends_with(b"\r") && stream.get(*end) == Some(&b'\n');
            prop_assert!(alone || ends_at_cr, "{:?}", piece);
            from = *end;
        }
    }

    #[test]
    fn in_one_frame_the_pieces_are_the_events(stream in stream()) {
        let pieces: Vec<Vec<u8>> =
            cut(&[&stream]).into_iter().map(|piece| piece.data.to_vec()).collect();
        prop_assert_eq!(pieces, events(&stream));
    }
}
