//! The folder of the faults files: what is switched on, and what has to be put back.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use faults::{Fault, FaultSet, Name};

use crate::failure::Failure;
use crate::services::Service;

/// Whoever runs the service may read the file; only its owner may write it, or it is refused.
const MODE: u32 = 0o644;

/// The folder, for this command alone.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Locked, so that no two commands write at once.
    _lock: File,
}

impl Folder {
    /// To look only, which needs no permission to write.
    pub(crate) fn look(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::NotEnabled(path.to_owned()),
            io::ErrorKind::PermissionDenied => Failure::NotPermitted(path.to_owned()),
            _ => file_failure(path, error),
        })?;
        file.lock().map_err(|error| file_failure(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: file,
        })
    }

    /// The faults file of a service.
    pub(crate) fn file(&self, service: Service) -> PathBuf {
        self.path.join(format!("{service}.json"))
    }

    /// What is switched on in a service.
    pub(crate) fn faults(&self, service: Service) -> Result<FaultSet, Failure> {
        let path = self.file(service);
        faults::file::read(&path).map_err(|error| Failure::FaultsFile { path, error })
    }

    /// Switches a fault on.
    pub(crate) fn add(&self, service: Service, name: Name, fault: Fault) -> Result<(), Failure> {
        let mut faults = self.faults(service)?;
        faults.insert(name, fault);
        self.write(&self.file(service), &faults.to_text())
    }

    /// Switches a fault off; whether it was on.
    pub(crate) fn remove(&self, service: Service, name: &Name) -> Result<bool, Failure> {
        let mut faults = self.faults(service)?;
        let was_on = faults.remove(name).is_some();
        if was_on {
            self.write(&self.file(service), &faults.to_text())?;
        }
        Ok(was_on)
    }

    /// The stock before a scenario, if it is remembered.
    pub(crate) fn stock_before(&self, name: &Name) -> Option<BTreeMap<String, u32>> {
        let text = fs::read_to_string(self.stock_file(name)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Remembers the stock before a scenario.
    pub(crate) fn remember_stock(
        &self,
        name: &Name,
        stock: &BTreeMap<String, u32>,
    ) -> Result<(), Failure> {
        let text = serde_json::to_string(stock).expect("texts and numbers");
        self.write(&self.stock_file(name), &text)
    }

    /// Forgets it.
    pub(crate) fn forget_stock(&self, name: &Name) -> Result<(), Failure> {
        let path = self.stock_file(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(file_failure(&path, error))
            }
            _ => Ok(()),
        }
    }

    fn stock_file(&self, name: &Name) -> PathBuf {
        self.path.join(format!("stock-before.{name}"))
    }

    /// Puts a whole file in place, so that nobody reads half of it.
    fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let new = path.with_extension("new");
        let written = (|| {
            let _ = fs::remove_file(&new);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(MODE)
                .open(&new)?;
            // The mode as it is, whatever the umask says.
            file.set_permissions(Permissions::from_mode(MODE))?;
            file.write_all(text.as_bytes())?;
            fs::rename(&new, path)
        })();
        written.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => Failure::NotPermitted(self.path.clone()),
            _ => file_failure(path, error),
        })
    }
}

fn file_failure(path: &Path, error: io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        error,
    }
}
