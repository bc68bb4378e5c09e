//! Gives each service its identity, once: to be run by a timer.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use authority::{AuthorityError, Keeper, publish};
use clap::Parser;

const EXAMPLE: &str = "Example:
  identity-authority --state-directory /var/lib/identity-authority --output /run/identity \\
    order-service inventory-service

Run it anew at a third of --life: two runs may then fail before anything expires. Services follow
their files; none is restarted.

Exit codes: 0 all have their identity, 2 wrong usage, 74 a file could not be read or written.";

/// Gives each named service a new key and a certificate that bears its SPIFFE ID.
#[derive(Parser)]
#[command(version, after_help = EXAMPLE)]
struct Args {
    /// The services, by their names.
    #[arg(required = true, value_name = "SERVICE")]
    services: Vec<String>,

    /// Where the authorities are kept, with their keys.
    #[arg(long, env = "STATE_DIRECTORY", value_name = "FOLDER")]
    state_directory: PathBuf,

    /// Where each service finds its files, in a folder of its name; best on a file system that is not
    /// on disk.
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,

    /// The trust domain.
    #[arg(
        long,
        env = "TRUST_DOMAIN",
        value_name = "DOMAIN",
        default_value = "hello-observability"
    )]
    trust_domain: String,

    /// How long a certificate is valid.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = humantime::parse_duration)]
    life: Duration,

    /// How long an authority is valid. The next one is made two certificates' lives before its end.
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = humantime::parse_duration)]
    authority_life: Duration,
}

fn main() -> ExitCode {
    match issue_all(&Args::parse()) {
        Ok(until) => {
            println!("identities are valid until {until}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(match error {
                AuthorityError::Name(_) | AuthorityError::ShortLived(_) => 2,
                // sysexits(3): EX_SOFTWARE, EX_IOERR.
                AuthorityError::Certificate(_) => 70,
                AuthorityError::File { .. } | AuthorityError::NoAuthority(_) => 74,
            })
        }
    }
}

fn issue_all(args: &Args) -> Result<impl std::fmt::Display + use<>, AuthorityError> {
    for name in args.services.iter().chain([&args.trust_domain]) {
        check(name)?;
    }
    let now = SystemTime::now();
    let keeper = Keeper::open(
        &args.state_directory,
        &args.trust_domain,
        args.life,
        args.authority_life,
        now,
    )?;
    let signer = keeper.signer(args.life, now);
    let signer = signer.ok_or(AuthorityError::ShortLived(authority::rotation::LEAST_LIVES))?;
    for service in &args.services {
        let issued = signer.issue(&args.trust_domain, service, args.life, now)?;
        publish(&args.output, service, keeper.authorities(), &issued)?;
    }
    Ok(humantime::format_rfc3339_seconds(now + args.life))
}

/// A name becomes a part of a path and of a SPIFFE ID.
fn check(name: &str) -> Result<(), AuthorityError> {
    let is_allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
    };
    if !matches!(name, "" | "." | "..") && name.bytes().all(is_allowed) {
        Ok(())
    } else {
        Err(AuthorityError::Name(name.to_owned()))
    }
}
