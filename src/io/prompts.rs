//! Loads prompts and music at start: WAV files (PCM, mono, any rate) made into ready G.711 at 8 kHz, in memory from then on.
//! Resampling happens here and nowhere else.

use super::embedded_prompts;
use crate::config::epoch::PromptSource;
use crate::media::plane::{Prompt, Prompts};
use hound::{SampleFormat, WavReader};
use rubato::{Resampler, SincFixedIn, SincInterpolationParameters, SincInterpolationType, WindowFunction};
use std::io;

/// Samples a second of everything that is played.
const RATE: u32 = 8_000;
/// Longest prompt or piece of music: 30 minutes (29 MB in both laws).
const SECONDS_MAX: u32 = 30 * 60;
/// Rates that a prompt may have.
const RATES: core::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Input samples resampled at a time.
const CHUNK: usize = 1_024;

/// Why a prompt cannot be played. Names the file and what would be right.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct PromptError {
    pub file: String,
    pub reason: Reason,
}

#[derive(Debug, thiserror::Error)]
pub enum Reason {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("there is no such prompt in the program; see config/prompts/")]
    NotEmbedded,
    #[error("not a WAV file of linear PCM: {0}")]
    NotWav(hound::Error),
    #[error("has {0} channels; a prompt has one")]
    Channels(u16),
    #[error("has {0} samples a second; 4000 to 192000 can be converted")]
    Rate(u32),
    #[error("holds no sound")]
    Empty,
    #[error("is longer than {} minutes", SECONDS_MAX / 60)]
    TooLong,
    #[error("cannot be resampled: {0}")]
    Resampling(String),
}

/// Loads every prompt, in order of their ids.
pub fn load(sources: &[PromptSource]) -> Result<Prompts, PromptError> {
    let mut prompts = Prompts::default();
    for source in sources {
        prompts.push(load_one(source).map_err(|reason| PromptError { file: name(source), reason })?);
    }
    Ok(prompts)
}

/// Whether a prompt of this path below `config/prompts/` is inside the program.
pub fn is_shipped(path: &str) -> bool {
    embedded_prompts::find(path).is_some()
}

fn name(source: &PromptSource) -> String {
    match source {
        PromptSource::File(path) => path.display().to_string(),
        PromptSource::Embedded(path) => format!("embedded prompt {path}"),
    }
}

fn load_one(source: &PromptSource) -> Result<Prompt, Reason> {
    let samples = match source {
        PromptSource::File(path) => {
            let file = std::fs::File::open(path).map_err(Reason::Unreadable)?;
            read(io::BufReader::new(file))?
        }
        PromptSource::Embedded(path) => read(embedded_prompts::find(path).ok_or(Reason::NotEmbedded)?)?,
    };
    Ok(Prompt::from_linear(&samples))
}

/// A WAV file's samples at 8 kHz.
fn read(file: impl io::Read) -> Result<Vec<i16>, Reason> {
    let reader = WavReader::new(file).map_err(Reason::NotWav)?;
    let spec = reader.spec();
    if spec.channels != 1 {
        return Err(Reason::Channels(spec.channels));
    }
    if !RATES.contains(&spec.sample_rate) {
        return Err(Reason::Rate(spec.sample_rate));
    }
    if reader.duration() / spec.sample_rate >= SECONDS_MAX {
        return Err(Reason::TooLong);
    }
    let samples: Vec<i16> = match (spec.sample_format, spec.bits_per_sample, spec.sample_rate) {
        (SampleFormat::Int, 16, RATE) => reader.into_samples().collect::<Result<_, _>>().map_err(Reason::NotWav)?,
        (SampleFormat::Int, bits, rate) => {
            let full = f64::from(1u32 << (bits.clamp(1, 32) - 1)) as f32;
            let linear = reader.into_samples::<i32>().map(|sample| sample.map(|sample| sample as f32 / full));
            resampled(linear.collect::<Result<_, _>>().map_err(Reason::NotWav)?, rate)?
        }
        (SampleFormat::Float, _, rate) => {
            resampled(reader.into_samples::<f32>().collect::<Result<_, _>>().map_err(Reason::NotWav)?, rate)?
        }
    };
    if samples.is_empty() { Err(Reason::Empty) } else { Ok(samples) }
}

/// Brings samples in −1 … 1 to 8 kHz, by windowed sinc; what is above 4 kHz goes.
fn resampled(mut samples: Vec<f32>, rate: u32) -> Result<Vec<i16>, Reason> {
    let wanted = (samples.len() as u64 * u64::from(RATE)).div_ceil(u64::from(rate)) as usize;
    if rate != RATE {
        let fault = |error: &dyn core::fmt::Display| Reason::Resampling(error.to_string());
        let parameters = SincInterpolationParameters {
            sinc_len: 256,
            f_cutoff: 0.95,
            oversampling_factor: 128,
            interpolation: SincInterpolationType::Cubic,
            window: WindowFunction::BlackmanHarris2,
        };
        let ratio = f64::from(RATE) / f64::from(rate);
        let mut resampler = SincFixedIn::new(ratio, 1.0, parameters, CHUNK, 1).map_err(|error| fault(&error))?;
        let delay = resampler.output_delay();
        // Silence behind the end pushes the last sound through the filter.
        samples.resize(samples.len() + (delay as f64 / ratio) as usize + 2 * CHUNK, 0.0);
        let mut out: Vec<f32> = Vec::with_capacity(wanted + delay + CHUNK);
        for chunk in samples.chunks_exact(CHUNK) {
            let part = resampler.process(&[chunk], None).map_err(|error| fault(&error))?;
            out.extend_from_slice(&part[0]);
        }
        samples = out.get(delay..).unwrap_or(&[]).to_vec();
    }
    samples.truncate(wanted);
    // NaN becomes 0, what is beyond the range its end.
    Ok(samples.iter().map(|sample| (sample * 32_767.0).round() as i16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PromptId;
    use crate::media::Codec;
    use hound::{WavSpec, WavWriter};

    fn wav(spec: WavSpec, mut write: impl FnMut(&mut WavWriter<&mut io::Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut bytes = io::Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        write(&mut writer);
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn spec(sample_rate: u32, bits_per_sample: u16) -> WavSpec {
        WavSpec { channels: 1, sample_rate, bits_per_sample, sample_format: SampleFormat::Int }
    }

    /// Half a second of a tone at half of full scale.
    fn tone(sample_rate: u32, bits: u16, hertz: f64) -> Vec<u8> {
        wav(spec(sample_rate, bits), |writer| {
            for n in 0..sample_rate / 2 {
                let phase = f64::from(n) / f64::from(sample_rate) * hertz * core::f64::consts::TAU;
                let full = f64::from((1u32 << (bits - 1)) - 1);
                writer.write_sample((phase.sin() * 0.5 * full) as i32).unwrap();
            }
        })
    }

    /// Amplitude of one frequency (Goertzel), 1.0 = full scale.
    fn amplitude(samples: &[i16], hertz: f64) -> f64 {
        let step = core::f64::consts::TAU * hertz / f64::from(RATE);
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in samples.iter().enumerate() {
            let (sin, cos) = (step * n as f64).sin_cos();
            re += f64::from(sample) * cos;
            im += f64::from(sample) * sin;
        }
        2.0 * (re * re + im * im).sqrt() / samples.len() as f64 / 32_767.0
    }

    #[test]
    fn tones_of_any_rate_and_width_keep_pitch_level_and_length() {
        for (rate, bits) in [(8_000, 16), (8_000, 8), (16_000, 16), (44_100, 16), (48_000, 24), (11_025, 16)] {
            let samples = read(&tone(rate, bits, 1_000.0)[..]).unwrap();
            assert!(samples.len().abs_diff(4_000) <= 1, "{rate}: {}", samples.len());
            let middle = &samples[400..3_600];
            let level = amplitude(middle, 1_000.0);
            assert!((level - 0.5).abs() < 0.02, "{rate}/{bits}: {level}");
        }
        let alias = read(&tone(16_000, 16, 5_000.0)[..]).unwrap();
        assert!(amplitude(&alias[400..3_600], 3_000.0) < 0.001, "what is above 4 kHz goes");
    }

    #[test]
    fn every_embedded_prompt_loads_in_both_laws() {
        let sources: Vec<_> = embedded_prompts::paths().map(|path| PromptSource::Embedded(path.into())).collect();
        let prompts = load(&sources).unwrap();
        assert_eq!(prompts.len(), sources.len());
        for at in 0..sources.len() as u32 {
            let (a, mu) = (prompts.codes(PromptId(at), Codec::Pcma), prompts.codes(PromptId(at), Codec::Pcmu));
            assert!(a.len() == mu.len() && a.len() > 800, "{:?}", sources[at as usize]);
        }
    }

    #[test]
    fn an_error_names_the_file_and_what_would_be_right() {
        let stereo = wav(WavSpec { channels: 2, ..spec(8_000, 16) }, |writer| {
            (0..4).for_each(|_| writer.write_sample(1i16).unwrap());
        });
        let empty = wav(spec(8_000, 16), |_| ());
        let slow = wav(spec(100, 16), |writer| writer.write_sample(1i16).unwrap());
        for (bytes, words) in [
            (&stereo[..], "has 2 channels; a prompt has one"),
            (&empty, "holds no sound"),
            (&slow, "has 100 samples a second; 4000 to 192000 can be converted"),
            (b"RIFF....", "not a WAV file of linear PCM"),
            (b"", "not a WAV file of linear PCM"),
        ] {
            let reason = read(bytes).unwrap_err().to_string();
            assert!(reason.starts_with(words), "{reason}");
        }
        let missing = load(&[PromptSource::File("/nowhere/x.wav".into())]).unwrap_err().to_string();
        assert!(missing.starts_with("/nowhere/x.wav: cannot be read: "), "{missing}");
        let missing = load(&[PromptSource::Embedded("xx/y.wav".into())]).unwrap_err().to_string();
        assert!(missing.starts_with("embedded prompt xx/y.wav: there is no such prompt"), "{missing}");
    }
}
