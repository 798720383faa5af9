//! The prompts of `config/prompts/`, shipped inside the program so that it runs from anywhere. One line per file; a test compares
//! the list with the directory.

macro_rules! embedded {
    ($($path:literal)*) => {
        /// Path below `config/prompts/`, and the WAV file; sorted by path.
        const FILES: &[(&str, &[u8])] = &[$(($path, include_bytes!(concat!("../../config/prompts/", $path)))),*];
    };
}

/// The WAV file of an embedded prompt, by its path below `config/prompts/` (with `.wav`).
pub fn find(path: &str) -> Option<&'static [u8]> {
    FILES.binary_search_by_key(&path, |(name, _)| name).ok().map(|at| FILES[at].1)
}

/// The paths of all of them.
pub fn paths() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(path, _)| *path)
}

embedded! {
    "en/0.wav"
    "en/1.wav"
    "en/10.wav"
    "en/100.wav"
    "en/1000.wav"
    "en/11.wav"
    "en/12.wav"
    "en/13.wav"
    "en/14.wav"
    "en/15.wav"
    "en/16.wav"
    "en/17.wav"
    "en/18.wav"
    "en/19.wav"
    "en/2.wav"
    "en/20.wav"
    "en/3.wav"
    "en/30.wav"
    "en/4.wav"
    "en/40.wav"
    "en/5.wav"
    "en/50.wav"
    "en/6.wav"
    "en/60.wav"
    "en/7.wav"
    "en/70.wav"
    "en/8.wav"
    "en/80.wav"
    "en/9.wav"
    "en/90.wav"
    "en/agent_after.wav"
    "en/agent_before.wav"
    "en/ask.wav"
    "en/ask_charges.wav"
    "en/ask_hours.wav"
    "en/business.wav"
    "en/business_new.wav"
    "en/busy.wav"
    "en/closed.wav"
    "en/complain.wav"
    "en/enter_account.wav"
    "en/enter_case.wav"
    "en/goodbye.wav"
    "en/human.wav"
    "en/invalid.wav"
    "en/main.wav"
    "en/no_input.wav"
    "en/other_language.wav"
    "en/place_after.wav"
    "en/place_before.wav"
    "en/please_wait.wav"
    "en/wait_after.wav"
    "en/wait_after_one.wav"
    "en/wait_before.wav"
    "en/welcome.wav"
    "music.wav"
    "zh/0.wav"
    "zh/1.wav"
    "zh/10.wav"
    "zh/100.wav"
    "zh/1000.wav"
    "zh/2.wav"
    "zh/3.wav"
    "zh/4.wav"
    "zh/5.wav"
    "zh/6.wav"
    "zh/7.wav"
    "zh/8.wav"
    "zh/9.wav"
    "zh/agent_after.wav"
    "zh/agent_before.wav"
    "zh/ask.wav"
    "zh/ask_charges.wav"
    "zh/ask_hours.wav"
    "zh/business.wav"
    "zh/business_new.wav"
    "zh/busy.wav"
    "zh/closed.wav"
    "zh/complain.wav"
    "zh/enter_account.wav"
    "zh/enter_case.wav"
    "zh/goodbye.wav"
    "zh/human.wav"
    "zh/invalid.wav"
    "zh/main.wav"
    "zh/no_input.wav"
    "zh/other_language.wav"
    "zh/place_after.wav"
    "zh/place_before.wav"
    "zh/please_wait.wav"
    "zh/two.wav"
    "zh/wait_after.wav"
    "zh/wait_after_one.wav"
    "zh/wait_before.wav"
    "zh/welcome.wav"
    "zh/yao.wav"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_list_is_the_directory() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/prompts");
        let mut there = Vec::new();
        let mut folders = vec![folder.clone()];
        while let Some(at) = folders.pop() {
            for path in std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "wav") {
                    there.push(path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        there.sort();
        let listed: Vec<_> = paths().collect();
        assert_eq!(listed, there, "the list in embedded_prompts.rs and the files of config/prompts differ");
        assert!(paths().all(|path| find(path).is_some()));
        assert_eq!(find("zh/none.wav"), None);
    }
}
