//! The HTTP side: `/metrics`, `/healthz`, `/readyz` and `/api`, on a small runtime of its own. It reads tables that one task folds
//! from what the control thread publishes; a request never touches a call.
//!
//! ```text
//! control ──publications──▶ fold ──▶ Tables ◀── scrape, API        API ──commands──▶ control
//! ```

mod connections;
mod door;
mod routes;
mod scrape;
mod tables;

use super::media_worker;
use super::monotonic::Monotonic;
use super::publication::Board;
use crate::report::Names;
use connections::Connections;
use door::Door;
use routes::Shared;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tables::Tables;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Threads of the HTTP side.
const THREADS: usize = 2;
/// What a request in progress may take when the process ends.
const FINISH_MAX: Duration = Duration::from_secs(1);

/// What the HTTP side has to know.
#[derive(Debug)]
pub struct Settings {
    pub address: SocketAddr,
    /// Asked for by everything but the two probes. `None`: bound to loopback, whoever is on this machine may ask.
    pub token: Option<Box<str>>,
    pub names: Names,
    /// The owners' time line.
    pub clock: Monotonic,
    pub media: Vec<Arc<media_worker::Figures>>,
    /// RTP ports bound by all workers.
    pub media_ports: usize,
}

/// A running server; ends when it is dropped.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    runtime: Option<Runtime>,
    serving: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl HttpServer {
    /// Binds and serves from now on. Must not be called inside a runtime that is polled.
    pub fn start(settings: Settings, board: Board) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(settings.address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("http")
            .enable_io()
            .enable_time()
            .build()?;
        let inside = runtime.enter();
        let listener = Connections::new(tokio::net::TcpListener::from_std(listener)?);
        let refused = listener.refused();
        let Settings { token, names, clock, media, media_ports, .. } = settings;
        let (tables, folding) = Tables::new(names, clock, media, media_ports, refused);
        runtime.spawn(folding.run(board.publications));
        let shared = Arc::new(Shared::new(tables, board.commands).map_err(io::Error::other)?);
        let router = routes::router(shared, Door::new(token.as_deref()));
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = runtime.spawn(async move {
            let until = async move { drop(stopped.await) };
            // It never fails: what goes wrong with a connection ends that connection.
            let _ = axum::serve(listener, router).with_graceful_shutdown(until).await;
        });
        drop(inside);
        Ok(Self { address, runtime: Some(runtime), serving: Some(serving), stop: Some(stop) })
    }

    /// Where it listens; the port is the kernel's choice if port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it: requests in progress have a second.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let (Some(runtime), Some(serving)) = (self.runtime.take(), self.serving.take()) {
            let _ = runtime.block_on(async { tokio::time::timeout(FINISH_MAX, serving).await });
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests;
