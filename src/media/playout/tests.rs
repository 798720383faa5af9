//! What a caller hears, sample by sample.

use super::*;

/// Prompts whose samples tell where they come from: constant values.
fn prompts(lengths: &[(usize, i16)]) -> Prompts {
    let mut prompts = Prompts::default();
    for &(length, value) in lengths {
        prompts.push(Prompt::from_linear(&vec![value; length]));
    }
    prompts
}

/// Runs of equal samples in what is played.
fn runs(playout: &mut Playout, prompts: &Prompts, frames: usize, length: usize) -> (Vec<(i16, usize)>, Vec<u32>) {
    let (mut bytes, mut said) = (Vec::new(), Vec::new());
    for _ in 0..frames {
        said.extend(playout.fill(prompts, Codec::Pcma, length, &mut bytes).said);
    }
    let mut runs: Vec<(i16, usize)> = Vec::new();
    for value in bytes.iter().map(|&code| Codec::Pcma.decode(code)) {
        match runs.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => runs.push((value, 1)),
        }
    }
    (runs, said)
}

fn announcement(ids: &[u32]) -> Announcement {
    ids.iter().map(|&id| PromptId(id)).collect()
}

#[test]
fn prompts_follow_each_other_within_a_frame_and_the_last_is_filled_up() {
    let prompts = prompts(&[(200, 1_000), (0, 0), (50, 3_000)]);
    let mut playout = Playout::default();
    playout.say(7, announcement(&[0, 1, 2, 99]));
    let (runs, said) = runs(&mut playout, &prompts, 3, 160);
    assert_eq!(runs, [(1_008, 200), (3_008, 50), (8, 70)]);
    assert_eq!(said, [7]);
    assert!(!playout.active());
}

#[test]
fn an_announcement_that_fills_its_last_frame_ends_with_it() {
    let prompts = prompts(&[(320, 1_000)]);
    let mut playout = Playout::default();
    playout.say(7, announcement(&[0]));
    let mut out = Vec::new();
    assert_eq!(playout.fill(&prompts, Codec::Pcmu, 160, &mut out), Filled { audio: true, said: None });
    assert_eq!(playout.fill(&prompts, Codec::Pcmu, 160, &mut out), Filled { audio: true, said: Some(7) });
    assert_eq!(playout.fill(&prompts, Codec::Pcmu, 160, &mut out), Filled { audio: false, said: None });
    assert_eq!(out.len(), 320);
}

#[test]
fn an_announcement_of_nothing_is_said_at_once() {
    let mut playout = Playout::default();
    playout.say(3, announcement(&[4, 5]));
    assert_eq!(
        playout.fill(&Prompts::default(), Codec::Pcma, 160, &mut Vec::new()),
        Filled { audio: false, said: Some(3) }
    );
}

#[test]
fn music_goes_round_without_a_seam() {
    let prompts = prompts(&[(100, 1_000)]);
    let mut playout = Playout::default();
    playout.music(Some(PromptId(0)), &prompts);
    assert_eq!(runs(&mut playout, &prompts, 7, 160).0, [(1_008, 1_120)]);
}

#[test]
fn music_fades_waits_and_goes_on_where_it_stood() {
    let mut prompts = Prompts::default();
    let rising: Vec<i16> = (0..4_000).map(|n| 8_000 + n).collect();
    prompts.push(Prompt::from_linear(&rising));
    prompts.push(Prompt::from_linear(&[-2_000; 160]));
    let mut playout = Playout::default();
    let mut out = Vec::new();
    playout.music(Some(PromptId(0)), &prompts);
    playout.fill(&prompts, Codec::Pcma, 160, &mut out);
    playout.say(1, announcement(&[1]));
    let said: Vec<_> = (0..6).map(|_| playout.fill(&prompts, Codec::Pcma, 160, &mut out).said).collect();
    assert_eq!(said, [None, None, Some(1), None, None, None]);
    let heard: Vec<i16> = out.iter().map(|&code| Codec::Pcma.decode(code)).collect();
    assert!(heard[160..480].windows(2).all(|pair| pair[1] <= pair[0] + 256), "falls");
    assert!(heard[479].abs() < 64);
    assert!(heard[480..640].iter().all(|value| (*value + 2_000).abs() < 64), "speech");
    assert!(heard[640].abs() < 64 && heard[640..960].windows(2).all(|pair| pair[1] + 256 >= pair[0]), "rises");
    let expected = rising[160 + 320 + 320];
    assert!((heard[960] - expected).abs() < 256, "goes on where it stood: {} {expected}", heard[960]);
}

#[test]
fn hushed_speech_gives_way_to_music_and_replaced_speech_is_not_said() {
    let prompts = prompts(&[(8_000, 1_000), (160, 2_000)]);
    let mut playout = Playout::default();
    playout.say(1, announcement(&[0]));
    playout.say(2, announcement(&[1]));
    assert_eq!(runs(&mut playout, &prompts, 2, 160).1, [2]);
    playout.music(Some(PromptId(0)), &prompts);
    playout.say(3, announcement(&[0]));
    runs(&mut playout, &prompts, 5, 160);
    playout.hush();
    assert!(runs(&mut playout, &prompts, 5, 160).1.is_empty());
    assert!(playout.active());
}
