//! Random requests in random pieces.

use std::time::Duration;

use super::{
    Limits,
    server::{start, talk},
    through,
};

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn one_of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    fn text(&mut self, most: usize, letters: &[u8]) -> String {
        let length = self.below(most + 1);
        (0..length).map(|_| char::from(letters[self.below(letters.len())])).collect()
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| *self.one_of(&[&b'\r', &b'\n', &b'0', &b'G', &0, &b' '])).collect()
    }

    fn chunked(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        for _ in 0..self.below(4) {
            let data = self.bytes(300);
            if data.is_empty() {
                continue;
            }
            let extension = self.one_of(&["", ";a", "; b=\"c\"", " ;d"]);
            body.extend_from_slice(format!("{:x}{extension}\r\n", data.len()).as_bytes());
            body.extend_from_slice(&data);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(self.one_of(&["0\r\n", "00;x\r\n"]).as_bytes());
        body.extend_from_slice(self.one_of(&["", "t: u\r\n", "t: u\r\nv:\r\n"]).as_bytes());
        body.extend_from_slice(b"\r\n");
        body
    }

    fn request(&mut self) -> Vec<u8> {
        let method = self.one_of(&["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "x-Y"]);
        let origin = self.one_of(&["", "", "", "http://h.x:1"]);
        let path = self.text(40, b"abc/%2F{}\"|;=~");
        let most = *self.one_of(&[&40, &40, &3_000]);
        let query = self.text(most, b"ab=&%?/+[]^`{|}\\");
        let mut head = format!("{method} {origin}/{path}?{query} HTTP/1.1\r\n");
        let mut fields = vec![String::from("HOST:h.x")];
        for number in 0..self.below(8) {
            let value = self.text(60, b"abc ,;:=\"\t()");
            let space = self.one_of(&["", " ", "\t "]);
            fields.push(format!("x-{number}:{space}{value}"));
        }
        let body = match self.below(4) {
            0 => {
                fields.push(String::from(self.one_of(&["Transfer-Encoding: chunked"])));
                self.chunked()
            }
            1 => {
                let body = self.bytes(2_000);
                fields.push(format!("content-LENGTH: {}", body.len()));
                body
            }
            _ => Vec::new(),
        };
        let first = self.below(fields.len());
        fields.rotate_left(first);
        for field in fields {
            head.push_str(&field);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        [head.into_bytes(), body].concat()
    }

    fn pieces(&mut self, mut data: &[u8]) -> Vec<Vec<u8>> {
        let most = *self.one_of(&[&1, &10, &1_000, &10_000]);
        let mut pieces = Vec::new();
        while !data.is_empty() {
            let (piece, rest) = data.split_at((1 + self.below(most)).min(data.len()));
            pieces.push(piece.to_vec());
            data = rest;
        }
        pieces
    }
}

#[actix_web::test]
async fn every_valid_sequence_goes_through_unchanged() {
    for seed in 1..=120_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let data: Vec<u8> = (0..=dice.below(6)).flat_map(|_| dice.request()).collect();
        let pieces = dice.pieces(&data);
        let piece = *dice.one_of(&[&1, &100, &8_192]);
        let all = through(Limits::default(), pieces, piece).await;
        assert!(all == data, "seed {seed}: {}", String::from_utf8_lossy(&data));
    }
}

/// Some random requests with a few random bytes in random places.
fn damaged(dice: &mut Dice) -> Vec<u8> {
    let mut data: Vec<u8> = (0..=dice.below(3)).flat_map(|_| dice.request()).collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(data.len());
        data[at] = *dice
            .one_of(&[&b'\r', &b'\n', &b' ', &0, &b':', &b'9', &0xff, &b'#', &b'"', &b'\t', &b',']);
    }
    data
}

#[actix_web::test]
async fn the_dispatcher_never_refuses_what_goes_through() {
    let wait = Duration::from_secs(4);
    let limits = Limits {
        first_byte_timeout: Duration::from_mins(1),
        head_timeout: wait,
        keep_alive: wait,
        body_stall: wait,
        ..Limits::default()
    };
    let (address, ..) = start(limits);
    let talks = (1..=300_u64).map(|seed| {
        let mut dice = Dice(seed.wrapping_mul(0xA076_1D64_78BD_642F));
        actix_web::rt::spawn(async move {
            let answers = talk(address, &damaged(&mut dice)).await;
            // Its own answers have no body.
            assert!(!answers.contains("content-length: 0"), "seed {seed}: {answers}");
            assert!(answers.starts_with("HTTP/1.1 "), "seed {seed}: {answers}");
        })
    });
    for talk in talks.collect::<Vec<_>>() {
        talk.await.unwrap();
    }
}

/// Between a request line and the target that was moved out of it.
const MOVED: &[u8] = b"\r\nsae-secret-target: ";

fn find(data: &[u8], wanted: &[u8]) -> Option<usize> {
    data.windows(wanted.len()).position(|window| window == wanted)
}

/// Cuts off the request that stands for a refused one; its first field is in small letters, other
/// than in every random request.
fn split_refusal(all: &[u8]) -> (&[u8], &[u8]) {
    let methods = [&b"GET / HTTP/1.1\r\nhost: "[..], b"HEAD / HTTP/1.1\r\nhost: "];
    let at = methods.iter().filter_map(|line| find(all, line)).min().unwrap_or(all.len());
    all.split_at(at)
}

/// Puts moved targets back into their request lines. A damaged query may have a character that
/// makes its target move.
fn move_back(all: &[u8]) -> Vec<u8> {
    let Some(line_end) = find(all, MOVED) else { return all.to_vec() };
    let (line, rest) = (&all[..line_end], &all[line_end + MOVED.len()..]);
    let target = &rest[..find(rest, b"\r\n").unwrap()];
    let version = line.iter().rposition(|byte| *byte == b' ').unwrap();
    let path = 1 + line[..version].iter().rposition(|byte| *byte == b' ').unwrap();
    let whole_path = target.split(|byte| *byte == b'?').next().unwrap();
    assert!(whole_path.ends_with(&line[path..version]), "{}", line.escape_ascii());
    let tail = move_back(&rest[target.len()..]);
    [&line[..path], target, &line[version..], &tail].concat()
}

#[actix_web::test]
async fn no_sequence_of_damaged_bytes_does_harm() {
    let (mut moved, mut refused) = (0, 0);
    for seed in 1..=400_u64 {
        let mut dice = Dice(seed.wrapping_mul(0xD134_2543_DE82_EF95));
        let data = damaged(&mut dice);
        let pieces = dice.pieces(&data);
        let all = through(Limits::default(), pieces, 8_192).await;
        let (passed, refusal) = split_refusal(&all);
        moved += find(passed, MOVED).into_iter().count();
        refused += usize::from(!refusal.is_empty());
        assert!(data.starts_with(&move_back(passed)), "seed {seed}: {}", all.escape_ascii());
        let is_whole = refusal.ends_with(b"sae-secret-refusal: malformed\r\n\r\n");
        assert!(refusal.is_empty() || is_whole, "seed {seed}: {}", refusal.escape_ascii());
    }
    assert!(moved > 5 && refused > 100, "{moved} moved, {refused} refused");
}
