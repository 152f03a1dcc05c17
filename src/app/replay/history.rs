//! PURE. A file of past alerts, as rows that can be replayed and a list of what can't.
//!
//! ```text
//! oblast,raion,hromada,level,started_at,finished_at,source
//! Kyivska oblast,,,oblast,2022-03-15 16:10:34+00:00,2022-03-15 16:50:07+00:00,official
//! ```
//!
//! Invariants: every line of the file is a row, or a fault with its number, or empty; the places hold
//! whatever contains a place that occurs, whether it occurs itself or not.
//!
//! Each line is read by itself: no field of such a file goes over several lines, and a quotation mark
//! that is never closed must not swallow what follows. Columns are found by their names, in any
//! order; others are passed over.
//!
//! Deliberately absent: judgement of rows that overlap or repeat one another in a part. They happen,
//! and are alerts like others.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use crate::domain::time::Utc;

/// Years that a date may lie in: what is outside is a slip of the pen.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;
/// Faults kept with their lines; the rest is counted.
const FAULTS_SHOWN: usize = 20;

/// A place of the file. Ordered so that whatever contains a place comes before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) oblast: String,
    pub(super) raion: Option<String>,
    pub(super) hromada: Option<String>,
}

impl Place {
    /// Its own name.
    pub(super) fn name(&self) -> &str {
        self.hromada.as_ref().or(self.raion.as_ref()).unwrap_or(&self.oblast)
    }

    /// What contains it, the least first.
    pub(super) fn containers(&self) -> Vec<Self> {
        let oblast = Self { oblast: self.oblast.clone(), raion: None, hromada: None };
        let raion = Self { raion: self.raion.clone(), ..oblast.clone() };
        match (&self.raion, &self.hromada) {
            (Some(_), Some(_)) => vec![raion, oblast],
            (Some(_), None) | (None, Some(_)) => vec![oblast],
            (None, None) => Vec::new(),
        }
    }
}

/// One alert of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its line, from 1.
    pub(super) line: u64,
    /// An index into [`History::places`].
    pub(super) place: usize,
    pub(super) started: Utc,
    /// Never before the start; `None`: it does not end.
    pub(super) finished: Option<Utc>,
}

/// Why a line is no row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("line {line}: {what}; passed over")]
    Malformed { line: u64, what: String },
    #[error("line {line}: it ends before it starts; passed over")]
    Reversed { line: u64 },
    #[error("line {line}: the same as line {as_line}; passed over")]
    Repeated { line: u64, as_line: u64 },
}

/// Why a file is no history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoHistory {
    #[error(
        "line 1: the header is not understood, there is no column {missing}; the columns have to be \
         oblast, raion, hromada, level, started_at and finished_at, separated by commas"
    )]
    Header { missing: String },
    #[error("the file is empty")]
    Empty,
    #[error("no line of the file can be read; the first: {0}")]
    NoRow(Fault),
    #[error("the file has a header and nothing else")]
    OnlyHeader,
}

/// What a file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// Every place, in their order.
    pub(super) places: Vec<Place>,
    /// In the order of the file.
    pub(super) rows: Vec<Row>,
    /// The first faults, in the order of the file.
    pub(super) faults: Vec<Fault>,
    pub(super) malformed: u64,
    pub(super) reversed: u64,
    pub(super) repeated: u64,
}

/// Where the columns are.
struct Columns {
    oblast: usize,
    raion: usize,
    hromada: usize,
    level: usize,
    started: usize,
    finished: usize,
    all: usize,
}

/// Reads a file.
///
/// # Errors
///
/// If there is nothing to replay in it.
pub(super) fn read(bytes: &[u8]) -> Result<History, NoHistory> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut lines = (1..).zip(lines.map(<[u8]>::trim_ascii));
    let header = lines.next().filter(|(_, line)| !line.is_empty()).ok_or(NoHistory::Empty)?;
    let columns = columns(&fields(header.1).unwrap_or_default())?;
    let mut history = History::default();
    let mut found: Vec<(u64, Place, Utc, Option<Utc>)> = Vec::new();
    let mut seen: BTreeMap<(Place, Utc, Option<Utc>), u64> = BTreeMap::new();
    for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
        match row(text, &columns) {
            Err(what) => {
                history.malformed += 1;
                history.note(Fault::Malformed { line, what });
            }
            Ok((_, started, Some(finished))) if finished < started => {
                history.reversed += 1;
                history.note(Fault::Reversed { line });
            }
            Ok((place, started, finished)) => {
                let as_line = *seen.entry((place.clone(), started, finished)).or_insert(line);
                if as_line == line {
                    found.push((line, place, started, finished));
                } else {
                    history.repeated += 1;
                    history.note(Fault::Repeated { line, as_line });
                }
            }
        }
    }
    if found.is_empty() {
        let first = history.faults.into_iter().next();
        return Err(first.map_or(NoHistory::OnlyHeader, NoHistory::NoRow));
    }
    let every = found.iter().flat_map(|(_, place, ..)| {
        place.containers().into_iter().chain(std::iter::once(place.clone()))
    });
    history.places = every.collect::<BTreeSet<Place>>().into_iter().collect();
    for (line, place, started, finished) in found {
        if let Ok(place) = history.places.binary_search(&place) {
            history.rows.push(Row { line, place, started, finished });
        }
    }
    Ok(history)
}

impl History {
    fn note(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_SHOWN {
            self.faults.push(fault);
        }
    }

    /// Keeps the rows that start from `from` to `to`, both days included, by UTC. All places stay.
    pub(super) fn within(&mut self, from: Option<NaiveDate>, to: Option<NaiveDate>) {
        self.rows.retain(|row| {
            let day = row.started.date_naive();
            from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
        });
    }

    /// Rows that never end.
    pub(super) fn endless(&self) -> usize {
        self.rows.iter().filter(|row| row.finished.is_none()).count()
    }
}

fn columns(header: &[String]) -> Result<Columns, NoHistory> {
    let find = |name: &str| {
        header
            .iter()
            .position(|column| column.eq_ignore_ascii_case(name))
            .ok_or_else(|| NoHistory::Header { missing: format!("`{name}`") })
    };
    Ok(Columns {
        oblast: find("oblast")?,
        raion: find("raion")?,
        hromada: find("hromada")?,
        level: find("level")?,
        started: find("started_at")?,
        finished: find("finished_at")?,
        all: header.len(),
    })
}

/// The fields of one line.
fn fields(line: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .buffer_capacity(line.len() + 1)
        .from_reader(line);
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(_) => Ok(record.iter().map(str::to_owned).collect()),
        Err(_) => Err("it is not UTF-8".to_owned()),
    }
}

fn row(line: &[u8], columns: &Columns) -> Result<(Place, Utc, Option<Utc>), String> {
    let fields = fields(line)?;
    if fields.len() != columns.all {
        return Err(format!("it has {} fields, the header has {}", fields.len(), columns.all));
    }
    let some = |column: usize| fields.get(column).filter(|text| !text.is_empty());
    let named = |column: usize, name: &str| {
        some(column).cloned().ok_or_else(|| format!("`{name}` is empty"))
    };
    let oblast = named(columns.oblast, "oblast")?;
    let level = named(columns.level, "level")?;
    let place = match level.as_str() {
        "oblast" => Place { oblast, raion: None, hromada: None },
        "raion" => Place { oblast, raion: Some(named(columns.raion, "raion")?), hromada: None },
        "hromada" => Place {
            oblast,
            raion: some(columns.raion).cloned(),
            hromada: Some(named(columns.hromada, "hromada")?),
        },
        other => return Err(format!("`{other}` is no level: oblast, raion or hromada")),
    };
    let started = moment(&named(columns.started, "started_at")?)?;
    let finished = some(columns.finished).map(|text| moment(text)).transpose()?;
    Ok((place, started, finished))
}

/// `2022-03-15 16:10:34+00:00`, with `T` or a space, or without an offset for UTC.
fn moment(text: &str) -> Result<Utc, String> {
    let bare = || NaiveDateTime::parse_from_str(&text.replace('T', " "), "%Y-%m-%d %H:%M:%S%.f");
    let at = DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .or_else(|_| bare().map(|at| at.and_utc()))
        .map_err(|_| format!("`{text}` is no time such as 2022-03-15 16:10:34+00:00"))?;
    if YEARS.contains(&at.year()) { Ok(at) } else { Err(format!("`{text}` is too far away")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "oblast,raion,hromada,level,started_at,finished_at,source\n";

    fn file(rows: &str) -> Result<History, NoHistory> {
        read(format!("{HEADER}{rows}").as_bytes())
    }

    fn at(text: &str) -> Utc {
        moment(text).unwrap()
    }

    #[test]
    fn a_row_is_a_place_and_its_times() {
        let history = file(
            "Aska,Beta raion,\"m. Ce, and Ce hromada\",hromada,\
             2022-03-15 16:11:50+00:00,2022-03-15T19:00:00+02:00,official\r\n",
        )
        .unwrap();
        let names: Vec<&str> = history.places.iter().map(Place::name).collect();
        assert_eq!(names, ["Aska", "Beta raion", "m. Ce, and Ce hromada"], "parents are implied");
        let row = &history.rows[0];
        assert_eq!((row.line, row.place), (2, 2));
        assert_eq!(row.started, at("2022-03-15 16:11:50"), "without an offset it is UTC");
        assert_eq!(row.finished, Some(at("2022-03-15 17:00:00+00:00")));
        assert!(history.faults.is_empty());
    }

    #[test]
    fn a_row_may_never_end_and_not_end_before_it_starts() {
        let history = file(
            "A,,,oblast,2022-03-15 16:00:00+00:00,,official\n\
             A,,,oblast,2022-03-15 16:00:00+00:00,2022-03-15 15:00:00+00:00,official\n\
             A,,,oblast,2022-03-15 17:00:00+00:00,2022-03-15 17:00:00+00:00,official\n",
        )
        .unwrap();
        assert_eq!(history.faults, [Fault::Reversed { line: 3 }]);
        assert_eq!((history.rows.len(), history.endless(), history.reversed), (2, 1, 1));
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line_and_the_rest_goes_on() {
        let history = file(
            "A,,,oblast,yesterday,2022-03-15 16:00:00+00:00,official\n\
             \n\
             A,,,county,2022-03-15 16:00:00+00:00,,official\n\
             A,,,raion,2022-03-15 16:00:00+00:00,,official\n\
             ,,,oblast,2022-03-15 16:00:00+00:00,,official\n\
             \"A,,,oblast,2022-03-15 16:00:00+00:00,,official\n\
             A,,,oblast\n\
             A,,,oblast,2922-03-15 16:00:00+00:00,,official\n\
             A,,,oblast,2022-03-15 16:00:00+00:00,2022-03-15 16:10:00+00:00,official\n\
             A,,,oblast,2022-03-15 16:00:00+00:00,2022-03-15 16:10:00+00:00,again\n",
        )
        .unwrap();
        let told: Vec<String> = history.faults.iter().map(Fault::to_string).collect();
        let lines = ["2: `yesterday`", "4: `county`", "5: `raion`", "6: `oblast`"];
        let lines =
            lines.iter().chain(&["7: it has 1 ", "8: it has 4 ", "9: `2922", "11: the same"]);
        for (told, line) in told.iter().zip(lines) {
            assert!(told.starts_with(&format!("line {line}")), "{told}, not {line}");
        }
        assert_eq!(told.len(), 8);
        assert_eq!((history.rows.len(), history.malformed, history.repeated), (1, 7, 1));
        assert_eq!(history.rows[0].line, 10);
    }

    #[test]
    fn a_file_that_is_no_history_is_refused() {
        assert_eq!(read(b""), Err(NoHistory::Empty));
        assert_eq!(read(HEADER.as_bytes()), Err(NoHistory::OnlyHeader));
        let semicolons = HEADER.replace(',', ";");
        let missing = "`oblast`".to_owned();
        assert_eq!(read(semicolons.as_bytes()), Err(NoHistory::Header { missing }));
        let nothing = file("\u{0}\n");
        assert!(matches!(nothing, Err(NoHistory::NoRow(Fault::Malformed { line: 2, .. }))));
    }

    #[test]
    fn columns_are_found_by_name() {
        let text = "\u{feff}finished_at,started_at,note,level,hromada,raion,oblast\n\
                    ,2022-03-15 16:00:00,x,raion,,B,A\n";
        let history = read(text.as_bytes()).unwrap();
        assert_eq!(history.places[history.rows[0].place].name(), "B");
    }

    #[test]
    fn both_days_belong_to_the_span() {
        let mut history = file(
            "A,,,oblast,2022-08-21 23:59:59+00:00,2022-08-22 01:00:00+00:00,x\n\
             A,,,oblast,2022-08-22 00:00:00+00:00,,x\n\
             B,,,oblast,2022-08-28 23:59:59+00:00,,x\n\
             B,,,oblast,2022-08-29 00:00:00+00:00,,x\n",
        )
        .unwrap();
        history.within(NaiveDate::from_ymd_opt(2022, 8, 22), NaiveDate::from_ymd_opt(2022, 8, 28));
        let lines: Vec<u64> = history.rows.iter().map(|row| row.line).collect();
        assert_eq!((lines, history.places.len()), (vec![3, 4], 2));
    }
}
