//! What the figures were measured on.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::rounds::median;

/// How often the disk is asked to make a page durable.
const SYNCS: usize = 50;

/// The machine in two lines.
pub(crate) fn description() -> String {
    let folder = std::env::temp_dir();
    format!(
        "machine: {} cores ({}), kernel {}, {}\nstores:  {} on {}, {:.2} ms a fsync",
        cores(),
        processor(),
        read("/proc/sys/kernel/osrelease").trim(),
        load(),
        folder.display(),
        file_system(&folder),
        sync_milliseconds(),
    )
}

/// How many cores this program may use.
pub(crate) fn cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cores).unwrap_or(u32::MAX)
}

/// How busy the machine is before anything is measured.
pub(crate) fn load() -> String {
    let average = read("/proc/loadavg");
    let minute = average.split_whitespace().next().unwrap_or("?");
    format!("load average {minute}")
}

fn processor() -> String {
    let info = read("/proc/cpuinfo");
    let model = info.lines().find(|line| line.starts_with("model name"));
    let name = model.and_then(|line| line.split_once(": "));
    name.map_or("unknown", |(_, name)| name.trim()).to_owned()
}

/// The type of the file system that holds `folder`: the longest mount point above it.
fn file_system(folder: &Path) -> String {
    let mounts = read("/proc/mounts");
    let above = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind) = (fields.next()?, fields.next()?);
        folder.starts_with(point).then_some((point.len(), kind))
    });
    // The last mount of several on one point is the one that is seen.
    above
        .max_by_key(|(length, _)| *length)
        .map_or("unknown", |(_, kind)| kind)
        .to_owned()
}

/// What one durable write costs here, by itself.
fn sync_milliseconds() -> f64 {
    let mut file = tempfile::tempfile().expect("a file");
    let sync = |file: &mut File| {
        let begun = Instant::now();
        file.write_all(&[0; 4096]).expect("a write");
        file.sync_data().expect("a durable write");
        begun.elapsed().as_secs_f64() * 1000.0
    };
    median((0..SYNCS).map(|_| sync(&mut file)))
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
