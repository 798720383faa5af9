//! baresip as softphone: registers with digest, calls or answers, plays a tone as its microphone, keeps what it hears.

use super::program::{Folder, Program};
use super::sound;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

pub struct Baresip {
    pub program: Program,
    pub folder: PathBuf,
}

/// One softphone to be.
pub struct Phone<'a> {
    pub user: &'a str,
    /// `None`: does not register, a mere caller.
    pub password: Option<&'a str>,
    /// Tone at its microphone.
    pub hertz: f64,
    /// `auto` or `manual`.
    pub answer: &'a str,
    pub codecs: &'a str,
}

impl Baresip {
    /// Starts a phone for `seconds`. `commands` are given at its start, such as `d sip:2000@…`.
    pub fn start(test: &Folder, phone: &Phone<'_>, server: Ipv4Addr, seconds: u32, commands: &[&str]) -> Self {
        let folder = test.0.join(format!("phone-{}", phone.user));
        std::fs::create_dir_all(&folder).expect("a folder for the phone");
        let tone = folder.join("tone.wav");
        sound::write_tone(&tone, phone.hertz, 60);
        let Phone { user, answer, codecs, .. } = phone;
        // baresip sends its RTP from 127.0.0.1 whatever address it is given; another one in its SDP would make it a stranger.
        let address = Ipv4Addr::LOCALHOST;
        let (port, rtp) = own_ports();
        let path = folder.display();
        let config = format!(
            "sip_listen {address}:{port}\nnet_interface {address}\nrtp_ports {rtp}-{}\ncall_max_calls 4\n\
             audio_source aufile,{path}/tone.wav\naudio_player aufile,/dev/null\naudio_alert aufile,/dev/null\n\
             ausrc_srate 8000\nauplay_srate 8000\nmodule_path {}\nmodule g711.so\nmodule aufile.so\n\
             module sndfile.so\nsnd_path {path}\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n",
            rtp + 98,
            modules(),
        );
        std::fs::write(folder.join("config"), config).expect("the phone's configuration");
        let register = match phone.password {
            Some(password) => format!("auth_user={user};auth_pass={password};regint=60"),
            None => "regint=0".into(),
        };
        let account = format!(
            "<sip:{user}@{server}:5060>;{register};answermode={answer};audio_codecs={codecs};\
             outbound=\"sip:{server}:5060;transport=udp\"\n"
        );
        std::fs::write(folder.join("accounts"), account).expect("the phone's account");
        let mut command = Command::new("baresip");
        command.arg("-f").arg(&folder).args(["-t", &seconds.to_string()]).current_dir(&folder);
        for text in commands {
            command.args(["-e", text]);
        }
        Self { program: Program::start(&format!("baresip {user}"), command), folder }
    }

    /// Waits until the phone has registered.
    pub fn registered(mut self) -> Self {
        self.program.wait_for("200 OK", Duration::from_secs(10));
        self
    }

    /// Waits for its end and returns what it heard, all calls together.
    pub fn heard(mut self, limit: Duration) -> Vec<i16> {
        self.program.wait(limit);
        let entries = std::fs::read_dir(&self.folder).expect("the phone's folder").flatten().map(|entry| entry.path());
        let mut files: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).collect();
        files.sort();
        files.iter().flat_map(|file| sound::read(file)).collect()
    }
}

/// A free SIP port (with the next one, which baresip takes for TLS) and the first of a hundred media ports of which the first ten
/// are free on every address: baresip binds them to all.
fn own_ports() -> (u16, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % 500) as u16 * 20;
    let is_free = |port: u16| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let (sip, rtp) = (10_000 + (first + next * 2) % 9_000, 34_000 + (first + next) % 300 * 100);
        if (sip..sip + 2).chain(rtp..rtp + 10).all(is_free) {
            return (sip, rtp);
        }
    }
}

fn modules() -> String {
    let candidates =
        ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules", "/usr/lib64/baresip/modules"];
    candidates.iter().find(|path| PathBuf::from(path).is_dir()).unwrap_or(&candidates[0]).to_string()
}
