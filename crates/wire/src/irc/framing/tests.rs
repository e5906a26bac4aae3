use proptest::prelude::*;

use super::*;

/// Everything a reader gives of these pieces, as text.
fn read_all(body_bytes_max: usize, pieces: &[&[u8]]) -> Vec<String> {
    let mut reader = LineReader::new(body_bytes_max);
    let mut seen = Vec::new();
    for bytes in pieces {
        reader.push(bytes);
        while let Some(piece) = reader.next() {
            seen.push(format!("{piece:?}"));
        }
        assert!(reader.buffered() <= CLIENT_TAGS_BYTES_MAX + body_bytes_max + 1);
    }
    seen
}

fn tagged(data_bytes: usize, body: &str) -> Vec<u8> {
    format!("@{} {body}\r\n", "t".repeat(data_bytes)).into_bytes()
}

#[test]
fn lines_end_with_lf_and_perhaps_one_cr_before_it() {
    for (bytes, lines) in [
        (&b"a\r\nb\nc"[..], &["Line(\"a\")", "Line(\"b\")"][..]),
        (b"\n\r\n\n  \n", &["Line(\"  \")"]),
        (b"", &[]),
        (b"a\r\r\nb\n", &["Control", "Line(\"b\")"]),
        (b"a\rb\nc\0\r\n\r\rd\n", &["Control", "Control", "Control"]),
        (b"\r\r\n", &["Control"]),
        (b"\xff\r\n\xc3\xa9\n", &["NotUtf8([255])", "Line(\"é\")"]),
    ] {
        assert_eq!(read_all(5, &[bytes]), lines, "{bytes:?}");
    }
}

#[test]
fn a_body_that_is_too_long_is_said_once_and_skipped() {
    for (bytes, seen) in [
        (&b"12345\r\n123456\r\nok\n"[..], &["Line(\"12345\")", "TooLong", "Line(\"ok\")"][..]),
        (b"123456", &["TooLong"]),
        (b"12345\r", &[]),
        (b"12345\r\r", &["TooLong"]),
        (b"@a 12345\n@a 123456\n", &["Line(\"@a 12345\")", "TooLong"]),
        // What only looks like tags is a body.
        (b" @a 12\n", &["TooLong"]),
        // The space that ends the tags is theirs, others are the body's.
        (b"@a  12345\n", &["TooLong"]),
        (b"1234567890\xff\0\r\n", &["TooLong"]),
    ] {
        assert_eq!(read_all(5, &[bytes]), seen, "{bytes:?}");
    }
}

#[test]
fn tags_have_a_bound_of_their_own() {
    let fits = tagged(CLIENT_TAGS_BYTES_MAX - 2, "12345");
    let line = String::from_utf8_lossy(&fits);
    assert_eq!(read_all(5, &[&fits]), [format!("Line({:?})", line.trim_end())]);
    for data_bytes in [CLIENT_TAGS_BYTES_MAX - 1, CLIENT_TAGS_BYTES_MAX, 2 * CLIENT_TAGS_BYTES_MAX]
    {
        let bytes = tagged(data_bytes, "1");
        assert_eq!(read_all(5, &[&bytes, b"ok\n"]), ["TagsTooLong", "Line(\"ok\")"]);
    }
    let unended = vec![b'@'; CLIENT_TAGS_BYTES_MAX];
    assert_eq!(read_all(5, &[&unended]), ["TagsTooLong"]);
    assert_eq!(read_all(5, &[&unended[1..]]), [""; 0]);
}

#[test]
fn a_flood_without_a_line_end_is_said_once_and_ends_all() {
    let mut bytes = vec![b'x'; UNENDED_BYTES_MAX];
    bytes.extend(b"\nok\n");
    assert_eq!(read_all(510, &[&bytes]), ["TooLong", "Line(\"ok\")"]);
    bytes.insert(0, b'x');
    assert_eq!(read_all(510, &[&bytes]), ["TooLong", "Flood"]);
    let pieces: Vec<&[u8]> = bytes.chunks(1000).collect();
    assert_eq!(read_all(510, &pieces), ["TooLong", "Flood"]);
    let mut reader = LineReader::new(510);
    for _ in 0..3 {
        reader.push(&bytes);
        while reader.next().is_some() {}
        assert_eq!((reader.buffered(), reader.buffer.capacity()), (0, 0));
    }
}

#[test]
fn what_waits_for_its_end_holds_little_memory() {
    let mut reader = LineReader::new(BODY_BYTES_MAX);
    let mut bytes = b"PING x\r\n".repeat(10_000);
    bytes.extend(b"PRIVMSG");
    reader.push(&bytes);
    while reader.next().is_some() {}
    assert_eq!(reader.buffered(), 7);
    assert!(reader.buffer.capacity() < 100);
}

#[test]
fn who_is_read_slowly_takes_no_more_memory_for_it() {
    let mut reader = LineReader::new(20);
    reader.push(b"one\ntwo\n");
    for _ in 0..10_000 {
        reader.push(b"next\n");
        assert!(matches!(reader.next(), Some(Piece::Line(_))));
    }
    assert!(reader.buffer.capacity() < 100);
}

/// Bytes that are often the ones that matter.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => Just(b'\n'),
        2 => Just(b'\r'),
        1 => Just(0),
        2 => Just(b'@'),
        2 => Just(b' '),
        1 => any::<u8>(),
        8 => b'a'..=b'c',
    ];
    prop::collection::vec(byte, 0..200)
}

/// Lines cut the plain way, of bytes that are read at once and all ended.
fn lines_cut_plainly(bytes: &[u8], body_bytes_max: usize) -> Vec<String> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let piece = |line: &[u8]| {
        let body = match line {
            [b'@', ..] => line.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default(),
            line => line,
        };
        let piece = match std::str::from_utf8(line) {
            _ if body.len() > body_bytes_max => Piece::TooLong,
            _ if line.contains(&0) || line.contains(&b'\r') => Piece::Control,
            Ok(line) => Piece::Line(line),
            Err(_) => Piece::NotUtf8(line),
        };
        format!("{piece:?}")
    };
    lines.filter(|line| !line.is_empty()).map(piece).collect()
}

proptest! {
    #[test]
    fn lines_are_cut_as_the_plain_way_cuts_them(mut bytes in hostile()) {
        bytes.push(b'\n');
        prop_assert_eq!(read_all(8, &[&bytes]), lines_cut_plainly(&bytes, 8));
    }

    #[test]
    fn chunking_changes_nothing(bytes in hostile(), cuts in prop::collection::vec(0usize..200, 0..9)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
        prop_assert_eq!(read_all(8, &pieces), read_all(8, &[&bytes]));
    }

    #[test]
    fn silence_holds_no_memory(mut bytes in hostile()) {
        bytes.push(b'\n');
        let mut reader = LineReader::new(8);
        reader.push(&bytes);
        while reader.next().is_some() {}
        prop_assert_eq!(reader.buffered(), 0);
        prop_assert_eq!(reader.buffer.capacity(), 0);
    }
}
