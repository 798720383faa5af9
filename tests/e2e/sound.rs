//! Listening to recordings: tones by Goertzel's filter, known speech by correlation.

use std::path::Path;

/// 16-bit mono samples of a WAV file (8 kHz throughout the suite). Tolerates a header whose sizes were never filled in, as in
/// the file of a softphone that was ended.
pub fn read(path: &Path) -> Vec<i16> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let data = bytes.windows(4).position(|word| word == b"data").map_or(44, |at| at + 8);
    bytes[data.min(bytes.len())..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Writes a tone of `seconds` at `hertz`, 8 kHz mono.
pub fn write_tone(path: &Path, hertz: f64, seconds: u32) {
    let samples: Vec<i16> = (0..8000 * seconds)
        .map(|at| ((f64::from(at) * hertz * std::f64::consts::TAU / 8000.0).sin() * 8000.0) as i16)
        .collect();
    write(path, &samples);
}

pub fn write(path: &Path, samples: &[i16]) {
    let size = samples.len() as u32 * 2;
    let mut bytes = Vec::from(*b"RIFF");
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    for half in [1u16, 1] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(8000u32.to_le_bytes());
    bytes.extend(16000u32.to_le_bytes());
    for half in [2u16, 16] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, bytes).expect("a sound file can be written");
}

/// How much of the energy in each 100 ms lies at `hertz`: seconds in which the tone stands out (more than half of it).
pub fn seconds_of_tone(samples: &[i16], hertz: f64) -> f64 {
    let heard = samples.chunks_exact(800).filter(|chunk| {
        let energy: f64 = chunk.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        let factor = 2.0 * (std::f64::consts::TAU * hertz / 8000.0).cos();
        let (mut last, mut before) = (0.0, 0.0);
        for &sample in *chunk {
            let now = f64::from(sample) + factor * last - before;
            before = last;
            last = now;
        }
        let power = last * last + before * before - factor * last * before;
        energy > 800.0 * 10_000.0 && power / (energy * 400.0) > 0.5
    });
    heard.count() as f64 / 10.0
}

/// The best normalised correlation (0 … 1) of one second from the middle of `known` with any place in `heard`.
pub fn likeness(heard: &[i16], known: &[i16]) -> f64 {
    let middle = known.len() / 2;
    let piece = &known[middle.saturating_sub(2000)..(middle + 2000).min(known.len())];
    let norm = |samples: &[i16]| samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>().sqrt();
    let of_piece = norm(piece);
    heard
        .windows(piece.len())
        .map(|window| {
            let product: f64 = window.iter().zip(piece).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            product / (norm(window) * of_piece).max(1.0)
        })
        .fold(0.0, f64::max)
}

#[test]
fn the_judges_know_what_they_hear() {
    let tone: Vec<i16> = (0..16_000).map(|at| ((f64::from(at) * 0.5).sin() * 9000.0) as i16).collect();
    let hertz = 0.5 / std::f64::consts::TAU * 8000.0;
    assert!(seconds_of_tone(&tone, hertz) > 1.8);
    assert!(seconds_of_tone(&tone, hertz * 1.5) < 0.1);
    let noise: Vec<i16> = (0u32..16_000).map(|at| (at.wrapping_mul(2_654_435_761) >> 18) as i16).collect();
    let mut heard = vec![0; 3_000];
    heard.extend(&noise);
    assert!(likeness(&heard, &noise) > 0.99);
    assert!(likeness(&tone, &noise) < 0.3);
}
