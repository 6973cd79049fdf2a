//! The reading side of the front door.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{
    Limits, Refusal,
    answer::Answer,
    framing::{Body, Progress},
    head,
    intake::{Found, Intake},
    rewrite,
    timer::Deadline,
    write::Writing,
};

/// How many bytes of a chunked body are handed on before everybody else has a turn. The dispatcher takes pieces of it for as
/// long as there are any, and in chunks of a byte each of them is much work.
const TURN: usize = 8 * 1024;

/// A byte stream of which the dispatcher reads nothing but acceptable requests, one at a time.
///
/// What it reads from a client that keeps to the rules is what the client wrote, with the
/// exceptions that the module names. It ends (as if the client had closed its side) after a
/// refusal, after the last request that the client asked for, when a body is malformed or stalls,
/// and when nothing comes for too long.
///
/// Memory: at most about [`Limits::target`] + [`Limits::header_bytes`] + 16 KiB while a head is
/// collected, 16 KiB otherwise.
#[derive(Debug)]
pub struct FrontStream<IO> {
    pub(super) io: IO,
    pub(super) limits: Limits,
    pub(super) intake: Intake,
    /// So many bytes at the beginning of the intake are to be handed on.
    pass: usize,
    stage: Stage,
    /// No request may follow the present one.
    is_last: bool,
    /// The client has closed its sending side.
    pub(super) is_closed: bool,
    pub(super) answer: Answer,
    has_served: bool,
    /// How many bytes of a chunked body were handed on in this turn.
    turn: usize,
    /// Since when the answer is complete although the request's body is not, and how much of it came since.
    answered: Option<(Instant, usize)>,
    /// Since when the client is waited for: for a request, for the rest of its head, or for more
    /// of its body. `None` if that wait has not begun.
    waiting: Option<Instant>,
    timer: Deadline,
    pub(super) writing: Writing,
}

/// What comes next from the client.
#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Body(Body),
    /// Nothing, but the answer to the last request is still to be written.
    Last,
    /// Nothing.
    End,
}

impl<IO> FrontStream<IO> {
    /// Stands in front of `io`. Limits beyond what the dispatcher can take are lowered to it.
    ///
    /// To be polled inside of a tokio runtime with its timer enabled.
    pub fn new(io: IO, limits: Limits) -> Self {
        Self {
            io,
            limits: limits.within_dispatcher(),
            intake: Intake::default(),
            pass: 0,
            stage: Stage::Head,
            is_last: false,
            is_closed: false,
            answer: Answer::default(),
            has_served: false,
            turn: 0,
            answered: None,
            waiting: None,
            timer: Deadline::default(),
            writing: Writing::default(),
        }
    }

    /// True between requests, when nothing of the next one has come.
    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Head && self.intake.is_empty() && !self.answer.is_due()
    }

    /// Judges a complete head and makes it, or its refusal, the next to be handed on.
    fn hand_on(&mut self, length: usize) {
        let head = self.intake.bytes().get(..length).unwrap_or_default();
        let accepted = match head::judge(head, &self.limits) {
            Ok(accepted) => accepted,
            Err(refusal) => return self.refuse(refusal),
        };
        self.pass = match accepted.rewritten {
            None => length,
            Some(rewritten) => {
                self.intake.replace(length, &rewritten);
                rewritten.len()
            }
        };
        self.is_last = accepted.is_last;
        self.stage = accepted.body.map_or_else(|| self.after_message(), Stage::Body);
        self.begin_answer(accepted.is_head);
    }

    /// Makes a refusal the next and last request to be handed on.
    fn refuse(&mut self, refusal: Refusal) {
        let all = self.intake.bytes();
        let (request, is_head) = rewrite::refusal_request(refusal, all);
        self.intake.replace(all.len(), &request);
        self.pass = request.len();
        self.is_last = true;
        self.stage = Stage::Last;
        self.begin_answer(is_head);
    }

    fn begin_answer(&mut self, is_head: bool) {
        self.intake.finish_head();
        self.has_served = true;
        self.answered = None;
        self.waiting = None;
        self.answer.expect(is_head);
    }

    fn after_message(&self) -> Stage {
        if self.is_last { Stage::Last } else { Stage::Head }
    }

    /// Ends the input for the dispatcher.
    fn end(&mut self) -> Poll<io::Result<()>> {
        self.stage = Stage::End;
        Poll::Ready(Ok(()))
    }

    /// Ready when the client has been waited for so long, counted from the first call on.
    fn poll_patience(&mut self, cx: &mut Context<'_>, patience: Duration) -> Poll<()> {
        let since = *self.waiting.get_or_insert_with(Instant::now);
        self.timer.poll(cx, since, patience)
    }

    /// No input for the dispatcher before the answer to the request that it has.
    fn park(&mut self) -> Poll<io::Result<()>> {
        self.answer.wait();
        Poll::Pending
    }

    /// Decides what comes next after a piece of a body.
    fn body_went(&mut self, body: Body, used: usize, progress: Progress) {
        if matches!(body, Body::Chunked(_)) {
            self.turn += used;
        }
        self.stage = match progress {
            Progress::More => Stage::Body(body),
            Progress::Done => self.after_message(),
            // The dispatcher fails the payload when its input ends inside of it. Left to find
            // the error by itself, it would add an empty answer behind that of the application.
            Progress::Broken => Stage::End,
        };
    }
}

impl<IO: AsyncRead + Unpin> FrontStream<IO> {
    /// Collects a head until there is one to hand on, or none will come.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let had_begun = self.intake.has_begun();
            match self.intake.find_head(&self.limits) {
                Found::Head(length) => self.hand_on(length),
                Found::Refused(refusal) => self.refuse(refusal),
                Found::Nothing => {
                    // Nothing else ends the wait for a request: empty lines must not prolong it.
                    if !had_begun && self.intake.has_begun() {
                        self.waiting = None;
                    }
                    let mut room = ReadBuf::new(self.intake.room());
                    match Pin::new(&mut self.io).poll_read(cx, &mut room)? {
                        Poll::Ready(()) => {
                            let length = room.filled().len();
                            if length == 0 {
                                self.is_closed = true;
                                return self.end();
                            }
                            self.intake.read(length);
                            continue;
                        }
                        Poll::Pending => ready!(self.poll_head_patience(cx)),
                    }
                }
            }
            return Poll::Ready(Ok(()));
        }
    }

    /// Ready when the wait for a head is over, with a refusal if a part of one has come.
    fn poll_head_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.intake.has_begun() {
            ready!(self.poll_patience(cx, self.limits.head_timeout));
            self.refuse(self.intake.refusal().unwrap_or(Refusal::Timeout));
        } else {
            let patience = if self.has_served {
                self.limits.keep_alive
            } else {
                self.limits.first_byte_timeout
            };
            ready!(self.poll_patience(cx, patience));
            self.stage = Stage::End;
        }
        Poll::Ready(())
    }

    /// Ready when the body of a request that has its answer already has gone on for long enough: the dispatcher would
    /// read it away for ever.
    fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.answer.is_due() {
            return Poll::Pending;
        }
        let (since, taken) = *self.answered.get_or_insert_with(|| (Instant::now(), 0));
        if taken > self.limits.linger_bytes {
            return Poll::Ready(());
        }
        self.timer.poll(cx, since, self.limits.linger)
    }

    /// Hands on body bytes, straight from the client where possible.
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Body,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.poll_answered(cx).is_ready() {
            return self.end();
        }
        if self.turn >= TURN {
            self.turn = 0;
            self.stage = Stage::Body(body);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if !self.intake.is_empty() {
            let piece = self.intake.bytes();
            let piece = piece.get(..piece.len().min(buf.remaining())).unwrap_or_default();
            let (used, progress) = body.advance(piece);
            buf.put_slice(piece.get(..used).unwrap_or_default());
            self.intake.consume(used);
            self.body_went(body, used, progress);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if read.is_pending() {
            self.turn = 0;
            self.stage = Stage::Body(body);
            // The one timer waits for the end of the other wait then.
            if self.answered.is_none() {
                ready!(self.poll_patience(cx, self.limits.body_stall));
                return self.end();
            }
            return Poll::Pending;
        }
        ready!(read)?;
        self.waiting = None;
        let new = buf.filled().get(before..).unwrap_or_default();
        if new.is_empty() {
            self.is_closed = true;
            return self.end();
        }
        if let Some((_, taken)) = &mut self.answered {
            *taken += new.len();
        }
        let (used, progress) = body.advance(new);
        self.intake.push(new.get(used..).unwrap_or_default());
        buf.set_filled(before + used);
        self.body_went(body, used, progress);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for FrontStream<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if this.pass > 0 {
                let length = this.pass.min(buf.remaining());
                buf.put_slice(this.intake.bytes().get(..length).unwrap_or_default());
                this.intake.consume(length);
                this.pass -= length;
                return Poll::Ready(Ok(()));
            }
            match std::mem::replace(&mut this.stage, Stage::End) {
                Stage::Body(body) => return this.poll_body(cx, body, buf),
                Stage::End => return Poll::Ready(Ok(())),
                waiting => this.stage = waiting,
            }
            if this.answer.is_due() {
                return this.park();
            }
            if this.stage == Stage::Last || this.answer.is_endless() {
                return this.end();
            }
            ready!(this.poll_head(cx))?;
        }
    }
}
