//! The bytes: a TCP stream that can be reset, and a response body that can break off.

use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection which, once told so, ends with a reset instead of an orderly close.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Wire {
    /// Wraps an accepted stream; setting the flag later makes its end a reset.
    pub(crate) fn new(stream: TcpStream, reset: Arc<AtomicBool>) -> Wire {
        Wire { stream, reset }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Without lingering, closing discards what is unsent and answers with RST. Where the
            // system refuses, the peer sees an orderly close, which is a lost reply as well.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The connection is given up; what the client sees depends on what was sent before.
#[derive(Debug)]
pub(crate) struct GivenUp;

impl std::fmt::Display for GivenUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was given up on purpose")
    }
}

impl std::error::Error for GivenUp {}

/// A response body.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// This much and then the connection ends.
    Broken(Vec<Step>),
    /// This much and then the letter `x` for ever.
    Endless(Option<Bytes>),
    /// This much and then nothing.
    Stuck(Option<Bytes>),
}

/// What a broken body does next; the last step comes first.
#[derive(Debug)]
pub(crate) enum Step {
    /// Sends bytes.
    Send(Bytes),
    /// Lets the connection write out what it holds.
    Flush,
}

impl Content {
    /// A body that announces more than it sends.
    pub(crate) fn half(body: &Bytes) -> Content {
        Content::Broken(vec![Step::Flush, Step::Send(body.slice(..body.len() / 2))])
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = GivenUp;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            Content::Whole(body) => Poll::Ready(body.take().filter(|body| !body.is_empty()).map(Frame::data).map(Ok)),
            Content::Broken(steps) => match steps.pop() {
                Some(Step::Send(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Flush) => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                None => Poll::Ready(Some(Err(GivenUp))),
            },
            Content::Endless(first) => {
                let bytes = first.take().unwrap_or_else(|| Bytes::from_static(&[b'x'; 64 << 10]));
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            // Nobody wakes it: the client gives up, and the connection goes with it.
            Content::Stuck(first) => {
                first.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Content::Whole(body) if body.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Content::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Content::Broken(_) | Content::Endless(_) | Content::Stuck(_) => SizeHint::default(),
        }
    }
}
