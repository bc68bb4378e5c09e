//! The file in which an operator switches faults on, and who may write it.
//!
//! The file is opened once, and its owner and mode are looked at on what was opened, so that it
//! cannot be exchanged in between. Any doubt switches everything off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::FaultSet;

/// The most bytes of a file; sixteen faults have some two thousand.
const MAX_BYTES: u64 = 64 * 1024;

/// Write permission of the group and of others.
const OTHERS_MAY_WRITE: u32 = 0o022;

/// Why no fault of a file is on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is a folder, a pipe, or a device.
    #[error("it is not a plain file; put one in its place")]
    NotAFile,
    /// It belongs to somebody else.
    #[error(
        "it belongs to the user {owner}, and only root or the user of this service ({own}) may switch faults on: chown it to root"
    )]
    Owner {
        /// Who owns it.
        owner: u32,
        /// Who this process is.
        own: u32,
    },
    /// Others may write it.
    #[error("its mode is {mode:04o}, so that others than its owner may write it: chmod go-w it")]
    Mode {
        /// Its permissions.
        mode: u32,
    },
    /// It is too large.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// It is not what it should be; the error names the line.
    #[error("it is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// What tells one state of a file from another: a change of content, owner or mode moves the time of
/// change, and a new file has another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    changed: (i64, i64),
}

/// The state of the file; none: there is none.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some(Stamp {
        inode: metadata.ino(),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

/// Reads the file. Without one no fault is on.
pub fn read(path: &Path) -> Result<FaultSet, FileError> {
    // Neither through a link, whose owner would not be looked at, nor waiting for a pipe.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path);
    match opened {
        Ok(file) => read_opened(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FaultSet::default()),
        Err(error) => Err(error.into()),
    }
}

fn read_opened(file: File) -> Result<FaultSet, FileError> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != 0 && owner != own {
        return Err(FileError::Owner { owner, own });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS_MAY_WRITE != 0 {
        return Err(FileError::Mode { mode });
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    Ok(FaultSet::parse(&text)?)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    const ONE: &str = r#"{ "elsewhere": "outside" }"#;

    fn written(text: &str, mode: u32) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.json");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_that_only_its_owner_may_write_is_read() {
        for mode in [0o644, 0o600, 0o400] {
            let (_folder, path) = written(ONE, mode);
            assert_eq!(read(&path).unwrap().iter().count(), 1, "{mode:o}");
        }
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        for mode in [0o666, 0o664, 0o646, 0o777] {
            let (_folder, path) = written(ONE, mode);
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("{mode:04o}")), "{error}");
            assert!(error.contains("chmod go-w"), "{error}");
        }
    }

    #[test]
    fn a_link_a_folder_and_a_long_file_are_refused() {
        let (folder, path) = written(ONE, 0o644);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(read(&link), Err(FileError::Unreadable(_))));
        assert!(matches!(read(folder.path()), Err(FileError::NotAFile)));
        let (_folder, path) = written(&" ".repeat(65 * 1024), 0o644);
        assert!(matches!(read(&path), Err(FileError::TooLarge)));
    }

    #[test]
    fn without_a_file_no_fault_is_on() {
        assert!(read(Path::new("/nowhere/faults.json")).unwrap().is_empty());
        assert_eq!(stamp(Path::new("/nowhere/faults.json")), None);
    }

    #[test]
    fn a_stamp_tells_a_change_of_the_mode_and_another_file() {
        let (folder, path) = written(ONE, 0o644);
        let first = stamp(&path);
        assert_eq!(stamp(&path), first);
        // The clock of the file system is coarse.
        while stamp(&path) == first {
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        }
        let second = stamp(&path);
        let other = folder.path().join("other");
        fs::write(&other, ONE).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(stamp(&path), second);
    }
}
