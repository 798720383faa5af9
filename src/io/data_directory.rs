//! The data directory: records, the ring file, and the lock that keeps a second process out of it.

use super::ring::{self, Ring};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Why a directory cannot be used. One line each, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("data directory {path}: cannot be written: {reason}; create it, or set another one under [process] data")]
    Unusable { path: PathBuf, reason: io::Error },
    #[error("data directory {path}: another huntline uses it; stop that one, or set another one under [process] data")]
    Taken { path: PathBuf },
}

/// A directory that this process has to itself, until it is dropped.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Creates and locks the directory.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let unusable = |reason| DataError::Unusable { path: path.to_path_buf(), reason };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_path_buf(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::Taken { path: path.to_path_buf() }),
            Err(TryLockError::Error(reason)) => Err(unusable(reason)),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new ring for `owner`'s inputs. The last run's is kept as `ring-OWNER.previous.bin`; it is returned if that run did not end as it
    /// should, for somebody to look into.
    pub fn new_ring(&self, owner: &str, preamble: &[u8]) -> Result<(Ring, Option<PathBuf>), DataError> {
        let unusable = |reason| DataError::Unusable { path: self.path.clone(), reason };
        let path = self.path.join(format!("ring-{owner}.bin"));
        let previous = self.path.join(format!("ring-{owner}.previous.bin"));
        let died = ring::ended_cleanly(&path) == Some(false);
        match std::fs::rename(&path, &previous) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(error)),
            _ => {}
        }
        let ring = Ring::create(&path, preamble, ring::SIZE).map_err(unusable)?;
        Ok((ring, died.then_some(previous)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("huntline-data-{}-{name}", std::process::id()))
    }

    #[test]
    fn a_directory_belongs_to_one_process_and_a_file_is_none() {
        let path = path("lock");
        let first = DataDirectory::open(&path).unwrap();
        assert!(matches!(DataDirectory::open(&path), Err(DataError::Taken { .. })));
        drop(first);
        DataDirectory::open(&path).unwrap();
        let file = path.join("lock");
        assert!(matches!(DataDirectory::open(&file), Err(DataError::Unusable { .. })));
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_ring_of_a_run_that_died_is_kept_and_named() {
        let path = path("rings");
        let directory = DataDirectory::open(&path).unwrap();
        let (mut ring, died) = directory.new_ring("control", b"first").unwrap();
        assert_eq!(died, None);
        ring.end();
        let (ring, died) = directory.new_ring("control", b"second").unwrap();
        assert_eq!(died, None);
        drop(ring);
        let (_, died) = directory.new_ring("control", b"third").unwrap();
        let died = died.expect("the second run did not say that it ended");
        assert_eq!(ring::Recording::read(&died).unwrap().preamble, b"second");
        std::fs::remove_dir_all(path).unwrap();
    }
}
