//! The authorities on disk.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::rotation::{self, LEAST_LIVES};

const CERTIFICATE: &str = "crt";
const KEY: &str = "key";

/// A folder of authorities, each a certificate and a key that only its owner can read.
#[derive(Debug)]
pub struct Keeper {
    directory: PathBuf,
    authorities: Vec<Authority>,
}

impl Keeper {
    /// Reads the authorities of this folder, removes those that have ended, and makes the first or the
    /// next one when it is time ([`rotation`]).
    pub fn open(
        directory: &Path,
        domain: &str,
        certificate_life: Duration,
        authority_life: Duration,
        now: SystemTime,
    ) -> Result<Self, AuthorityError> {
        if authority_life < certificate_life * LEAST_LIVES {
            return Err(AuthorityError::ShortLived(LEAST_LIVES));
        }
        fs::create_dir_all(directory).map_err(AuthorityError::at(directory))?;
        fs::set_permissions(directory, Permissions::from_mode(0o700))
            .map_err(AuthorityError::at(directory))?;
        let mut keeper = Self {
            directory: directory.to_owned(),
            authorities: Vec::new(),
        };
        keeper.read(now)?;
        let validities: Vec<_> = keeper.authorities.iter().map(Authority::validity).collect();
        if rotation::needs_another(&validities, certificate_life, now) {
            keeper.add(Authority::new(domain, authority_life, now)?)?;
        }
        Ok(keeper)
    }

    /// All of them: who is trusted.
    pub fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    /// The one that signs certificates of this life.
    pub fn signer(&self, life: Duration, now: SystemTime) -> Option<&Authority> {
        let validities: Vec<_> = self.authorities.iter().map(Authority::validity).collect();
        rotation::signer(&validities, life, now).map(|nth| &self.authorities[nth])
    }

    fn read(&mut self, now: SystemTime) -> Result<(), AuthorityError> {
        let entries = fs::read_dir(&self.directory).map_err(AuthorityError::at(&self.directory))?;
        for entry in entries {
            let path = entry.map_err(AuthorityError::at(&self.directory))?.path();
            if path.extension().is_none_or(|kind| kind != CERTIFICATE) {
                continue;
            }
            let key = path.with_extension(KEY);
            let text = |path: &Path| fs::read_to_string(path).map_err(AuthorityError::at(path));
            let authority = Authority::from_pem(&text(&path)?, &text(&key)?)?
                .ok_or_else(|| AuthorityError::NoAuthority(path.clone()))?;
            if authority.validity().is_over(now) {
                for path in [&path, &key] {
                    fs::remove_file(path).map_err(AuthorityError::at(path))?;
                }
            } else {
                self.authorities.push(authority);
            }
        }
        Ok(())
    }

    fn add(&mut self, authority: Authority) -> Result<(), AuthorityError> {
        let ends = authority.validity().ends;
        let ends = humantime::format_rfc3339_seconds(ends);
        let name = self.directory.join(format!("until-{ends}"));
        // The certificate last: a key without one is no authority.
        private(&name.with_extension(KEY), &authority.key())?;
        private(&name.with_extension(CERTIFICATE), authority.certificate())?;
        self.authorities.push(authority);
        Ok(())
    }
}

/// Writes a file that only its owner can read, to the disk.
fn private(path: &Path, text: &str) -> Result<(), AuthorityError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })
    .map_err(AuthorityError::at(path))
}
