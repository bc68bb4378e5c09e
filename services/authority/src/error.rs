//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

/// Why nothing was issued, or only a part. No message holds any of a key.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file or folder.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file of an authority does not hold one.
    #[error("{0} holds no authority with its key; move it away, and another one is made")]
    NoAuthority(PathBuf),
    /// A name that no certificate can bear.
    #[error(
        "{0:?} can be no name of a service or trust domain: letters, digits, '.', '-', '_' only"
    )]
    Name(String),
    /// An authority that ends before what it would sign has to.
    #[error("an authority has to live at least {0} times as long as what it signs")]
    ShortLived(u32),
    /// A certificate could not be made.
    #[error("a certificate cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
}

impl AuthorityError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        |cause| Self::File { path, cause }
    }
}
