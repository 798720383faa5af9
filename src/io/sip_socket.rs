//! The UDP sockets that SIP is spoken on: bound with large buffers, never blocking.

use crate::ids::ListenerId;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

/// Asked of the kernel for each direction; it gives at most `net.core.{r,w}mem_max`. A burst that arrives while control is
/// busy for some milliseconds waits here.
const BUFFER: usize = 8 << 20;

/// One bound socket.
#[derive(Debug)]
pub struct SipSocket {
    pub listener: ListenerId,
    /// Bound address: with the port that the kernel chose if 0 was asked for.
    pub address: SocketAddr,
    socket: UdpSocket,
}

impl SipSocket {
    /// Binds `address`. `shared`: other sockets of ours may be bound to the same address, and the kernel spreads peers over them
    /// (SO_REUSEPORT); otherwise a second server on the port is an error, as it should be.
    pub fn bind(listener: ListenerId, address: SocketAddr, shared: bool) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_reuse_port(shared)?;
        socket.set_nonblocking(true)?;
        // Less than asked for is no failure.
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
        socket.bind(&address.into())?;
        let socket = UdpSocket::from(socket);
        Ok(Self { listener, address: socket.local_addr()?, socket })
    }

    /// The same socket for another thread to send on.
    pub fn share(&self) -> io::Result<Self> {
        Ok(Self { listener: self.listener, address: self.address, socket: self.socket.try_clone()? })
    }

    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }
}

impl AsRawFd for SipSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_cannot_be_bound_unless_it_is_shared() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let first = SipSocket::bind(ListenerId(0), any, false).unwrap();
        assert_ne!(first.address.port(), 0);
        let second = SipSocket::bind(ListenerId(0), first.address, false);
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let first = SipSocket::bind(ListenerId(0), any, true).unwrap();
        assert!(SipSocket::bind(ListenerId(0), first.address, true).is_ok());
    }
}
