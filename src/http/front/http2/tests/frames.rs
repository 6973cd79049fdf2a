//! A client that sends what it likes: frames of RFC 9113, section 6.

use actix_web::rt::{spawn, task::JoinHandle};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, split},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// The longest payload of a frame that every server takes, in bytes.
const PAYLOAD: usize = 16_384;

/// A head without oddities.
pub(super) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/")];

/// The same with another path.
pub(super) fn get(path: &str) -> [(&str, &str); 4] {
    let [method, scheme, authority, _] = GET;
    [method, scheme, authority, (":path", path)]
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The number that the payload begins with after so many bytes.
    pub(super) fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// What became of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was answered with that body.
    Answer(String),
    /// It was reset for that reason.
    Reset(u32),
    /// The connection was given up for that reason.
    GoneAway(u32),
    /// The connection was closed without a word.
    Closed,
}

/// One connection. It acknowledges nothing, and gives room for the first 65,535 bytes of each answer
/// unless its settings say otherwise.
pub(super) struct Raw {
    writing: WriteHalf<DuplexStream>,
    frames: UnboundedReceiver<Frame>,
    reader: JoinHandle<()>,
}

impl Drop for Raw {
    fn drop(&mut self) {
        // It holds the pipe open.
        self.reader.abort();
    }
}

impl Raw {
    pub(super) async fn open(io: DuplexStream) -> Self {
        Self::open_with(io, &[]).await
    }

    /// Opens with these settings: RFC 9113, section 6.5.1.
    pub(super) async fn open_with(io: DuplexStream, settings: &[(u16, u32)]) -> Self {
        let (reading, writing) = split(io);
        let (sender, frames) = unbounded_channel();
        let reader = spawn(read(reading, sender));
        let mut raw = Self { writing, frames, reader };
        raw.bytes(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        let settings = settings
            .iter()
            .flat_map(|(name, value)| name.to_be_bytes().into_iter().chain(value.to_be_bytes()));
        raw.frame(SETTINGS, 0, 0, &settings.collect::<Vec<u8>>()).await;
        raw.frame(WINDOW_UPDATE, 0, 0, &(1_u32 << 24).to_be_bytes()).await;
        raw
    }

    /// Sends bytes; a server that has gone does not hear them.
    pub(super) async fn bytes(&mut self, bytes: &[u8]) -> bool {
        super::within(self.writing.write_all(bytes)).await.is_ok()
    }

    /// Sends a frame; false if the server has gone.
    pub(super) async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let frame = frame(kind, flags, stream, payload);
        self.bytes(&frame).await
    }

    /// Sends a whole head.
    pub(super) async fn head(&mut self, stream: u32, fields: &[(&str, &str)], flags: u8) -> bool {
        let block = block(fields);
        let pieces: Vec<&[u8]> = block.chunks(PAYLOAD).collect();
        let mut sent = true;
        for (index, piece) in pieces.iter().enumerate() {
            let (kind, first) = if index == 0 { (HEADERS, flags) } else { (CONTINUATION, 0) };
            let last = if index + 1 == pieces.len() { END_HEADERS } else { 0 };
            sent = self.frame(kind, first | last, stream, piece).await;
        }
        sent
    }

    /// Sends a whole request without a body and answers what became of it.
    pub(super) async fn ask(&mut self, stream: u32, fields: &[(&str, &str)]) -> Outcome {
        self.head(stream, fields, END_STREAM).await;
        self.outcome(stream).await
    }

    pub(super) async fn reset(&mut self, stream: u32) -> bool {
        self.frame(RESET, 0, stream, &8_u32.to_be_bytes()).await
    }

    /// The next frame, or nothing when the server has closed the connection.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        super::within(self.frames.recv()).await
    }

    /// What becomes of a stream; frames of others are dropped.
    pub(super) async fn outcome(&mut self, stream: u32) -> Outcome {
        let mut body = Vec::new();
        while let Some(frame) = self.next().await {
            match frame.kind {
                // A graceful end names no reason.
                GO_AWAY if frame.number(4) != 0 => return Outcome::GoneAway(frame.number(4)),
                RESET if frame.stream == stream => return Outcome::Reset(frame.number(0)),
                DATA | HEADERS if frame.stream == stream => {
                    if frame.kind == DATA {
                        body.extend(frame.payload);
                    }
                    if frame.flags & END_STREAM != 0 {
                        return Outcome::Answer(String::from_utf8(body).unwrap());
                    }
                }
                _ => {}
            }
        }
        Outcome::Closed
    }
}

/// Takes frames off the pipe at once, so that the server never waits for the test.
async fn read(mut reading: ReadHalf<DuplexStream>, sender: UnboundedSender<Frame>) {
    loop {
        let mut head = [0; 9];
        if reading.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        if reading.read_exact(&mut payload).await.is_err() {
            return;
        }
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        // The test may have seen enough.
        if sender.send(frame).is_err() {
            return;
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Fields as literals that nobody has to remember: RFC 7541, section 6.2.2.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            length(&mut block, text.len());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// A length in seven bits and as many bytes as it needs: RFC 7541, section 5.1.
fn length(block: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(127) else {
        return block.push(u8::try_from(length).unwrap());
    };
    block.push(127);
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap());
}
