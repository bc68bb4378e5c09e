//! A bound of memory as systemd's MemoryMax= sets it: a control group of the kernel, of version 2
//! or 1.

use std::fs;
use std::path::{Path, PathBuf};

/// A control group with a bound of memory. Its processes have to end before it is dropped.
#[derive(Debug)]
pub struct MemoryCgroup {
    folder: PathBuf,
    events: &'static str,
}

/// Where it is mounted, the file of its bound, and the file that counts what the kernel has killed.
const VERSIONS: [(&str, &str, &str); 2] = [
    ("/sys/fs/cgroup", "memory.max", "memory.events"),
    (
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.oom_control",
    ),
];

impl MemoryCgroup {
    /// A group of this bound in bytes, or why there is none.
    pub fn new(bound: u64) -> Result<Self, String> {
        let mut reasons = Vec::new();
        for (mount, limit, events) in VERSIONS {
            let folder = Path::new(mount).join(format!("shop-test-{}", std::process::id()));
            // Of a folder without this file it is no mount of control groups.
            let made = fs::metadata(Path::new(mount).join("cgroup.procs"))
                .and_then(|_| fs::create_dir(&folder))
                .and_then(|()| fs::write(folder.join(limit), bound.to_string()));
            match made {
                Ok(()) => return Ok(Self { folder, events }),
                Err(error) => reasons.push(format!("{}: {error}", folder.display())),
            }
            let _ = fs::remove_dir(&folder);
        }
        Err(reasons.join(", "))
    }

    /// Its folder; a process enters by writing its id to `cgroup.procs` in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many of its processes the kernel has killed for want of memory.
    pub fn killed(&self) -> u64 {
        let events = fs::read_to_string(self.folder.join(self.events)).expect("the group's events");
        let count = events
            .lines()
            .find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|count| count.parse().ok()).expect("a count")
    }
}

impl Drop for MemoryCgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}
