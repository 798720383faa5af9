//! baresip as softphone: registers with digest, calls or answers, plays a tone as its microphone, keeps what it hears.

use super::program::{Folder, Program};
use super::sound;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
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
    pub address: Ipv4Addr,
    /// SIP port; media ports follow from it.
    pub port: u16,
    /// Tone at its microphone.
    pub hertz: f64,
    /// `auto` or `manual`.
    pub answer: &'a str,
    pub codecs: &'a str,
}

impl Baresip {
    /// Starts a phone for `seconds`. `commands` are given at its start, such as `d sip:2000@…`.
    pub fn start(test: &Folder, phone: &Phone<'_>, server: Ipv4Addr, seconds: u32, commands: &[&str]) -> Self {
        let folder = test.0.join(format!("phone-{}-{}", phone.user, phone.port));
        std::fs::create_dir_all(&folder).expect("a folder for the phone");
        let tone = folder.join("tone.wav");
        sound::write_tone(&tone, phone.hertz, 60);
        let Phone { user, address, port, answer, codecs, .. } = phone;
        let rtp = 40_000 + (port % 100) * 100;
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

fn modules() -> String {
    let candidates =
        ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules", "/usr/lib64/baresip/modules"];
    candidates.iter().find(|path| PathBuf::from(path).is_dir()).unwrap_or(&candidates[0]).to_string()
}
