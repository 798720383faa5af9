//! Reads a description in one pass, line by line (RFC 8866 §5). Tolerant: LF alone ends a line, order among optional lines
//! does not matter, unknown lines and attributes are skipped. Strict in what goes back out in an answer, and in the length.

use super::{Audio, BYTES_MAX, Codecs, Description, Direction, LINES_MAX, Line, PTIMES_MS, Unusable};
use crate::rtp::g711::Codec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::str::FromStr;

/// Reads a peer's offer or answer (at most 16 m= lines, 8 KB). The first audio line that can be used is chosen.
pub fn read(body: &[u8]) -> Result<Description, Unusable> {
    if body.len() > BYTES_MAX {
        return Err(Unusable::TooLarge);
    }
    let lines = body.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.skip_while(|line| line.is_empty());
    if lines.next().map(<[u8]>::trim_ascii_end) != Some(b"v=0") {
        return Err(Unusable::Syntax);
    }
    let mut reader = Reader::default();
    for line in lines {
        let [kind, b'=', value @ ..] = line else { continue };
        reader.line(*kind, value)?;
    }
    reader.finish()
}

/// What was said so far.
#[derive(Default)]
struct Reader {
    origin: Option<(u64, u64)>,
    timing: Option<(u64, u64)>,
    /// What was said before the first m= line; the default of every section.
    session: Section,
    /// The section of the m= line read last.
    section: Option<Section>,
    lines: Vec<Line>,
    chosen: Option<(usize, Audio)>,
    /// There was G.711 audio at an address that we cannot send to.
    strange_address: bool,
}

impl Reader {
    fn line(&mut self, kind: u8, value: &[u8]) -> Result<(), Unusable> {
        match kind {
            b'm' => {
                self.close_section();
                if self.lines.len() == LINES_MAX {
                    return Err(Unusable::TooLarge);
                }
                let (line, section) = media(value, &self.session).ok_or(Unusable::Syntax)?;
                self.lines.push(line);
                self.section = Some(section);
            }
            b'o' if self.origin.is_none() => self.origin = Some(origin(value).ok_or(Unusable::Syntax)?),
            b't' if self.timing.is_none() => self.timing = timing(value),
            b'c' => self.current().connection(value),
            b'a' => self.current().attribute(value),
            _ => {}
        }
        Ok(())
    }

    fn current(&mut self) -> &mut Section {
        self.section.as_mut().unwrap_or(&mut self.session)
    }

    fn close_section(&mut self) {
        let Some(section) = self.section.take() else { return };
        if self.chosen.is_some() || !section.is_candidate() {
            return;
        }
        match section.audio() {
            Some(audio) => self.chosen = Some((self.lines.len().saturating_sub(1), audio)),
            None => self.strange_address = true,
        }
    }

    fn finish(mut self) -> Result<Description, Unusable> {
        self.close_section();
        let origin = self.origin.ok_or(Unusable::Syntax)?;
        match self.chosen {
            Some((chosen, audio)) => {
                Ok(Description { origin, timing: self.timing.unwrap_or((0, 0)), lines: self.lines, chosen, audio })
            }
            None if self.strange_address => Err(Unusable::Address),
            None => Err(Unusable::NothingInCommon),
        }
    }
}

/// What one payload type stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Voice(Codec),
    TelephoneEvent,
    Other,
}

/// Where a c= line points.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connection {
    Address(Ipv4Addr),
    /// 0.0.0.0
    Held,
    /// IPv6, a name, multicast, broadcast.
    Strange,
}

/// One m= line with its attributes, or the session part.
#[derive(Clone)]
struct Section {
    /// Audio over a profile that we speak, with a port.
    usable: bool,
    port: u16,
    /// Numeric formats in order; more than 32 are cut.
    formats: arrayvec::ArrayVec<u8, 32>,
    /// By payload type. Static types mean what RFC 3551 says until a=rtpmap says otherwise.
    meanings: [Meaning; 128],
    connection: Option<Connection>,
    /// Whether `connection` is the section's own: then a second c= line (multicast layers) is ignored.
    own_connection: bool,
    direction: Direction,
    ptime_ms: Option<u32>,
    maxptime_ms: Option<u32>,
    rtcp: Option<(u16, Option<Ipv4Addr>)>,
    rtcp_mux: bool,
}

impl Default for Section {
    fn default() -> Self {
        let mut meanings = [Meaning::Other; 128];
        for codec in [Codec::Pcmu, Codec::Pcma] {
            meanings[usize::from(codec.payload_type())] = Meaning::Voice(codec);
        }
        Self {
            usable: false,
            port: 0,
            formats: Default::default(),
            meanings,
            connection: None,
            own_connection: false,
            direction: Direction::SendRecv,
            ptime_ms: None,
            maxptime_ms: None,
            rtcp: None,
            rtcp_mux: false,
        }
    }
}

impl Section {
    fn connection(&mut self, value: &[u8]) {
        if !self.own_connection {
            self.own_connection = true;
            self.connection = Some(connection(value));
        }
    }

    fn attribute(&mut self, text: &[u8]) {
        let (name, value) = cut(text, b':');
        match name {
            b"sendrecv" => self.direction = Direction::SendRecv,
            b"sendonly" => self.direction = Direction::SendOnly,
            b"recvonly" => self.direction = Direction::RecvOnly,
            b"inactive" => self.direction = Direction::Inactive,
            b"ptime" => self.ptime_ms = leading_number(value),
            b"maxptime" => self.maxptime_ms = leading_number(value),
            b"rtcp-mux" => self.rtcp_mux = true,
            b"rtcp" => self.rtcp = rtcp(value),
            b"rtpmap" => self.map(value),
            _ => {}
        }
    }

    /// `8 PCMA/8000[/1]` (RFC 8866 §6.6). Names compare without case. The clock rate must be G.711's.
    fn map(&mut self, value: &[u8]) {
        let (number, encoding) = cut(value, b' ');
        let Some(meaning) = number_below::<u8>(number).and_then(|n| self.meanings.get_mut(usize::from(n))) else {
            return;
        };
        let mut parts = encoding.trim_ascii().split(|&byte| byte == b'/');
        let (name, rate, channels) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let narrow = rate == Some(b"8000") && channels.is_none_or(|channels| channels == b"1");
        *meaning = match name {
            _ if !narrow => Meaning::Other,
            _ if name.eq_ignore_ascii_case(b"PCMU") => Meaning::Voice(Codec::Pcmu),
            _ if name.eq_ignore_ascii_case(b"PCMA") => Meaning::Voice(Codec::Pcma),
            _ if name.eq_ignore_ascii_case(b"telephone-event") => Meaning::TelephoneEvent,
            _ => Meaning::Other,
        };
    }

    fn meaning(&self, payload_type: u8) -> Meaning {
        self.meanings.get(usize::from(payload_type)).copied().unwrap_or(Meaning::Other)
    }

    /// Whether this is switched-on G.711 audio, wherever it may be.
    fn is_candidate(&self) -> bool {
        self.usable && self.formats.iter().any(|&format| matches!(self.meaning(format), Meaning::Voice(_)))
    }

    /// `None` if the address cannot be used.
    fn audio(&self) -> Option<Audio> {
        let address = match self.connection? {
            Connection::Strange => return None,
            Connection::Held => None,
            Connection::Address(address) => Some(IpAddr::V4(address)),
        };
        let mut codecs = Codecs::new();
        let mut telephone_event = None;
        for &format in &self.formats {
            match self.meaning(format) {
                Meaning::Voice(codec) if codecs.iter().all(|&(known, _)| known != codec) => {
                    let _ = codecs.try_push((codec, format));
                }
                Meaning::TelephoneEvent => telephone_event = telephone_event.or(Some(format)),
                _ => {}
            }
        }
        // RFC 5761 §4: these payload types look like RTCP once the marker bit is set.
        let collides = |format: u8| (64..96).contains(&format);
        let rtcp_mux = self.rtcp_mux && !codecs.iter().map(|&(_, format)| format).chain(telephone_event).any(collides);
        let rtp = address.map(|address| SocketAddr::new(address, self.port));
        let rtcp = match self.rtcp {
            _ if rtcp_mux => rtp,
            Some((port, elsewhere)) => address.map(|here| SocketAddr::new(elsewhere.map_or(here, IpAddr::V4), port)),
            None => rtp.and_then(|rtp| Some(SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?))),
        };
        let ptime_ms = packet_time(self.ptime_ms, self.maxptime_ms);
        Some(Audio { rtp, rtcp, codecs, telephone_event, direction: self.direction, ptime_ms, rtcp_mux })
    }
}

/// `audio 49170[/2] RTP/AVP 8 0 101`. What an answer repeats must be clean ASCII words.
fn media(value: &[u8], session: &Section) -> Option<(Line, Section)> {
    let text =
        core::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()))?;
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let (media, port, protocol, format) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let port: u16 = number_below(cut(port.as_bytes(), b'/').0)?;
    let numbers = core::iter::once(format).chain(words).filter_map(|word| number_below::<u8>(word.as_bytes()));
    let spoken = ["RTP/AVP", "RTP/AVPF"].iter().any(|known| protocol.eq_ignore_ascii_case(known));
    let section = Section {
        usable: media.eq_ignore_ascii_case("audio") && spoken && port != 0,
        port,
        formats: numbers.filter(|&number| number < 128).take(32).collect(),
        own_connection: false,
        // rtcp is the session's only by mistake: a port belongs to one line.
        rtcp: None,
        ..session.clone()
    };
    Some((Line { media: media.into(), protocol: protocol.into(), format: format.into(), port }, section))
}

/// `- 2890844526 2890842807 IN IP4 host`
fn origin(value: &[u8]) -> Option<(u64, u64)> {
    let mut words = value.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let (_user, id, version) = (words.next()?, words.next()?, words.next()?);
    let number = |text| number_below(text).unwrap_or_else(|| fnv(text));
    Some((number(id), number(version)))
}

fn timing(value: &[u8]) -> Option<(u64, u64)> {
    let (start, stop) = cut(value, b' ');
    Some((number_below(start)?, number_below(stop.trim_ascii())?))
}

/// `IN IP4 10.0.0.1[/ttl]`
fn connection(value: &[u8]) -> Connection {
    let mut words = value.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let (net, kind, address) = (words.next(), words.next(), words.next().unwrap_or_default());
    if !net.is_some_and(|net| net.eq_ignore_ascii_case(b"IN")) || !kind.is_some_and(|k| k.eq_ignore_ascii_case(b"IP4"))
    {
        return Connection::Strange;
    }
    match parse::<Ipv4Addr>(cut(address.trim_ascii(), b'/').0) {
        Some(Ipv4Addr::UNSPECIFIED) => Connection::Held,
        Some(address) if is_unicast(address) => Connection::Address(address),
        _ => Connection::Strange,
    }
}

/// `53020 [IN IP4 126.16.64.4]` (RFC 3605). An address that cannot be used leaves the port with the c= line's address.
fn rtcp(value: &[u8]) -> Option<(u16, Option<Ipv4Addr>)> {
    let (port, place) = cut(value.trim_ascii(), b' ');
    let port = number_below(port).filter(|&port| port != 0)?;
    let elsewhere = match connection(place) {
        Connection::Address(address) => Some(address),
        Connection::Held | Connection::Strange => None,
    };
    Some((port, elsewhere))
}

fn is_unicast(address: Ipv4Addr) -> bool {
    !address.is_multicast() && !address.is_broadcast() && address.octets()[0] != 0
}

/// The largest of [`PTIMES_MS`] within what the peer asks for and bears.
fn packet_time(ptime_ms: Option<u32>, maxptime_ms: Option<u32>) -> u8 {
    let wanted = ptime_ms.filter(|&ms| ms != 0).unwrap_or(20);
    let limit = maxptime_ms.filter(|&ms| ms != 0).unwrap_or(u32::MAX);
    let fits = |&&ms: &&u8| u32::from(ms) <= wanted.min(limit);
    PTIMES_MS.iter().rev().find(fits).copied().unwrap_or(PTIMES_MS[0])
}

/// What stands before the first `mark`, and after it.
fn cut(text: &[u8], mark: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == mark) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at.saturating_add(1)..).unwrap_or_default()),
        None => (text, &[]),
    }
}

fn parse<T: FromStr>(text: &[u8]) -> Option<T> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// A plain decimal number that fits `T` (no sign).
fn number_below<T: FromStr>(text: &[u8]) -> Option<T> {
    if text.iter().all(u8::is_ascii_digit) { parse(text) } else { None }
}

/// `20`, `20.0`: the whole part.
fn leading_number(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    number_below(text.get(..digits)?)
}

/// FNV-1a: two different texts differ, which is all that is asked of it.
fn fnv(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
