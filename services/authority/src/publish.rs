//! What the services read.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::authority::{Authority, Issued};
use crate::error::AuthorityError;

/// Writes `<output>/<service>/{authorities,key,certificate}.pem`, each in one step: whoever reads
/// meanwhile sees the old file or the new one. The authorities come first, so that nobody is shown a
/// certificate of one that he has not been told of.
///
/// The files can be read by all, and the folder around them by nobody but its owner: a service gets
/// its own folder mounted, under whichever user it runs.
pub fn publish<'a>(
    output: &Path,
    service: &str,
    authorities: impl IntoIterator<Item = &'a Authority>,
    issued: &Issued,
) -> Result<(), AuthorityError> {
    let folder = output.join(service);
    fs::create_dir_all(&folder).map_err(AuthorityError::at(&folder))?;
    mode(output, 0o700)?;
    mode(&folder, 0o755)?;
    let authorities: String = authorities
        .into_iter()
        .map(Authority::certificate)
        .collect();
    write(&folder.join("authorities.pem"), &authorities)?;
    write(&folder.join("key.pem"), &issued.key)?;
    write(&folder.join("certificate.pem"), &issued.certificate)
}

fn write(path: &Path, text: &str) -> Result<(), AuthorityError> {
    let new = path.with_extension("new");
    fs::write(&new, text).map_err(AuthorityError::at(&new))?;
    mode(&new, 0o444)?;
    fs::rename(&new, path).map_err(AuthorityError::at(path))
}

fn mode(path: &Path, mode: u32) -> Result<(), AuthorityError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(AuthorityError::at(path))
}
