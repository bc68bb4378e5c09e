//! `anomaly-detector score`: the rows of a table as they come, each with what was expected of it.
//! One pass, in order: what is said of a row depends on the rows before it alone, and only the score
//! on its own value.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use csv::{Reader, StringRecord, Writer};

use crate::config::{self, SeriesConfig};
use crate::model::{Band, Model};
use crate::timestamp;

/// Where the rows are, and which columns count.
#[derive(Args)]
pub(crate) struct ScoreArgs {
    /// The table, with a line of column names; - is the standard input.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The column of times: ISO 8601, or a number since 1970.
    #[arg(long, value_name = "COLUMN")]
    timestamp: String,
    /// The column of values. An empty one, NaN or an infinity is a value that is missing.
    #[arg(long, value_name = "COLUMN")]
    value: String,
    /// What is known of the series: {"direction": "both", "season": "auto", "tolerance": 0}.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why a table cannot be scored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScoreError {
    #[error("{}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    #[error("no column {column:?}; there are {}", columns.join(", "))]
    NoColumn {
        column: String,
        columns: Vec<String>,
    },
    #[error("line {line}: {text:?} in column {column:?} is no {what}")]
    BadField {
        line: u64,
        column: String,
        text: String,
        what: &'static str,
    },
    #[error("line {line}: {found} fields, and the first line has {expected}")]
    BadRow {
        line: u64,
        found: u64,
        expected: u64,
    },
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error("what was found cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Reads the table and writes it to the standard output.
pub(crate) fn score(args: &ScoreArgs) -> Result<(), ScoreError> {
    let config = match &args.config {
        Some(path) => config::read_series(path)?,
        None => SeriesConfig::default(),
    };
    let input = open(&args.csv)?;
    // Nobody reads on: `| head`.
    match table(
        input,
        io::stdout().lock(),
        &args.timestamp,
        &args.value,
        &config,
    ) {
        Err(ScoreError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>, ScoreError> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(source) => Err(ScoreError::Open {
            path: path.to_owned(),
            source,
        }),
    }
}

fn table(
    input: impl Read,
    output: impl Write,
    timestamp: &str,
    value: &str,
    config: &SeriesConfig,
) -> Result<(), ScoreError> {
    let mut reader = Reader::from_reader(input);
    let mut writer = Writer::from_writer(BufWriter::new(output));
    let mut header = reader.headers()?.clone();
    let times = Column::find(&header, timestamp)?;
    let values = Column::find(&header, value)?;
    header.extend(["expected", "lower", "upper", "score"]);
    write(&mut writer, &header)?;
    let mut model = Model::new(config);
    let mut row = StringRecord::new();
    loop {
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                // What was found before the bad row is good.
                writer.flush()?;
                return Err(of_row(error));
            }
        }
        match (times.time(&row), values.number(&row)) {
            (Ok(time), Ok(number)) => {
                let band = model.expect(time);
                let score = model.observe(time, number);
                append(&mut row, band, score);
                write(&mut writer, &row)?;
            }
            (Err(error), _) | (_, Err(error)) => {
                writer.flush()?;
                return Err(error);
            }
        }
    }
    Ok(writer.flush()?)
}

fn write(writer: &mut Writer<impl Write>, row: &StringRecord) -> Result<(), ScoreError> {
    writer
        .write_record(row)
        .map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => ScoreError::Write(error),
            kind => ScoreError::Write(io::Error::other(format!("{kind:?}"))),
        })
}

fn append(row: &mut StringRecord, band: Option<Band>, score: f64) {
    match band {
        Some(band) => {
            for value in [band.expected, band.lower, band.upper] {
                row.push_field(&short(value));
            }
        }
        // Before the first value nothing is expected.
        None => row.extend(["", "", ""]),
    }
    row.push_field(&format!("{score:.6}"));
}

/// Eight digits that count: more than any of it is good for.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.7e}").parse().unwrap_or(value);
    format!("{rounded}")
}

fn of_row(error: csv::Error) -> ScoreError {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos: Some(position),
            expected_len,
            len,
        } => ScoreError::BadRow {
            line: position.line(),
            found: *len,
            expected: *expected_len,
        },
        _ => ScoreError::Csv(error),
    }
}

/// A column by its name and its place.
struct Column {
    name: String,
    index: usize,
}

impl Column {
    fn find(header: &StringRecord, name: &str) -> Result<Self, ScoreError> {
        match header.iter().position(|column| column.trim() == name) {
            Some(index) => Ok(Self {
                name: name.to_owned(),
                index,
            }),
            None => Err(ScoreError::NoColumn {
                column: name.to_owned(),
                columns: header.iter().map(str::to_owned).collect(),
            }),
        }
    }

    fn time(&self, row: &StringRecord) -> Result<f64, ScoreError> {
        let text = &row[self.index];
        timestamp::parse(text).ok_or_else(|| self.bad(row, text, "time"))
    }

    /// `None` for a value that is missing.
    fn number(&self, row: &StringRecord) -> Result<Option<f64>, ScoreError> {
        let text = row[self.index].trim();
        if matches!(
            text.to_ascii_lowercase().as_str(),
            "" | "null" | "none" | "na"
        ) {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(number) => Ok(number.is_finite().then_some(number)),
            Err(_) => Err(self.bad(row, text, "number")),
        }
    }

    fn bad(&self, row: &StringRecord, text: &str, what: &'static str) -> ScoreError {
        ScoreError::BadField {
            line: row.position().map_or(0, csv::Position::line),
            column: self.name.clone(),
            text: text.to_owned(),
            what,
        }
    }
}
