//! What the scan found in the configured folders.

use cupola_domain::{
    time::Timestamp,
    training::{Found, TrainingFile},
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    SAVE = "INSERT INTO training_file (path, name, model_key, kind, bytes, modified_nanos, samples,
                                       broken_lines, broken_first, version, score, scored_at, problem,
                                       is_settled, scanned_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            ON CONFLICT (path) DO UPDATE
            SET name = excluded.name, model_key = excluded.model_key, kind = excluded.kind,
                bytes = excluded.bytes, modified_nanos = excluded.modified_nanos,
                samples = excluded.samples, broken_lines = excluded.broken_lines,
                broken_first = excluded.broken_first, version = excluded.version,
                score = excluded.score, scored_at = excluded.scored_at, problem = excluded.problem,
                is_settled = excluded.is_settled, scanned_at = excluded.scanned_at";
    LIST = "SELECT * FROM training_file ORDER BY path";
    LIST_OF = "SELECT * FROM training_file WHERE model_key = $1 ORDER BY path";
    DELETE = "DELETE FROM training_file WHERE path = $1";
}

/// Notes what was found of a file.
pub fn save(tx: &mut Tx, file: &TrainingFile) -> Result<(), StoreError> {
    let (mut samples, mut broken, mut version, mut score) = (None, None, None, None);
    let kind = match &file.found {
        Found::Samples {
            samples: s,
            broken: b,
            version: v,
        } => {
            (samples, broken, version) = (*s, *b, v.clone());
            "dataset"
        }
        Found::Score { score: s } => {
            score = *s;
            "evaluation"
        }
        Found::Nothing => "folder",
    };
    tx.execute_one(
        SAVE,
        &[
            &file.path,
            &file.name,
            &file.key,
            &kind,
            &number(file.bytes),
            &file.modified_nanos,
            &samples.map(number),
            &broken.map(|(lines, _)| number(lines)),
            &broken.map(|(_, first)| number(first)),
            &version,
            &score.map(|(score, _)| score + 0.0),
            &score.map(|(_, at)| at.millis()),
            &file.problem,
            &file.is_settled,
            &file.scanned_at.millis(),
        ],
    )
}

/// All of them, by path.
pub fn list(tx: &mut Tx) -> Result<Vec<TrainingFile>, StoreError> {
    tx.query(LIST, &[], file)
}

/// Those of a training model, by path.
pub fn list_of(tx: &mut Tx, key: &str) -> Result<Vec<TrainingFile>, StoreError> {
    tx.query(LIST_OF, &[&key], file)
}

/// Forgets a file that is not there any more.
pub fn delete(tx: &mut Tx, path: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&path]).map(drop)
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn file(row: &Row<'_>) -> Result<TrainingFile, StoreError> {
    const TABLE: &str = "training_file";
    let count = |column: &'static str| -> Result<Option<u64>, StoreError> {
        let found = row.optional_i64(column)?;
        Ok(found.map(|count| u64::try_from(count).unwrap_or_default()))
    };
    let found = match row.text("kind")?.as_str() {
        "dataset" => Found::Samples {
            samples: count("samples")?,
            broken: count("broken_lines")?.zip(count("broken_first")?),
            version: row.optional_text("version")?,
        },
        "evaluation" => Found::Score {
            score: row
                .optional_f64("score")?
                .zip(row.optional_i64("scored_at")?.map(Timestamp::from_millis)),
        },
        "folder" => Found::Nothing,
        _ => return Err(codec::inconsistent(TABLE, "kind", row)),
    };
    Ok(TrainingFile {
        path: row.text("path")?,
        name: row.text("name")?,
        key: row.text("model_key")?,
        found,
        bytes: codec::count(row, TABLE, "bytes")?,
        modified_nanos: row.i64("modified_nanos")?,
        problem: row.optional_text("problem")?,
        is_settled: row.bool("is_settled")?,
        scanned_at: codec::time(row, "scanned_at")?,
    })
}
