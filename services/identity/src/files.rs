//! The files of an identity.

use std::path::PathBuf;
use std::time::SystemTime;
use std::{fs, io};

use crate::credentials::Credentials;
use crate::error::CredentialsError;

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
const AUTHORITIES: &str = "authorities.pem";

/// A folder with certificate.pem, key.pem and authorities.pem. They need not be replaced all at once:
/// what does not fit together is refused, and read again when it changes.
#[derive(Clone, Debug)]
pub struct Files {
    directory: PathBuf,
}

/// What tells one state of the files from another.
pub(crate) type Stamp = [Option<(SystemTime, u64)>; 3];

impl Files {
    /// The files in this folder.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Reads them.
    pub fn read(&self) -> Result<Credentials, CredentialsError> {
        let [certificate, key, authorities] = [CERTIFICATE, KEY, AUTHORITIES].map(|name| {
            let path = self.directory.join(name);
            fs::read(&path).map_err(|cause| CredentialsError::Unreadable { path, cause })
        });
        Credentials::from_pem(&certificate?, &key?, &authorities?)
    }

    /// The state of the files now, without reading them.
    pub(crate) fn stamp(&self) -> Stamp {
        [CERTIFICATE, KEY, AUTHORITIES].map(|name| {
            let of = |path| -> io::Result<_> {
                let metadata = fs::metadata(path)?;
                Ok((metadata.modified()?, metadata.len()))
            };
            of(self.directory.join(name)).ok()
        })
    }
}
