//! Start-up, in the order in which things can go wrong: configuration, prompts, SIP sockets, data directory, descriptors, media
//! ports, HTTP; then the ready line, and the control loop until the end. A failure is one clear line, and nothing is left running.

use super::configuration::{ConfigurationError, Source};
use super::control_loop::{ControlLoop, Sinks, Sources};
use super::data_directory::{DataDirectory, DataError};
use super::deadline_timer::DeadlineTimer;
use super::http::{self, HttpServer};
use super::inbox::Inbox;
use super::log::Log;
use super::mailbox::{self, mailbox};
use super::media_link::MediaLink;
use super::media_ports::{self, Bound, Unbound, WorkerPorts};
use super::media_worker::{self, MediaWorkers};
use super::monotonic::{Monotonic, wall_now};
use super::network::Network;
use super::notices::Notices;
use super::owners::Owners;
use super::prompts;
use super::publication::{self, Board};
use super::receiver::{self, Receivers};
use super::record_log::RecordLog;
use super::replay_file::Start;
use super::ring::Ring;
use super::shutdown::Signals;
use super::sip_socket::SipSocket;
use crate::config::Epoch;
use crate::config::epoch::Process;
use crate::ids::ListenerId;
use crate::media::Fact;
use crate::media::ports::Block;
use crate::report::Names;
use crate::sim::replay::Header;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Why the process cannot serve. One line each.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    #[error("prompts: {0}")]
    Prompts(prompts::PromptError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("media ports: {0}")]
    Media(Unbound),
    #[error("media ports: fewer than the two pairs that one call takes; see [media] ports and the limit of open files")]
    NoCall,
    #[error("{what} {address}: {reason}{}", advice(.reason, key))]
    Listen {
        what: &'static str,
        address: SocketAddr,
        reason: io::Error,
        /// Where the configuration says so.
        key: &'static str,
    },
    #[error("{what}: {reason}")]
    System { what: &'static str, reason: io::Error },
}

/// Names the thing that the system refused.
fn system(what: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |reason| StartError::System { what, reason }
}

/// Serves until told to end; how many calls were cut at the end.
pub fn serve(named: Option<&Path>) -> Result<usize, StartError> {
    let source = Source::find(named)?;
    let mut epoch = source.load()?;
    let _log = Log::start().map_err(system("log thread"))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), configuration = %source.name, "starting");
    epoch.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let prompts = Arc::new(prompts::load(&epoch.prompts).map_err(StartError::Prompts)?);
    let sockets = bind(&mut epoch)?;
    let data = DataDirectory::open(&epoch.process.data)?;
    let seed = getrandom::u64()
        .map_err(|error| StartError::System { what: "random seed", reason: io::Error::other(error.to_string()) })?;

    let clock = Monotonic::start();
    let ports = bind_media(&epoch)?;
    let (blocks, calls): (Vec<Block>, _) = (ports.workers.iter().map(WorkerPorts::block).collect(), ports.calls());
    let silence = epoch.switch.limits.silence;
    let settings = media_worker::Settings { prompts, silence, clock, seed };
    let (workers, facts) = MediaWorkers::start(ports.workers, &settings).map_err(system("media workers"))?;
    let listeners: Vec<SocketAddr> = sockets.iter().filter_map(|group| Some(group.first()?.address)).collect();
    let ring = ring(&data, &source, &listeners, seed, &blocks)?;
    let owners = Owners::new(&epoch, &blocks, seed, Some(ring));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(system("runtime"))?;
    let inside = runtime.enter();
    let sources = sources(&epoch, sockets, &workers, facts, clock, seed)?;
    let records = RecordLog::start(data.path()).map_err(system("record thread"))?;
    let (publisher, board) = publication::channel(Arc::clone(records.figures()));
    let http = start_http(&epoch, &workers, &blocks, clock, board)?;
    drop(inside);

    say_ready(&listeners, http.address(), epoch.process.media_ports, calls);
    let sinks = Sinks { records, publisher, notices: Notices::default() };
    let control = ControlLoop::new(clock, owners, sources, sinks, epoch.switch.limits.drain);
    let cut = runtime.block_on(control.run()).map_err(system("control loop"))?;
    http.finish();
    workers.finish();
    tracing::info!(calls_cut = cut, "ended");
    Ok(cut)
}

/// Binds the media ports, as many as the limit of descriptors lets it.
fn bind_media(epoch: &Epoch) -> Result<Bound, StartError> {
    let Process { media_bind, media_ports, threads, .. } = epoch.process;
    let bound = media_ports::bind(media_bind, media_ports, threads.media_workers).map_err(StartError::Media)?;
    if bound.calls() == 0 {
        return Err(StartError::NoCall);
    }
    if bound.descriptors_bound {
        tracing::warn!(calls = bound.calls(), "the limit of file descriptors allows fewer calls than the media ports");
    }
    if bound.taken > 0 {
        tracing::warn!(pairs = bound.taken, "other programs hold some of the media ports; they are left out");
    }
    Ok(bound)
}

/// Binds a group of sockets for each listener: one, or one per receiver. A port that was left to the kernel is entered in `epoch`.
fn bind(epoch: &mut Epoch) -> Result<Vec<Vec<SipSocket>>, StartError> {
    let each = usize::from(epoch.process.threads.receivers.max(1));
    let mut groups = Vec::new();
    for (number, &configured) in epoch.process.sip.iter().enumerate() {
        let listener = ListenerId(u8::try_from(number).unwrap_or(u8::MAX));
        // Alone first: a port that somebody else shares with us would take half of the calls.
        let mut group = vec![bind_one(listener, configured, false)?];
        let address = group[0].address;
        if each > 1 {
            group.clear();
            for _ in 0..each {
                group.push(bind_one(listener, address, true)?);
            }
        }
        if let Some(known) = Arc::make_mut(&mut epoch.switch).listeners.get_mut(number) {
            known.address.set_port(address.port());
        }
        groups.push(group);
    }
    Ok(groups)
}

fn bind_one(listener: ListenerId, address: SocketAddr, shared: bool) -> Result<SipSocket, StartError> {
    let key = "[sip] listen";
    SipSocket::bind(listener, address, shared).map_err(|reason| StartError::Listen {
        what: "SIP udp",
        address,
        reason,
        key,
    })
}

/// What to do about an address that cannot be listened on.
fn advice(reason: &io::Error, key: &str) -> String {
    match reason.kind() {
        io::ErrorKind::AddrInUse => format!("; another program has this port: stop it, or set another one under {key}"),
        io::ErrorKind::AddrNotAvailable => format!("; this machine has no such address: see {key}"),
        io::ErrorKind::PermissionDenied => "; ports below 1024 need the right to bind them".to_owned(),
        _ => String::new(),
    }
}

fn ring(
    data: &DataDirectory,
    source: &Source,
    listeners: &[SocketAddr],
    seed: u64,
    blocks: &[Block],
) -> Result<Ring, StartError> {
    let start = Start {
        program: env!("CARGO_PKG_VERSION").into(),
        started: wall_now().as_micros(),
        configuration: source.name.clone(),
        text: source.text.clone(),
        listeners: listeners.to_vec(),
    };
    let header = Header { seed, blocks: blocks.to_vec() };
    let (ring, died) = data.new_ring("control", &start.preamble(&header))?;
    if let Some(path) = died {
        let path = path.display();
        tracing::warn!("the last run did not end as it should; what it last heard: huntline replay {path}");
    }
    Ok(ring)
}

/// What the control loop listens to. Receiver threads start here, if there are to be any.
fn sources(
    epoch: &Epoch,
    groups: Vec<Vec<SipSocket>>,
    workers: &MediaWorkers,
    facts: mailbox::Receiver<Fact>,
    clock: Monotonic,
    seed: u64,
) -> Result<Sources, StartError> {
    let with_receivers = epoch.process.threads.receivers > 0;
    let (sockets, receivers) = if with_receivers {
        let own: io::Result<Vec<_>> = groups.iter().filter_map(|group| group.first()).map(SipSocket::share).collect();
        let (sender, arrived) = mailbox(receiver::MAILBOX).map_err(system("mailbox"))?;
        let group = groups.into_iter().flatten().collect();
        let threads = Receivers::start(group, &epoch.gate, &sender, clock, seed).map_err(system("receiver threads"))?;
        let inbox = Inbox::new(arrived).map_err(system("mailbox"))?;
        (own.map_err(system("SIP socket"))?, Some((threads, inbox)))
    } else {
        (groups.into_iter().flatten().collect(), None)
    };
    Ok(Sources {
        network: Network::new(sockets, !with_receivers).map_err(system("SIP socket"))?,
        receivers,
        media: MediaLink::new(workers.mailboxes(), Inbox::new(facts).map_err(system("mailbox"))?),
        signals: Signals::listen().map_err(system("signals"))?,
        timer: DeadlineTimer::new().map_err(system("timer"))?,
    })
}

/// Starts the HTTP side, which takes the board and runs on threads of its own.
fn start_http(
    epoch: &Epoch,
    workers: &MediaWorkers,
    blocks: &[Block],
    clock: Monotonic,
    board: Board,
) -> Result<HttpServer, StartError> {
    let address = epoch.process.http;
    let settings = http::Settings {
        address,
        token: epoch.process.http_token.clone(),
        names: Names::new(&epoch.switch, &epoch.router),
        clock,
        media: workers.figures(),
        media_ports: blocks.iter().map(|block| block.ports.len()).sum(),
    };
    let key = "[http] listen";
    HttpServer::start(settings, board).map_err(|reason| StartError::Listen { what: "HTTP", address, reason, key })
}

/// The line that says that calls are taken. On stdout, for whoever starts us and waits.
fn say_ready(listeners: &[SocketAddr], http: SocketAddr, (first, last): (u16, u16), calls: usize) {
    let mut line = String::from("ready:");
    for address in listeners {
        let _ = write!(line, " SIP udp {address} ·");
    }
    let _ = writeln!(line, " HTTP {http} · media {first}–{last}: room for {calls} calls");
    // Nobody reads stdout: no reason not to serve.
    let _ = io::stdout().write_all(line.as_bytes()).and_then(|()| io::stdout().flush());
}
