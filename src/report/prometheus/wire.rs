//! Metrics of what goes over the wire: SIP messages, registrations, RTP, ports.

use super::{Family, Picture};
use crate::gate;
use crate::switch::snapshot::KINDS;
use std::collections::BTreeMap;

pub(super) fn families(picture: &Picture<'_>) -> Vec<Family> {
    let switch = picture.switch;
    let used = picture.media_ports.saturating_sub(switch.ports_free);
    let mut all = vec![
        messages(picture),
        Family::counter(
            "huntline_sip_retransmissions_total",
            "SIP messages received again by a transaction that had them, and sent again for want of an answer.",
            &["direction"],
        )
        .with(["received"], switch.retransmissions_received as f64)
        .with(["sent"], switch.retransmissions_sent as f64),
        rejected(picture),
        Family::gauge(
            "huntline_sip_transactions",
            "SIP transactions, finished ones that wait out their timer included.",
            &[],
        )
        .with([], switch.transactions as f64),
        Family::gauge("huntline_registrations", "Bindings of phones that are registered now.", &[])
            .with([], switch.registrations as f64),
        Family::gauge("huntline_media_ports", "RTP ports bound; each has its RTCP port beside it.", &[])
            .with([], picture.media_ports as f64),
        Family::gauge("huntline_media_ports_used", "RTP ports in use or not yet emptied after a call.", &[])
            .with([], used as f64),
    ];
    all.extend(rtp(picture));
    all
}

fn messages(picture: &Picture<'_>) -> Family {
    let mut family = Family::counter(
        "huntline_sip_messages_total",
        "SIP messages to and from calls and registrations, by method or class of response; what the gate stops is not among them.",
        &["direction", "kind"],
    );
    for (direction, counts) in [("received", &picture.switch.received), ("sent", &picture.switch.sent)] {
        for kind in KINDS {
            family.add([direction, kind], counts.get(kind).copied().unwrap_or(0) as f64);
        }
    }
    family
}

fn rejected(picture: &Picture<'_>) -> Family {
    let gate::Counters { answered, garbage, over_limit, shed, defective, ignored, .. } = picture.gate;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::from([
        ("bad_request", answered),
        ("garbage", garbage),
        ("over_limit", over_limit),
        ("overload", shed),
        ("defective", defective),
        ("ignored_source", ignored),
    ]);
    for (&reason, &count) in &picture.switch.rejected {
        *counts.entry(reason).or_default() += count;
    }
    let mut family = Family::counter(
        "huntline_sip_rejected_total",
        "SIP messages dropped or refused, by reason: at the gate (garbage, over_limit, …) or by the switch.",
        &["reason"],
    );
    counts.into_iter().for_each(|(reason, count)| family.add([reason], count as f64));
    family
}

fn rtp(picture: &Picture<'_>) -> [Family; 5] {
    let media = picture.media;
    [
        Family::counter(
            "huntline_rtp_packets_total",
            "RTP packets received from peers and sent to them.",
            &["direction"],
        )
        .with(["received"], media.packets_in as f64)
        .with(["sent"], media.packets_out as f64),
        Family::counter("huntline_rtp_lost_total", "RTP packets that peers sent and that never came.", &[])
            .with([], media.lost as f64),
        Family::gauge(
            "huntline_rtp_jitter_seconds",
            "Interarrival jitter (RFC 3550), mean over the streams that are open now.",
            &[],
        )
        .with([], f64::from(media.jitter_us) / 1e6),
        Family::counter(
            "huntline_rtp_rejected_total",
            "Datagrams at media ports that were not heard: of strangers, or neither RTP nor RTCP.",
            &["reason"],
        )
        .with(["stranger"], media.strangers as f64)
        .with(["malformed"], media.malformed as f64),
        Family::counter("huntline_rtp_unsent_total", "RTP packets that the kernel did not take.", &[])
            .with([], picture.shell.rtp_unsent as f64),
    ]
}
