//! From models to what pages show of them.

use cupola_domain::{
    access::{Principal, Role},
    artifact::Artifact,
    model::{DeploymentStatus, Evaluation, EvaluationOrigin, Lineage, Stage},
    training::{Found, TrainingFile},
};
use cupola_hub::models::{ModelDetail, RegisteredModel, VersionDetail};
use cupola_protocol::paths::api;
use serde_json::Value;

use super::{
    DataRow, DeploymentRow, EvaluationRow, FileRow, Header, History, List, ModelRow, VersionRow,
    Versions,
};
use crate::ui::{
    components::{
        Along, Badge, CodeBlock, Drawn, DrawnCurve, EmptyState, Link, Pager, Tone, listed,
    },
    format,
    listing::{ROWS, Searched, Slice, escaped},
    paths,
    plain::plain,
    present::may,
};

/// A version that keeps more files shows so many of them; the archive has all.
const FILES_SHOWN: usize = 200;

/// Tags that say what the page says by itself.
const OWN_TAGS: &str = "cupola.";

pub(crate) fn list(
    asked: &Searched,
    found: &Slice<Vec<RegisteredModel>>,
    files: &[TrainingFile],
) -> List {
    let empty = || match asked.search.as_str() {
        "" => EmptyState::new(
            "No models",
            "Promote a run from its page, name models in the configuration's [training], or \
             register one with an MLflow client.",
        )
        .with_command("cupola model promote RUN --model NAME"),
        _ => EmptyState::new("No models", "Nothing is called so.")
            .with_action("Show all", paths::MODELS),
    };
    List {
        src: asked.address("/models/list", found.page),
        count: format::counted(found.total, "model", "models"),
        rows: found.found.iter().map(row).collect(),
        pager: Pager::new(found.page, ROWS.into(), found.total, |page| {
            asked.address(paths::MODELS, page)
        }),
        problems: files.iter().filter_map(folder_problem).collect(),
        empty: (found.total == 0).then(empty),
    }
}

/// A folder that cannot be read is told where all models are.
fn folder_problem(file: &TrainingFile) -> Option<String> {
    let problem = match file.found {
        Found::Nothing => file.trouble()?,
        _ => return None,
    };
    Some(plain(&format!("{}: {problem}", file.path)))
}

fn row(found: &RegisteredModel) -> ModelRow {
    let model = &found.known.model;
    let newest = found.newest().map(|known| known.version.number);
    let in_use = found.in_use().map(|known| &known.version);
    let in_use = in_use.filter(|version| version.stage != Stage::None);
    let evaluation = found.evaluation.as_ref();
    let samples = found.data.as_ref().and_then(|data| data.samples);
    ModelRow {
        id: model.id.to_string(),
        name: Link::new(plain(&model.name), paths::model(model.id, "")),
        title: title(found),
        version: version(found),
        newest: newest
            .filter(|number| in_use.is_some_and(|version| version.number < *number))
            .map(|number| format!("newest v{number}"))
            .unwrap_or_default(),
        stage: in_use.map(|version| stage_badge(version.stage)),
        score: evaluation.map_or_else(nothing, |it| score(it.score)),
        metric: evaluation.map(|it| plain(&it.metric)).unwrap_or_default(),
        samples: samples.map_or_else(nothing, format::count),
        size: found.size().map_or_else(nothing, format::bytes),
        deployment: deployment_badge(found.deployment_status()),
        updated: model.updated_at.into(),
    }
}

fn version(found: &RegisteredModel) -> String {
    found
        .version()
        .map_or_else(nothing, |version| plain(&version))
}

fn nothing() -> String {
    format::NOTHING.to_owned()
}

/// What a model is called in training, where that is something else.
fn title(found: &RegisteredModel) -> String {
    let training = found.training.as_ref().map(|training| &training.name);
    let title = training.filter(|title| **title != found.known.model.name);
    title.map(|title| plain(title)).unwrap_or_default()
}

/// A score, as short as it is exact enough to be compared.
pub(super) fn score(score: f64) -> String {
    format::tick(score)
}

/// Whether a version is in use.
fn stage_badge(stage: Stage) -> Badge {
    let tone = match stage {
        Stage::None => Tone::Quiet,
        Stage::Staging => Tone::Waiting,
        Stage::Production => Tone::Good,
        Stage::Archived => Tone::Quiet,
    };
    Badge::word(stage.as_str(), tone)
}

/// How it stands with using a model.
pub(super) fn deployment_badge(status: DeploymentStatus) -> Badge {
    let tone = match status {
        DeploymentStatus::Pending => Tone::Waiting,
        DeploymentStatus::Ready => Tone::Good,
        DeploymentStatus::Active => Tone::Glowing,
        DeploymentStatus::Failed => Tone::Bad,
        DeploymentStatus::Retired => Tone::Quiet,
    };
    Badge::word(status.as_str(), tone)
}

fn key(detail: &ModelDetail) -> String {
    format!("model:{},training", detail.summary.known.model.id)
}

pub(crate) fn header(detail: &ModelDetail, who: &Principal) -> Header {
    let found = &detail.summary;
    let model = &found.known.model;
    let id = model.id;
    let is_researcher = may(who, Role::Researcher);
    let action = |text: &str, part: &str| Link::new(text, paths::model(id, part));
    let actions = [
        action("Notes", "/notes"),
        action("Evaluate", "/evaluation"),
        action("Deploy", "/deployment"),
    ];
    let own = |(key, _): &(&String, &String)| !key.starts_with(OWN_TAGS);
    let aliases = model.aliases.iter();
    Header {
        key: key(detail),
        src: paths::model(id, "/header"),
        name: plain(&model.name),
        title: title(found),
        notes: plain(&model.description),
        deployment: deployment_badge(found.deployment_status()),
        figures: figures(found),
        facts: facts(found),
        id: id.to_string(),
        tags: (model.tags.iter().filter(own))
            .map(|(key, value)| (plain(key), plain(value)))
            .collect(),
        aliases: aliases
            .map(|(alias, number)| (plain(alias), format!("v{number}")))
            .collect(),
        created: model.created_at.into(),
        updated: model.updated_at.into(),
        data: detail
            .data
            .iter()
            .map(|file| data_row(detail, file))
            .collect(),
        download: found
            .is_ready()
            .then(|| api::with(api::MODEL_DOWNLOAD, &id.to_string())),
        actions: if is_researcher {
            actions.into()
        } else {
            Vec::new()
        },
        deletion: is_researcher.then(|| action("Delete", "/deletion")),
    }
}

fn figures(found: &RegisteredModel) -> Vec<(&'static str, String, String)> {
    let evaluation = found.evaluation.as_ref();
    let samples = found.data.as_ref().and_then(|data| data.samples);
    vec![
        (
            "Score",
            evaluation.map_or_else(nothing, |it| score(it.score)),
            evaluation.map(|it| plain(&it.metric)).unwrap_or_default(),
        ),
        (
            "Version",
            version(found),
            found
                .in_use()
                .map(|known| known.version.stage)
                .filter(|stage| *stage != Stage::None)
                .map(|stage| stage.to_string())
                .unwrap_or_default(),
        ),
        (
            "Samples",
            samples.map_or_else(nothing, format::count),
            String::new(),
        ),
        (
            "Size",
            found.size().map_or_else(nothing, format::bytes),
            String::new(),
        ),
    ]
}

fn facts(found: &RegisteredModel) -> Vec<(&'static str, String)> {
    let model = &found.known.model;
    let place = found.deployment.as_ref().map(|it| plain(&it.place));
    let training = found.training.as_ref();
    let planned = training.and_then(|training| training.planned_hours);
    [
        ("Registered by", Some(plain(&model.author))),
        ("Deployed at", place.filter(|place| !place.is_empty())),
        ("Key in training", training.map(|it| plain(&it.key))),
        (
            "Planned",
            planned.map(|hours| format!("{} hours", format::tick(hours))),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

fn data_row(detail: &ModelDetail, file: &TrainingFile) -> DataRow {
    let id = detail.summary.known.model.id.to_string();
    let (holds, version, has_samples) = match &file.found {
        Found::Samples {
            samples, version, ..
        } => (
            samples.map_or_else(nothing, |count| format::counted(count, "sample", "samples")),
            version.clone(),
            samples.is_some(),
        ),
        Found::Score { score: found } => (
            found.map_or_else(nothing, |(found, _)| format!("score {}", score(found))),
            None,
            false,
        ),
        Found::Nothing => (nothing(), None, false),
    };
    let href = || api::with(&api::with(api::MODEL_DATA, &id), &escaped(&file.name));
    DataRow {
        name: plain(&file.name),
        href: has_samples.then(href),
        path: plain(&file.path),
        version: version.unwrap_or_else(nothing),
        holds,
        size: format::bytes(file.bytes),
        updated: file.modified().into(),
        problem: file.trouble().map(|text| plain(&text)).unwrap_or_default(),
    }
}

pub(crate) fn versions(detail: &ModelDetail, who: &Principal) -> Versions {
    let id = detail.summary.known.model.id;
    let empty = || {
        EmptyState::new(
            "No versions",
            "Promote a run from its page: its files, numbers, code and data become a version.",
        )
        .with_command(format!(
            "cupola model promote RUN --model {}",
            plain(&detail.summary.known.model.name)
        ))
    };
    let rows = detail.versions.iter().zip(0..);
    Versions {
        key: format!("model:{id}"),
        src: paths::model(id, "/versions"),
        rows: rows
            .map(|(one, place)| VersionRow {
                is_open: place == 0,
                ..version_row(one, who)
            })
            .collect(),
        empty: detail.versions.is_empty().then(empty),
    }
}

fn version_row(one: &VersionDetail, who: &Principal) -> VersionRow {
    let VersionDetail { known, files, .. } = one;
    let lineage = one.lineage.as_ref();
    let version = &known.version;
    let (id, number) = (version.model, version.number);
    let is_researcher = may(who, Role::Researcher);
    let page = |part: &str| paths::model(id, &format!("/versions/{number}{part}"));
    let of_api = |pattern| api::with(&api::with(pattern, &id.to_string()), &number.to_string());
    let file = |file: &Artifact| {
        let parts: Vec<_> = file.name.split('/').map(escaped).collect();
        let href = api::with(&of_api(api::MODEL_FILE), &parts.join("/"));
        FileRow {
            file: Link::new(plain(&file.name), href),
            size: format::bytes(file.size),
            hash: file.hash.clone(),
        }
    };
    let bytes = files.iter().map(|file| file.size).sum();
    let count = format::counted(files.len() as u64, "file", "files");
    VersionRow {
        number,
        is_open: false,
        stage: stage_badge(version.stage),
        aliases: known.aliases.iter().map(|alias| plain(alias)).collect(),
        notes: plain(&version.description),
        source: plain(&version.source),
        author: plain(&version.author),
        created: version.created_at.into(),
        files: files.iter().take(FILES_SHOWN).map(file).collect(),
        size: format!("{count}, {}", format::bytes(bytes)),
        archive: (!files.is_empty()).then(|| of_api(api::MODEL_ARCHIVE)),
        run: version.run.map(Into::into),
        code: lineage.and_then(code),
        metrics: lineage.map(metrics).unwrap_or_default(),
        used: lineage.map(used).unwrap_or_default(),
        config: lineage
            .map(|lineage| CodeBlock::json("config.json", &Value::Object(lineage.config.clone()))),
        edit: is_researcher.then(|| Link::new("Change", page(""))),
        deletion: is_researcher.then(|| Link::new("Delete", page("/deletion"))),
    }
}

fn code(lineage: &Lineage) -> Option<Link> {
    let hash = &lineage.code_hash;
    let is_kept = !hash.is_empty();
    is_kept.then(|| Link::new(hash.chars().take(12).collect::<String>(), paths::code(hash)))
}

fn metrics(lineage: &Lineage) -> Vec<(String, String)> {
    let metrics = lineage.metrics.iter();
    metrics
        .map(|(name, value)| (plain(name), plain(&format::json(value))))
        .collect()
}

fn used(lineage: &Lineage) -> Vec<(String, String)> {
    let data = lineage.data.iter();
    data.map(|used| {
        let samples = used
            .samples
            .map(|count| format::counted(count, "sample", "samples"));
        (
            plain(&used.name),
            samples.unwrap_or_else(|| plain(&used.digest)),
        )
    })
    .collect()
}

pub(crate) fn history(detail: &ModelDetail) -> History {
    let id = detail.summary.known.model.id;
    let version = |number: Option<u32>| number.map_or_else(nothing, |number| format!("v{number}"));
    let evaluations = detail.evaluations.iter();
    let deployments = detail.deployments.iter();
    History {
        key: format!("model:{id}"),
        src: paths::model(id, "/history"),
        curve: curve(&detail.evaluations),
        evaluated: format::count(detail.evaluated),
        deployed: format::count(detail.deployed),
        evaluations: evaluations
            .map(|it| EvaluationRow {
                at: it.at.into(),
                score: score(it.score),
                metric: plain(&it.metric),
                version: version(it.version),
                origin: origin_badge(it.origin),
                source: source(it),
                run: it.run.map(Into::into),
                note: plain(&it.note),
                author: plain(&it.author),
            })
            .collect(),
        deployments: deployments
            .map(|it| DeploymentRow {
                at: it.at.into(),
                status: deployment_badge(it.status),
                version: version(it.version),
                place: plain(&it.place),
                note: plain(&it.note),
                author: plain(&it.author),
            })
            .collect(),
    }
}

/// What somebody called an evaluation, or the name of the file that says it.
fn source(evaluation: &Evaluation) -> String {
    let source = evaluation.source.as_str();
    plain(match evaluation.origin {
        EvaluationOrigin::File => source.rsplit('/').next().unwrap_or(source),
        _ => source,
    })
}

fn origin_badge(origin: EvaluationOrigin) -> Badge {
    let tone = match origin {
        EvaluationOrigin::File | EvaluationOrigin::Run => Tone::Quiet,
        EvaluationOrigin::Manual => Tone::Warning,
    };
    Badge::word(origin.as_str(), tone)
}

/// The scores of what was measured last, over time.
fn curve(evaluations: &[Evaluation]) -> Option<Drawn> {
    let metric = &evaluations.first()?.metric;
    let mut same: Vec<_> = evaluations
        .iter()
        .filter(|it| it.metric == *metric)
        .collect();
    same.reverse();
    same.dedup_by_key(|it| it.at);
    if same.len() < 2 {
        return None;
    }
    let places: Vec<_> = same.iter().map(|it| it.at.millis().to_string()).collect();
    Some(Drawn {
        id: "scores",
        name: format!("{} over time", plain(metric)),
        along: Along::Time,
        unit: "",
        ends: "",
        places: places.join(","),
        curves: vec![DrawnCurve {
            label: plain(metric),
            values: listed(same.iter().map(|it| Some(it.score))),
            most: String::new(),
        }],
    })
}
