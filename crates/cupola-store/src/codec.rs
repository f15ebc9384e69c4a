//! Columns to domain values and back. What the domain refuses is [`StoreError::Inconsistent`].

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use cupola_domain::{
    metric::{non_finite_word, parse_non_finite},
    progress::{Level, Progress},
    resources::{Capabilities, Gpu, Needs, Python},
    sandbox::{Access, Confinement},
    task::Config,
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use crate::{Row, StoreError};

/// A column that cannot be what it says.
pub(crate) fn inconsistent(table: &'static str, column: &'static str, row: &Row<'_>) -> StoreError {
    let id = row
        .text("id")
        .or_else(|_| row.text("run_id"))
        .unwrap_or_default();
    StoreError::Inconsistent {
        table,
        column,
        row: id,
    }
}

/// A text that the domain reads: an id, a role, a direction.
pub(crate) fn parsed<T: FromStr>(
    row: &Row<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<T, StoreError> {
    row.text(column)?
        .parse()
        .map_err(|_| inconsistent(table, column, row))
}

/// The same where NULL may stand.
pub(crate) fn optional_parsed<T: FromStr>(
    row: &Row<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    match row.optional_text(column)? {
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| inconsistent(table, column, row)),
        None => Ok(None),
    }
}

pub(crate) fn time(row: &Row<'_>, column: &'static str) -> Result<Timestamp, StoreError> {
    row.i64(column).map(Timestamp::from_millis)
}

pub(crate) fn optional_time(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.optional_i64(column)?.map(Timestamp::from_millis))
}

/// A whole number of any unsigned type.
pub(crate) fn count<T: TryFrom<i64>>(
    row: &Row<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<T, StoreError> {
    T::try_from(row.i64(column)?).map_err(|_| inconsistent(table, column, row))
}

pub(crate) fn millis(
    row: &Row<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<Duration, StoreError> {
    count(row, table, column).map(Duration::from_millis)
}

pub(crate) fn duration_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn object(
    row: &Row<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<Config, StoreError> {
    serde_json::from_str(&row.text(column)?).map_err(|_| inconsistent(table, column, row))
}

pub(crate) fn object_text(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).expect("a JSON object has a text")
}

/// A JSON object of texts: variables, tags.
pub(crate) fn texts(
    row: &Row<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<BTreeMap<String, String>, StoreError> {
    serde_json::from_str(&row.text(column)?).map_err(|_| inconsistent(table, column, row))
}

pub(crate) fn texts_text(texts: &BTreeMap<String, String>) -> String {
    serde_json::to_string(texts).expect("a map of texts has a text")
}

/// A double as the pair (finite value, word for what is not finite).
pub(crate) fn value_parts(value: Option<f64>) -> (Option<f64>, Option<String>) {
    match value.map(|value| (value, non_finite_word(value))) {
        None => (None, None),
        Some((_, Some(word))) => (None, Some(word.to_owned())),
        // SQLite does not keep the sign of zero, so there is only one zero.
        Some((value, None)) => (Some(value + 0.0), None),
    }
}

pub(crate) fn value_from_parts(value: Option<f64>, word: Option<&str>) -> Option<f64> {
    value.or_else(|| word.and_then(parse_non_finite))
}

/// One text for equal needs: it is a unique key.
pub(crate) fn needs_text(needs: &Needs) -> String {
    let mut body = json!({
        "cpu_cores": needs.cpu_cores,
        "memory_bytes": needs.memory_bytes,
        "disk_bytes": needs.disk_bytes,
        "gpus": needs.gpus,
        "gpu_memory_bytes": needs.gpu_memory_bytes,
        "python": needs.python,
        "torch": needs.torch,
        "cuda": needs.cuda,
    });
    // Needs without it keep the text that they had before there was any.
    if needs.access != Access::default() {
        let Access {
            network,
            gpu,
            reads,
        } = &needs.access;
        body["access"] = json!({"network": network, "gpu": gpu, "reads": reads});
    }
    body.to_string()
}

pub(crate) fn needs_from_text(text: &str) -> Option<Needs> {
    let body: Value = serde_json::from_str(text).ok()?;
    let small = |key: &str| u32::try_from(body[key].as_u64()?).ok();
    Some(Needs {
        cpu_cores: small("cpu_cores")?,
        memory_bytes: body["memory_bytes"].as_u64()?,
        disk_bytes: body["disk_bytes"].as_u64()?,
        gpus: small("gpus")?,
        gpu_memory_bytes: body["gpu_memory_bytes"].as_u64()?,
        python: body["python"].as_bool()?,
        torch: body["torch"].as_bool()?,
        cuda: body["cuda"].as_bool()?,
        access: match &body["access"] {
            Value::Null => Access::default(),
            access => Access {
                network: access["network"].as_bool()?,
                gpu: access["gpu"].as_bool()?,
                reads: words(&access["reads"])?,
            },
        },
    })
}

fn words(list: &Value) -> Option<Vec<String>> {
    let word = |word: &Value| word.as_str().map(str::to_owned);
    list.as_array()?.iter().map(word).collect()
}

pub(crate) fn capabilities_text(found: &Capabilities) -> String {
    let gpus: Vec<_> = found
        .gpus
        .iter()
        .map(|gpu| json!({"name": gpu.name, "memory_bytes": gpu.memory_bytes}))
        .collect();
    let python = found.python.as_ref().map(|python| {
        json!({
            "path": python.path,
            "version": python.version,
            "torch": python.torch,
            "has_cuda": python.has_cuda,
        })
    });
    let confinement = found.confinement.as_ref().map(|kept| {
        json!({
            "level": kept.level,
            "network": kept.network,
            "reads": kept.reads,
            "memory_bytes": kept.memory_bytes,
        })
    });
    json!({
        "hostname": found.hostname,
        "platform": found.platform,
        "cpu_model": found.cpu_model,
        "cpu_cores": found.cpu_cores,
        "memory_bytes": found.memory_bytes,
        "disk_bytes": found.disk_bytes,
        "gpus": gpus,
        "python": python,
        "confinement": confinement,
        "device_class": found.device_class,
    })
    .to_string()
}

pub(crate) fn capabilities_from_text(text: &str) -> Option<Capabilities> {
    let body: Value = serde_json::from_str(text).ok()?;
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let gpu = |gpu: &Value| {
        Some(Gpu {
            name: word(&gpu["name"])?,
            memory_bytes: gpu["memory_bytes"].as_u64()?,
        })
    };
    let python = |python: &Value| {
        Some(Python {
            path: word(&python["path"])?,
            version: word(&python["version"])?,
            torch: word(&python["torch"]),
            has_cuda: python["has_cuda"].as_bool()?,
        })
    };
    let confinement = |kept: &Value| {
        Some(Confinement {
            level: word(&kept["level"])?,
            network: kept["network"].as_bool()?,
            reads: words(&kept["reads"])?,
            memory_bytes: kept["memory_bytes"].as_u64(),
        })
    };
    Some(Capabilities {
        hostname: word(&body["hostname"])?,
        platform: word(&body["platform"])?,
        cpu_model: word(&body["cpu_model"])?,
        cpu_cores: u32::try_from(body["cpu_cores"].as_u64()?).ok()?,
        memory_bytes: body["memory_bytes"].as_u64()?,
        disk_bytes: body["disk_bytes"].as_u64()?,
        gpus: body["gpus"]
            .as_array()?
            .iter()
            .map(gpu)
            .collect::<Option<_>>()?,
        python: python(&body["python"]),
        confinement: confinement(&body["confinement"]),
        device_class: word(&body["device_class"]),
    })
}

/// The levels with where measuring began; JSON says all of it, for every double is finite.
pub(crate) fn progress_text(progress: &Progress) -> String {
    let level = |level: &Level| json!([level.current, level.total, level.message]);
    let levels: Vec<_> = progress.levels.iter().map(level).collect();
    let mark = |(at, share): (Timestamp, f64)| json!([at.millis(), share]);
    let marks: Vec<_> = progress.marks.iter().map(mark).collect();
    json!({
        "levels": levels,
        "said_at": progress.said_at.millis(),
        "from": marks.first(),
        "marks": marks.get(1..).unwrap_or_default(),
    })
    .to_string()
}

pub(crate) fn progress_from_text(text: &str) -> Option<Progress> {
    let body: Value = serde_json::from_str(text).ok()?;
    let level =
        |level: &Value| Level::new(level[0].as_f64()?, level[1].as_f64(), level[2].as_str()?);
    let time = |value: &Value| Some(Timestamp::from_millis(value.as_i64()?));
    let mark = |mark: &Value| time(&mark[0]).zip(mark[1].as_f64());
    // Progress of earlier versions has the first mark alone.
    let later = body["marks"].as_array().into_iter().flatten();
    Some(Progress {
        levels: body["levels"]
            .as_array()?
            .iter()
            .map(level)
            .collect::<Option<_>>()?,
        said_at: time(&body["said_at"])?,
        marks: mark(&body["from"])
            .into_iter()
            .chain(later.filter_map(mark))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use cupola_domain::progress::Marks;

    use super::*;

    #[test]
    fn progress_survives_its_text() {
        let said = [(3.0, Some(10.0), "epoch \"3\"\0"), (0.5, None, "")];
        let levels =
            said.map(|(current, total, message)| Level::new(current, total, message).unwrap());
        let progress = Progress {
            levels: levels.into_iter().collect(),
            said_at: Timestamp::from_millis(7),
            marks: [(5, 0.25), (6, 0.5)]
                .map(|(at, share)| (Timestamp::from_millis(at), share))
                .into_iter()
                .collect(),
        };
        for progress in [
            Progress {
                marks: Marks::default(),
                ..progress.clone()
            },
            progress,
        ] {
            assert_eq!(
                progress_from_text(&progress_text(&progress)),
                Some(progress)
            );
        }
    }

    #[test]
    fn needs_and_capabilities_survive_their_texts() {
        let needs = Needs {
            cpu_cores: 2,
            torch: true,
            memory_bytes: 7,
            ..Needs::default()
        };
        assert!(!needs_text(&needs).contains("access"));
        assert_eq!(needs_from_text(&needs_text(&needs)).as_ref(), Some(&needs));
        let asking = Needs {
            access: Access {
                network: true,
                gpu: false,
                reads: vec!["/data".into()],
            },
            ..needs
        };
        assert_eq!(needs_from_text(&needs_text(&asking)), Some(asking));
        let found = Capabilities {
            hostname: "h".into(),
            gpus: vec![Gpu {
                name: "g".into(),
                memory_bytes: 1,
            }],
            python: Some(Python {
                path: "p".into(),
                version: "3".into(),
                torch: None,
                has_cuda: false,
            }),
            confinement: Some(Confinement {
                level: "strict".into(),
                network: true,
                reads: vec!["/data".into()],
                memory_bytes: Some(5 << 20),
            }),
            device_class: Some("0123456789abcdef".into()),
            ..Capabilities::default()
        };
        assert_eq!(
            capabilities_from_text(&capabilities_text(&found)),
            Some(found)
        );
    }

    #[test]
    fn values_that_are_not_finite_are_kept_as_words() {
        for value in [0.5, f64::INFINITY, f64::NEG_INFINITY] {
            let (finite, word) = value_parts(Some(value));
            assert_eq!(value_from_parts(finite, word.as_deref()), Some(value));
        }
        assert_eq!(value_parts(Some(f64::NAN)), (None, Some("NaN".to_owned())));
    }
}
