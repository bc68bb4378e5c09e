//! What was learned, kept over restarts: one file of JSON, written whole and then put in the place of
//! the one before.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::detector::Learned;

/// Of what is written. Another one is not read: everything is learned anew, from Prometheus.
const VERSION: u32 = 2;

const NAME: &str = "learned.json";

/// The beginning of the file; the rest is passed over.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Deserialize)]
struct Read {
    queries: BTreeMap<String, Learned>,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    queries: &'a BTreeMap<String, Learned>,
}

/// The folder of what was learned.
#[derive(Clone, Debug)]
pub(crate) struct State(PathBuf);

impl State {
    /// Makes the folder, if there is none.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// What was learned; nothing where there is no file. One that cannot be read is put aside.
    pub(crate) fn read(&self) -> io::Result<BTreeMap<String, Learned>> {
        let path = self.0.join(NAME);
        let head: Result<Head, _> = match File::open(&path) {
            Ok(file) => serde_json::from_reader(BufReader::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(error),
        };
        let learned = match head {
            Ok(Head { version: VERSION }) => {
                let read: Result<Read, _> =
                    serde_json::from_reader(BufReader::new(File::open(&path)?));
                read.map(|read| read.queries)
            }
            Ok(_) => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        };
        learned.or_else(|error| {
            let aside = self.0.join("learned.json.unreadable");
            fs::rename(&path, &aside)?;
            tracing::warn!(cause = %error, file = %aside.display(), "What was learned cannot be read; it is learned anew");
            Ok(BTreeMap::new())
        })
    }

    /// Writes what was learned.
    pub(crate) fn write(&self, queries: &BTreeMap<String, Learned>) -> io::Result<()> {
        let new = self.0.join("learned.json.new");
        let mut file = BufWriter::new(File::create(&new)?);
        serde_json::to_writer(
            &mut file,
            &Written {
                version: VERSION,
                queries,
            },
        )?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(new, self.0.join(NAME))
    }
}
