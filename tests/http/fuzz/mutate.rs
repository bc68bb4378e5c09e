//! Mutations of bytes.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// What parsers stumble over: ends of lines and of strings, numbers at the edges of their types,
/// words of HTTP, JSON and W3C Trace Context.
const TOKENS: [&[u8]; 56] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\t",
    b"\x1b[31m",
    b"\x7f",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xef\xbb\xbf",
    b" ",
    b":",
    b"/",
    b"//",
    b"/..",
    b"/./",
    b"%2e%2e",
    b"%2f",
    b"%00",
    b"%",
    b"%zz",
    b"?",
    b"#",
    b";",
    b"&",
    b"=",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b",",
    b"null",
    b"true",
    b"-",
    b"1e999",
    b"-0",
    b"0.1",
    b"2147483648",
    b"4294967296",
    b"9007199254740993",
    b"18446744073709551616",
    b"HTTP/1.0",
    b"HTTP/2.0",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"ffffffffffffffff",
    b"-01",
];

/// Changes `bytes` in one to six ways.
pub(crate) fn mutate(random: &mut StdRng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.random_range(1..=6) {
        change(random, &mut bytes);
    }
    bytes
}

fn change(random: &mut StdRng, bytes: &mut Vec<u8>) {
    let from = random.random_range(0..=bytes.len());
    let length = random.random_range(0..=(bytes.len() - from).min(32));
    let piece = from..from + length;
    match random.random_range(0..8) {
        0 if from < bytes.len() => bytes[from] ^= 1 << random.random_range(0..8),
        1 if from < bytes.len() => bytes[from] = random.random(),
        2 => drop(bytes.drain(piece)),
        3 => bytes.truncate(from),
        4 => {
            // Rarely so often that it passes a limit.
            let times = if random.random_ratio(1, 20) { 4000 } else { 3 };
            let repeated = bytes[piece].repeat(times);
            bytes.splice(from..from, repeated);
        }
        5 => {
            let moved: Vec<u8> = bytes.drain(piece).collect();
            let to = random.random_range(0..=bytes.len());
            bytes.splice(to..to, moved);
        }
        6 => {
            let token = TOKENS.choose(random).expect("tokens");
            bytes.splice(piece, token.iter().copied());
        }
        _ => {
            let token = TOKENS.choose(random).expect("tokens");
            bytes.splice(from..from, token.iter().copied());
        }
    }
}
