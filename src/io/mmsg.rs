//! Datagrams in batches: recvmmsg and sendmmsg behind a safe face. Pays where one socket carries many peers (SIP); a media
//! port sees one packet every 20 ms, and one plain call is cheaper there.
#![allow(unsafe_code)]

use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

/// Datagrams in one system call at most.
pub const BATCH: usize = 32;

/// Places for a batch of received datagrams; reused from call to call.
pub struct ReceiveBatch {
    bytes: Box<[u8]>,
    datagram_max: usize,
    addresses: Box<[libc::sockaddr_storage; BATCH]>,
}

impl ReceiveBatch {
    /// Places for datagrams of at most `datagram_max` bytes; longer ones are cut off there. The memory is touched only as far as
    /// datagrams reach.
    pub fn new(datagram_max: usize) -> Self {
        // SAFETY: all-zero bytes are a valid sockaddr_storage.
        let addresses = Box::new(unsafe { zeroed() });
        Self { bytes: vec![0; datagram_max * BATCH].into(), datagram_max, addresses }
    }

    /// Takes what has come, a batch at most, without waiting; how many datagrams that were.
    /// [`io::ErrorKind::WouldBlock`]: none.
    pub fn receive(&mut self, socket: &impl AsFd, mut each: impl FnMut(&mut [u8], SocketAddr)) -> io::Result<usize> {
        let mut parts = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        // SAFETY: all-zero bytes are a valid mmsghdr: no name, no buffers, no control data.
        let mut messages: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        let places = self.bytes.chunks_exact_mut(self.datagram_max).zip(self.addresses.iter_mut());
        for ((message, part), (place, address)) in messages.iter_mut().zip(&mut parts).zip(places) {
            let part = part.write(libc::iovec { iov_base: place.as_mut_ptr().cast(), iov_len: place.len() });
            message.msg_hdr.msg_iov = part;
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_name = (address as *mut libc::sockaddr_storage).cast();
            message.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        }
        // SAFETY: every header points to one buffer part and one address place, all of which live through the call and are
        // lent out to nobody else; `messages` has BATCH entries.
        let count = unsafe {
            let descriptor = socket.as_fd().as_raw_fd();
            libc::recvmmsg(descriptor, messages.as_mut_ptr(), BATCH as _, libc::MSG_DONTWAIT as _, std::ptr::null_mut())
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        let places = self.bytes.chunks_exact_mut(self.datagram_max).zip(self.addresses.iter());
        for (message, (place, address)) in messages[..count].iter().zip(places) {
            let length = (message.msg_len as usize).min(place.len());
            if let Some(source) = read_address(address) {
                each(&mut place[..length], source);
            }
        }
        Ok(count)
    }
}

/// Sends the first [`BATCH`] of `datagrams`; how many of them, from the first, the kernel took. An error belongs to the first.
pub fn send_batch(socket: &impl AsFd, datagrams: &[(SocketAddr, &[u8])]) -> io::Result<usize> {
    let mut parts = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
    // SAFETY: all-zero bytes are valid for both.
    let (mut addresses, mut messages): ([libc::sockaddr_storage; BATCH], [libc::mmsghdr; BATCH]) = unsafe { zeroed() };
    let places = parts.iter_mut().zip(&mut addresses);
    for ((message, (part, address)), (peer, bytes)) in messages.iter_mut().zip(places).zip(datagrams) {
        // The kernel reads these bytes only: sendmmsg does not write through iov_base.
        let part = part.write(libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() });
        message.msg_hdr.msg_iov = part;
        message.msg_hdr.msg_iovlen = 1;
        message.msg_hdr.msg_namelen = write_address(*peer, address);
        message.msg_hdr.msg_name = (address as *mut libc::sockaddr_storage).cast();
    }
    let count = datagrams.len().min(BATCH);
    // SAFETY: the first `count` headers were filled above; what they point to lives through the call.
    let sent = unsafe {
        libc::sendmmsg(socket.as_fd().as_raw_fd(), messages.as_mut_ptr(), count as _, libc::MSG_DONTWAIT as _)
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

fn read_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the kernel wrote a sockaddr_in, which is smaller than the storage and needs no more alignment.
            let address = unsafe { *(storage as *const libc::sockaddr_storage).cast::<libc::sockaddr_in>() };
            let ip = IpAddr::from(address.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddr::new(ip, u16::from_be(address.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above, with sockaddr_in6.
            let address = unsafe { *(storage as *const libc::sockaddr_storage).cast::<libc::sockaddr_in6>() };
            let ip = IpAddr::from(Ipv6Addr::from(address.sin6_addr.s6_addr));
            Some(SocketAddr::new(ip, u16::from_be(address.sin6_port)))
        }
        _ => None,
    }
}

fn write_address(address: SocketAddr, storage: &mut libc::sockaddr_storage) -> libc::socklen_t {
    let (address, place) = (socket2::SockAddr::from(address), (storage as *mut libc::sockaddr_storage).cast::<u8>());
    // SAFETY: the source has `len` valid bytes, never more than a sockaddr_storage holds; the two do not overlap.
    unsafe { std::ptr::copy_nonoverlapping(address.as_ptr().cast::<u8>(), place, address.len() as usize) };
    address.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn batches_leave_and_arrive_with_their_addresses() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(receiver) = UdpSocket::bind(any) else { continue };
            let sender = UdpSocket::bind(any).unwrap();
            let (to, from) = (receiver.local_addr().unwrap(), sender.local_addr().unwrap());
            let texts: Vec<Vec<u8>> = (0..40u8).map(|n| vec![n; usize::from(n) * 10]).collect();
            let datagrams: Vec<_> = texts.iter().map(|text| (to, &text[..])).collect();
            assert_eq!(send_batch(&sender, &datagrams).unwrap(), BATCH);
            assert_eq!(send_batch(&sender, &datagrams[BATCH..]).unwrap(), 8);
            let (mut batch, mut heard) = (ReceiveBatch::new(300), Vec::new());
            while heard.len() < 40 {
                batch.receive(&receiver, |bytes, source| heard.push((bytes.to_vec(), source))).unwrap();
            }
            for (text, (bytes, source)) in texts.iter().zip(&heard) {
                assert_eq!((&text[..text.len().min(300)], from), (&bytes[..], *source));
            }
            let empty = batch.receive(&receiver, |_, _| panic!("nothing is left"));
            assert_eq!(empty.unwrap_err().kind(), io::ErrorKind::WouldBlock);
            assert_eq!(send_batch(&sender, &[]).unwrap(), 0);
        }
    }
}
