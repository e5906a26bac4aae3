use proptest::prelude::*;

use super::*;

const FINAL: u8 = 0x80;

/// A client's frame: its first byte, its payload.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut plain = Vec::new();
    push_frame(first, payload, &mut plain);
    let head_bytes = plain.len() - payload.len();
    let mut frame = plain[..head_bytes].to_vec();
    frame[0] = first;
    frame[1] |= 0x80;
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Everything a reader gives of these pieces, as text.
fn read_all(message_bytes_max: usize, pieces: &[&[u8]]) -> Vec<String> {
    let mut reader = FrameReader::new(message_bytes_max);
    let mut seen = Vec::new();
    for bytes in pieces {
        reader.push(bytes);
        while let Some(event) = reader.next() {
            seen.push(format!("{event:?}"));
        }
        assert!(reader.buffered() <= 2 * message_bytes_max.max(CONTROL_BYTES_MAX) + 14);
    }
    seen
}

/// What is seen of these frames, at most nine bytes a message.
fn seen(frames: &[(u8, &[u8])]) -> Vec<String> {
    let bytes: Vec<u8> =
        frames.iter().flat_map(|(first, payload)| masked(*first, payload)).collect();
    read_all(9, &[&bytes])
}

#[test]
fn frames_of_the_standard_are_read() {
    // RFC 6455 section 5.7.
    let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(masked(FINAL | TEXT, b"Hello"), hello);
    assert_eq!(read_all(9, &[hello]), ["Text(\"Hello\")"]);
    assert_eq!(
        read_all(9, &[b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"]),
        ["Pong([72, 101, 108, 108, 111])"]
    );
}

#[test]
fn messages_come_in_one_frame_or_in_many() {
    for (frames, events) in [
        (
            &[(FINAL | TEXT, &b"a"[..]), (FINAL | BINARY, b"\xff")][..],
            &["Text(\"a\")", "Binary([255])"][..],
        ),
        (&[(FINAL | TEXT, b"")], &["Text(\"\")"]),
        (&[(TEXT, b"\xc3"), (CONTINUATION, b""), (FINAL, b"\xa9")], &["Text(\"é\")"]),
        (
            &[(BINARY, b"\x01"), (FINAL, b"\x02"), (FINAL | TEXT, b"x")],
            &["Binary([1, 2])", "Text(\"x\")"],
        ),
        (&[(TEXT, b""), (FINAL, b"")], &["Text(\"\")"]),
        // Control frames may come between.
        (
            &[(TEXT, b"a"), (FINAL | PING, b"p"), (FINAL | PONG, b""), (FINAL, b"b")],
            &["Ping([112])", "Pong([])", "Text(\"ab\")"],
        ),
        (&[(FINAL | TEXT, b"123456789")], &["Text(\"123456789\")"]),
        (&[(TEXT, b"12345"), (FINAL, b"6789")], &["Text(\"123456789\")"]),
    ] {
        assert_eq!(seen(frames), events, "{frames:?}");
    }
}

#[test]
fn a_close_ends_all() {
    for (payload, event) in [
        (&b""[..], "Close { code: None, reason: \"\" }"),
        (b"\x03\xe8", "Close { code: Some(1000), reason: \"\" }"),
        (b"\x03\xe9bye", "Close { code: Some(1001), reason: \"bye\" }"),
        (b"\x0b\xb8", "Close { code: Some(3000), reason: \"\" }"),
        (b"\x03", "Fault(Protocol)"),
        (b"\x03\xe7", "Fault(Protocol)"),
        (b"\x03\xed", "Fault(Protocol)"),
        (b"\x03\xf7", "Fault(Protocol)"),
        (b"\x13\x88", "Fault(Protocol)"),
        (b"\x03\xe8\xff", "Fault(NotUtf8)"),
    ] {
        assert_eq!(seen(&[(FINAL | CLOSE, payload), (FINAL | TEXT, b"x")]), [event], "{payload:?}");
    }
}

#[test]
fn what_breaks_the_rules_ends_all() {
    let control = [b'x'; CONTROL_BYTES_MAX + 1];
    for (frames, fault) in [
        (&[(FINAL | 0x40 | TEXT, &b""[..])][..], Fault::Protocol),
        (&[(FINAL | 0x10 | TEXT, b"")], Fault::Protocol),
        (&[(FINAL | 0x3, b"")], Fault::Protocol),
        (&[(FINAL | 0xb, b"")], Fault::Protocol),
        (&[(PING, b"")], Fault::Protocol),
        (&[(FINAL | PING, &control)], Fault::Protocol),
        (&[(FINAL, b"")], Fault::Protocol),
        (&[(CONTINUATION, b"")], Fault::Protocol),
        (&[(TEXT, b"a"), (FINAL | TEXT, b"b")], Fault::Protocol),
        (&[(TEXT, b"a"), (BINARY, b"b")], Fault::Protocol),
        (&[(FINAL | TEXT, b"\xff")], Fault::NotUtf8),
        (&[(TEXT, b"\xc3"), (FINAL, b"(")], Fault::NotUtf8),
        (&[(FINAL | TEXT, b"1234567890")], Fault::TooLong),
        (&[(BINARY, b"12345"), (FINAL, b"67890")], Fault::TooLong),
        (&[(BINARY, b"12345"), (CONTINUATION, &control)], Fault::TooLong),
    ] {
        let mut frames = frames.to_vec();
        frames.push((FINAL | TEXT, b"x"));
        assert_eq!(seen(&frames), [format!("Fault({fault:?})")], "{frames:?}");
    }
    for (fault, code) in [(Fault::Protocol, 1002), (Fault::NotUtf8, 1007), (Fault::TooLong, 1009)] {
        assert_eq!(fault.code(), code);
    }
}

#[test]
fn a_head_alone_shows_what_is_wrong() {
    for (bytes, event) in [
        (&b"\x81\x05"[..], "Fault(Protocol)"),
        (b"\x81\xfe\x00\x7d", "Fault(Protocol)"),
        (b"\x81\xff\0\0\0\0\0\0\xff\xff", "Fault(Protocol)"),
        (b"\x81\xff\x80\0\0\0\0\x01\0\0", "Fault(Protocol)"),
        (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", "Fault(TooLong)"),
        (b"\x81\xfe\xff\xff\0\0\0\0", "Fault(TooLong)"),
    ] {
        assert_eq!(read_all(9, &[bytes]), [event], "{bytes:?}");
    }
}

#[test]
fn what_waits_holds_little_memory_and_what_is_over_holds_none() {
    let mut reader = FrameReader::new(MESSAGE_BYTES_MAX);
    let mut bytes = masked(FINAL | TEXT, b"hello").repeat(10_000);
    bytes.extend(b"\x81");
    reader.push(&bytes);
    while reader.next().is_some() {}
    assert_eq!(reader.buffered(), 1);
    assert!(reader.buffer.capacity() < 100);
    reader.push(b"\x05");
    assert_eq!(reader.next(), Some(Event::Fault(Fault::Protocol)));
    for _ in 0..3 {
        reader.push(&bytes);
        assert_eq!(reader.next(), None);
        assert_eq!((reader.buffered(), reader.buffer.capacity()), (0, 0));
    }
}

#[test]
fn frames_are_written_as_in_the_standard() {
    let mut out = Vec::new();
    text("Hello", &mut out);
    ping(b"Hello", &mut out);
    pong(b"", &mut out);
    close(None, "never written", &mut out);
    close(Some(1000), "bye", &mut out);
    assert_eq!(out, b"\x81\x05Hello\x89\x05Hello\x8a\0\x88\0\x88\x05\x03\xe8bye");
    for (bytes, head) in [
        (125, &b"\x82\x7d"[..]),
        (126, b"\x82\x7e\x00\x7e"),
        (256, b"\x82\x7e\x01\x00"),
        (65535, b"\x82\x7e\xff\xff"),
        (65536, b"\x82\x7f\0\0\0\0\0\x01\0\0"),
    ] {
        let mut out = Vec::new();
        binary(&vec![0; bytes], &mut out);
        assert_eq!(out.len(), head.len() + bytes);
        assert!(out.starts_with(head), "{bytes}");
    }
}

#[test]
fn what_a_control_frame_carries_is_cut() {
    let mut out = Vec::new();
    ping(&[b'x'; 200], &mut out);
    assert_eq!((out.len(), out[1]), (2 + 125, 125));
    out.clear();
    close(Some(1000), &"é".repeat(100), &mut out);
    assert_eq!((out.len(), out[1]), (2 + 124, 124));
    assert!(std::str::from_utf8(&out[4..]).is_ok());
}

/// Frames that are mostly right, and bytes that are mostly not.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let first = prop::sample::select(vec![0x80, 0, 0x81, 1, 0x82, 2, 0x89, 0x8a]);
    let payload = prop::collection::vec(prop_oneof![b'a'..=b'z', any::<u8>()], 0..6);
    let frame = (first, payload).prop_map(|(first, payload)| masked(first, &payload));
    let noise = prop::collection::vec(any::<u8>(), 0..4);
    let piece = prop_oneof![9 => frame, 1 => noise];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunking_changes_nothing(bytes in hostile(), cuts in prop::collection::vec(0usize..200, 0..9)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
        prop_assert_eq!(read_all(8, &pieces), read_all(8, &[&bytes]));
    }

    #[test]
    fn a_message_is_read_however_it_is_cut_into_frames(
        message in "[aé]{0,300}",
        cuts in prop::collection::vec(0usize..600, 0..9),
    ) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(message.len())).collect();
        cuts.extend([0, message.len()]);
        cuts.sort_unstable();
        let count = cuts.len() - 1;
        let frames = cuts.windows(2).enumerate().map(|(number, window)| {
            let opcode = if number == 0 { TEXT } else { CONTINUATION };
            let end = if number + 1 == count { FINAL } else { 0 };
            masked(end | opcode, &message.as_bytes()[window[0]..window[1]])
        });
        let bytes: Vec<u8> = frames.flatten().collect();
        let mut reader = FrameReader::new(message.len());
        reader.push(&bytes);
        prop_assert_eq!(reader.next(), Some(Event::Text(&message)));
        prop_assert_eq!(reader.next(), None);
        prop_assert_eq!((reader.buffered(), reader.buffer.capacity()), (0, 0));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(100, &[&bytes]);
    }
}
