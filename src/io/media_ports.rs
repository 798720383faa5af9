//! The media ports: pairs of UDP sockets, bound once at start so that a bind cannot fail in a call.
//!
//! A port at rest is deaf from the first packet that comes to it: a socket filter that takes no packet at all stands before it, so that
//! strangers and the previous call's peer neither wake a worker again nor fill kernel memory. What comes before the filter does is thrown
//! away, and nothing waits in a port when the next call begins. The filter is not put up at once because the kernel allocates and
//! compiles a program each time: four times a call, more than the call's SIP messages cost to send.
#![allow(unsafe_code)]

use super::descriptors::{self, Room};
use crate::ids::WorkerId;
use crate::media::ports::Block;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

/// DSCP "expedited forwarding" (RFC 3246) in the upper six bits of the TOS byte.
const EXPEDITED: u32 = 46 << 2;
/// Datagrams read from a port that goes to rest before it is left alone: far more than a socket buffer holds.
const EMPTIED_MAX: usize = 10_000;

/// Why no call could be carried.
#[derive(Debug, thiserror::Error)]
pub enum Unbound {
    #[error(
        "the limit of {limit} open files leaves none for media ports; raise it (ulimit -n, LimitNOFILE=) above {needed}"
    )]
    Descriptors { limit: u64, needed: u64 },
    #[error("no media port can be bound on {address}, ports {first}-{last}: {cause}")]
    Ports { address: Ipv4Addr, first: u16, last: u16, cause: io::Error },
    #[error("the range of media ports {first}-{last} holds no pair of an even port and the odd one above it")]
    Range { first: u16, last: u16 },
}

/// An even port for RTP and the odd one above it for RTCP.
#[derive(Debug)]
pub struct PortPair {
    pub port: u16,
    pub rtp: UdpSocket,
    pub rtcp: UdpSocket,
    /// A call has it.
    open: bool,
    /// The filter stands before the RTP and the RTCP socket.
    deaf: [bool; 2],
}

/// What one worker has bound; the position is the slot.
#[derive(Debug)]
pub struct WorkerPorts {
    pub worker: WorkerId,
    pub pairs: Vec<PortPair>,
}

impl WorkerPorts {
    /// What the [`PortPool`](crate::media::ports::PortPool) needs to know.
    pub fn block(&self) -> Block {
        Block { worker: self.worker, ports: self.pairs.iter().map(|pair| pair.port).collect() }
    }
}

/// What could be bound.
#[derive(Debug)]
pub struct Bound {
    pub workers: Vec<WorkerPorts>,
    /// Pairs of which another program holds a port.
    pub taken: u32,
    /// Whether the limit of descriptors, not the range, is what bounds.
    pub descriptors_bound: bool,
}

impl Bound {
    /// Calls that can talk at a time: a caller's and an agent's stream each, both on one worker.
    pub fn calls(&self) -> usize {
        self.workers.iter().map(|worker| worker.pairs.len() / 2).sum()
    }
}

/// Binds as many pairs of `range` as descriptors allow, after raising their limit, and deals them out to `workers` in blocks.
pub fn bind(address: Ipv4Addr, range: (u16, u16), workers: u8) -> Result<Bound, Unbound> {
    let (first, last) = range;
    let needed = descriptors::wanted(range);
    let limit = descriptors::raise(needed).unwrap_or(0);
    let room = Room::new(range, limit);
    if room.pairs == 0 {
        return Err(match room.descriptors_bound {
            true => Unbound::Descriptors { limit, needed },
            false => Unbound::Range { first, last },
        });
    }
    let (mut pairs, mut taken, mut cause) = (Vec::new(), 0, io::Error::from(io::ErrorKind::AddrInUse));
    let evens = (u32::from(first).next_multiple_of(2)..u32::from(last)).step_by(2);
    for port in evens.filter_map(|port| u16::try_from(port).ok()) {
        if pairs.len() == room.pairs as usize {
            break;
        }
        match PortPair::bind(address, port) {
            Ok(pair) => pairs.push(pair),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken += 1,
            // An address that is not ours, or no descriptor after all: what there is must do.
            Err(error) => {
                cause = error;
                break;
            }
        }
    }
    if pairs.is_empty() {
        return Err(Unbound::Ports { address, first, last, cause });
    }
    // Even blocks, so that both streams of every call find room in one worker.
    let each = pairs.len().div_ceil(usize::from(workers.max(1))).next_multiple_of(2);
    let mut pairs = pairs.into_iter();
    let blocks = (0..workers.max(1))
        .map(|worker| WorkerPorts { worker: WorkerId(worker), pairs: pairs.by_ref().take(each).collect() });
    Ok(Bound { workers: blocks.collect(), taken, descriptors_bound: room.descriptors_bound })
}

impl PortPair {
    fn bind(address: Ipv4Addr, port: u16) -> io::Result<Self> {
        let socket = |port| -> io::Result<UdpSocket> {
            let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
            socket.set_nonblocking(true)?;
            // Without the mark voice is only less favoured.
            let _ = socket.set_tos_v4(EXPEDITED);
            deafen(&socket);
            socket.bind(&SocketAddrV4::new(address, port).into())?;
            Ok(socket.into())
        };
        Ok(Self { port, rtp: socket(port)?, rtcp: socket(port + 1)?, open: false, deaf: [true; 2] })
    }

    /// Lets packets in: a call begins.
    pub fn listen(&mut self) {
        for (socket, deaf) in [&self.rtp, &self.rtcp].into_iter().zip(&mut self.deaf) {
            if core::mem::take(deaf) {
                hear(socket);
            }
            empty(socket);
        }
        self.open = true;
    }

    /// The call is over: what waits is thrown away, and so is what comes.
    pub fn rest(&mut self) {
        self.open = false;
        empty(&self.rtp);
        empty(&self.rtcp);
    }

    /// Whether a call has these ports. To be asked before a packet is read; if not, the port that it came to takes none any more.
    pub fn is_open(&mut self, rtcp: bool) -> bool {
        if !self.open {
            let (socket, deaf) = if rtcp { (&self.rtcp, &mut self.deaf[1]) } else { (&self.rtp, &mut self.deaf[0]) };
            deafen(socket);
            empty(socket);
            *deaf = true;
        }
        self.open
    }
}

fn empty(socket: &UdpSocket) {
    let mut nothing = [0; 1];
    for _ in 0..EMPTIED_MAX {
        if socket.recv_from(&mut nothing).is_err() {
            break;
        }
    }
}

/// Puts a filter of one instruction, "take 0 bytes", before a socket. Where the system knows no filters, packets to ports at rest are read
/// and dropped by the worker instead.
fn deafen(socket: &impl AsRawFd) {
    // BPF_RET | BPF_K with k = 0.
    let mut nothing = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: 0 };
    let program = libc::sock_fprog { len: 1, filter: &mut nothing };
    // SAFETY: the kernel copies the program, which lives through the call, with the length given.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size_of::<libc::sock_fprog>() as libc::socklen_t,
        );
    }
}

fn hear(socket: &impl AsRawFd) {
    let unused: libc::c_int = 0;
    // SAFETY: the kernel reads an int, which lives through the call, and does nothing with it.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_DETACH_FILTER,
            (&raw const unused).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

    #[test]
    fn taken_ports_are_left_out_and_the_rest_is_dealt_out_evenly() {
        let taken = UdpSocket::bind((LOCAL, 39_005)).unwrap();
        let bound = bind(LOCAL, (39_001, 39_020), 2).unwrap();
        let ports: Vec<_> = bound.workers.iter().map(|worker| worker.block().ports.to_vec()).collect();
        assert_eq!(ports, [vec![39_002, 39_006, 39_008, 39_010], vec![39_012, 39_014, 39_016, 39_018]]);
        assert_eq!((bound.taken, bound.calls(), bound.descriptors_bound), (1, 4, false));
        assert!(matches!(bind(LOCAL, (39_005, 39_006), 1), Err(Unbound::Range { .. })));
        assert!(matches!(bind(LOCAL, (39_004, 39_005), 1), Err(Unbound::Ports { .. })));
        let foreign = bind(Ipv4Addr::new(203, 0, 113, 77), (39_030, 39_040), 1).unwrap_err();
        assert!(foreign.to_string().contains("203.0.113.77, ports 39030-39040"), "{foreign}");
        drop(taken);
    }

    #[test]
    fn a_port_at_rest_is_deaf_and_empty() {
        let mut bound = bind(LOCAL, (39_050, 39_051), 1).unwrap();
        let (pair, peer) = (&mut bound.workers[0].pairs[0], UdpSocket::bind((LOCAL, 0)).unwrap());
        let send = |text: &[u8]| {
            peer.send_to(text, (LOCAL, 39_050)).unwrap();
            peer.send_to(text, (LOCAL, 39_051)).unwrap();
        };
        let heard = |pair: &PortPair| {
            let mut buffer = [0; 8];
            [&pair.rtp, &pair.rtcp].map(|socket| socket.recv_from(&mut buffer).is_ok())
        };
        send(b"before");
        assert_eq!(heard(pair), [false; 2]);
        pair.listen();
        send(b"during");
        assert!(pair.is_open(false) && pair.is_open(true));
        assert_eq!(heard(pair), [true; 2]);
        send(b"late");
        pair.rest();
        assert_eq!(heard(pair), [false; 2], "what waited is gone");
        send(b"after");
        assert!(!pair.is_open(false), "the worker finds the packet, and it is gone");
        assert_eq!(heard(pair), [false, true]);
        send(b"again");
        assert_eq!(heard(pair), [false, true], "the port that was found out is deaf, the other not yet");
        send(b"again");
        pair.listen();
        assert_eq!(heard(pair), [false; 2], "the next call hears nothing of it");
        send(b"next");
        assert_eq!(heard(pair), [true; 2]);
    }
}
