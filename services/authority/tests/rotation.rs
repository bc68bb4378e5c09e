//! The authorities on disk, over the months.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use authority::{Authority, AuthorityError, Keeper};
use tempfile::TempDir;

const DAY: Duration = Duration::from_hours(24);
const MONTH: Duration = Duration::from_hours(30 * 24);

fn open(folder: &TempDir, now: SystemTime) -> Result<Keeper, AuthorityError> {
    Keeper::open(folder.path(), "shop.test", DAY, MONTH, now)
}

fn certificates(keeper: &Keeper) -> Vec<String> {
    let certificates = keeper.authorities().iter().map(Authority::certificate);
    certificates.map(str::to_owned).collect()
}

fn signer(keeper: &Keeper, now: SystemTime) -> String {
    keeper
        .signer(DAY, now)
        .expect("it can be made")
        .certificate()
        .to_owned()
}

#[test]
fn the_next_authority_is_published_for_a_day_before_it_signs_and_the_last_one_until_its_end() {
    let folder = TempDir::new().unwrap();
    let begin = SystemTime::now();
    let first = certificates(&open(&folder, begin).unwrap());
    assert_eq!(first.len(), 1);
    let later = begin + 27 * DAY;
    assert_eq!(certificates(&open(&folder, later).unwrap()), first);

    let later = begin + 28 * DAY + DAY / 2;
    let keeper = open(&folder, later).unwrap();
    assert_eq!(keeper.authorities().len(), 2);
    assert_eq!(signer(&keeper, later), first[0]);

    let later = begin + 29 * DAY + DAY / 2;
    let keeper = open(&folder, later).unwrap();
    assert_eq!(keeper.authorities().len(), 2, "no third one");
    let next = signer(&keeper, later);
    assert_ne!(next, first[0]);

    let later = begin + 31 * DAY;
    let keeper = open(&folder, later).unwrap();
    assert_eq!(certificates(&keeper), [next]);
}

#[test]
fn a_host_that_was_off_for_a_year_begins_anew() {
    let folder = TempDir::new().unwrap();
    let begin = SystemTime::now();
    let first = certificates(&open(&folder, begin).unwrap());
    let keeper = open(&folder, begin + 12 * MONTH).unwrap();
    assert_eq!(keeper.authorities().len(), 1);
    assert_ne!(certificates(&keeper), first);
}

#[test]
fn nobody_but_the_owner_reads_an_authoritys_files() {
    let folder = TempDir::new().unwrap();
    open(&folder, SystemTime::now()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[test]
fn a_damaged_authority_is_named_and_left_alone() {
    let folder = TempDir::new().unwrap();
    open(&folder, SystemTime::now()).unwrap();
    let files = fs::read_dir(folder.path()).unwrap();
    let mut paths = files.map(|file| file.unwrap().path());
    let certificate = paths
        .find(|path| path.extension().is_some_and(|kind| kind == "crt"))
        .unwrap();
    fs::write(&certificate, "").unwrap();
    let error = open(&folder, SystemTime::now()).unwrap_err().to_string();
    assert!(error.contains(certificate.to_str().unwrap()), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn an_authority_that_would_end_too_soon_is_not_made() {
    let folder = TempDir::new().unwrap();
    let opened = Keeper::open(folder.path(), "shop.test", DAY, 3 * DAY, SystemTime::now());
    assert!(matches!(opened, Err(AuthorityError::ShortLived(_))));
}
