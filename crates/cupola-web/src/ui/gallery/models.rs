//! `/models`

use cupola_domain::{
    access::{Principal, Role},
    artifact::Artifact,
    counts::State,
    field::FieldError,
    ids::{Ids, ModelId},
    model::{
        DataUsed, Deployment, DeploymentStatus, Evaluation, EvaluationOrigin, Lineage, Model,
        ModelVersion, Readiness, SCORE, Stage,
    },
    training::{Found, TrainingFile, TrainingModel},
};
use cupola_hub::models::{KnownModel, KnownVersion, ModelDetail, RegisteredModel, VersionDetail};

use super::{
    Sample,
    things::{HOSTILE, at, config, family, frame, results, run},
};
use crate::ui::{
    components::{Badge, EmptyState, Field, Input, Link, Pager, Tone},
    frame::Section,
    listing::{Searched, Slice},
    models::{
        Index, ModelForm, Registry, RegistryCard, RegistryCards, Show, header, history, list,
        versions,
    },
    paths,
    training::{Tab, Tabs},
};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("models", &index(several())),
        Sample::new("models-empty", &index(Vec::new())),
        Sample::new("models-hostile", &index(vec![summary(&hostile())])),
        Sample::new("model", &show(&detail("majora", 3))),
        Sample::new("model-new", &show(&detail("veran", 0))),
        Sample::new("model-hostile", &show(&hostile())),
        Sample::new("model-form", &form()),
        Sample::new("training-registry", &registry("majora", 3)),
        Sample::new("training-registry-empty", &registry("majora", 0)),
        Sample::new("training-registry-hostile", &registry(HOSTILE, 1)),
    ]
}

fn id() -> ModelId {
    Ids::new(77).next(at(7))
}

fn who() -> Principal {
    Principal {
        token: Ids::new(78).next(at(7)),
        name: "ada".to_owned(),
        owner: "ada".to_owned(),
        role: Role::Researcher,
    }
}

fn summary(detail: &ModelDetail) -> RegisteredModel {
    detail.summary.clone()
}

/// No two of them are the same.
fn several() -> Vec<RegisteredModel> {
    let several = (0..3).map(|count| {
        let mut found = summary(&detail("majora", 3 - count));
        found.known.model.id = Ids::new(90 + u64::from(count)).next(at(7));
        found
    });
    several.collect()
}

fn index(found: Vec<RegisteredModel>) -> Index {
    let asked = Searched {
        search: String::new(),
        page: 1,
    };
    let slice = Slice {
        total: found.len() as u64,
        found,
        page: 1,
    };
    Index {
        frame: frame("Models", Section::Models),
        list: list(
            &asked,
            &slice,
            &[file("models", Found::Nothing, Some(HOSTILE))],
        ),
        search: asked.search,
    }
}

fn show(detail: &ModelDetail) -> Show {
    let name = &detail.summary.known.model.name;
    Show {
        frame: frame(name, Section::Models)
            .with_curves()
            .under("Models", paths::MODELS),
        header: header(detail, &who()),
        versions: versions(detail, &who()),
        history: history(detail),
    }
}

fn version(number: u32) -> ModelVersion {
    ModelVersion {
        model: id(),
        number,
        stage: [Stage::Production, Stage::Archived, Stage::None][number as usize % 3],
        status: Readiness::Ready,
        description: "Trained on the merged set.".to_owned(),
        source: format!("runs:/{}/model", run(2)),
        run: Some(run(2)),
        run_link: String::new(),
        logged: None,
        author: "ada".to_owned(),
        tags: [].into(),
        created_at: at(u64::from(number) * 100),
        updated_at: at(u64::from(number) * 100),
    }
}

fn lineage(number: u32) -> Lineage {
    Lineage {
        model: id(),
        version: number,
        run: run(2),
        experiment: family(1),
        code_hash: HASH.to_owned(),
        config: config(2),
        metrics: results(),
        data: vec![DataUsed {
            name: "majora_v1_merged.jsonl".to_owned(),
            digest: "48 bytes of 1795132800000".to_owned(),
            source: "/srv/afs/models/majora_v1_merged.jsonl".to_owned(),
            samples: Some(2_048),
        }],
    }
}

fn evaluation(n: u64) -> Evaluation {
    Evaluation {
        id: Ids::new(n).next(at(n)),
        model: id(),
        version: n.is_multiple_of(2).then_some(1),
        metric: SCORE.to_owned(),
        score: [0.5, 0.75, 0.85][usize::try_from(n % 3).unwrap_or(0)],
        origin: EvaluationOrigin::ALL[usize::try_from(n % 3).unwrap_or(0)],
        source: "/srv/afs/evaluations/results/majora_results.json".to_owned(),
        run: (n % 3 == 2).then(|| run(n)),
        note: String::new(),
        author: "folders".to_owned(),
        at: at(1_000 - n * 10),
    }
}

fn deployment(n: u64) -> Deployment {
    let all = DeploymentStatus::ALL;
    Deployment {
        id: Ids::new(n).next(at(n)),
        model: id(),
        version: Some(1),
        status: all[(usize::try_from(n).unwrap_or(0) + 2) % all.len()],
        place: "https://oracle.example".to_owned(),
        note: "canary first".to_owned(),
        author: "ada".to_owned(),
        at: at(1_000 - n * 10),
    }
}

fn file(name: &str, found: Found, problem: Option<&str>) -> TrainingFile {
    TrainingFile {
        path: format!("/srv/afs/models/{name}"),
        name: name.to_owned(),
        key: "majora".to_owned(),
        found,
        bytes: 5_368_709_120,
        modified_nanos: at(5).millis() * 1_000_000,
        problem: problem.map(str::to_owned),
        is_settled: true,
        scanned_at: at(9),
    }
}

fn model(name: &str, count: u32) -> Model {
    let alias = (count > 0).then(|| ("champion".to_owned(), 1));
    Model {
        id: id(),
        name: name.to_owned(),
        description: "Oracle of Secrets expert.\nAsk before it is moved.".to_owned(),
        author: "configuration".to_owned(),
        newest: count,
        tags: [("team".to_owned(), "oracle".to_owned())].into(),
        aliases: alias.into_iter().collect(),
        created_at: at(0),
        updated_at: at(900),
    }
}

fn kept(name: &str) -> Artifact {
    Artifact {
        name: name.to_owned(),
        hash: HASH.to_owned(),
        size: 1_234_567,
        kept_at: at(9),
    }
}

fn data() -> Vec<TrainingFile> {
    let samples = Found::Samples {
        samples: Some(2_048),
        broken: Some((2, 17)),
        version: Some("v1".to_owned()),
    };
    let score = Found::Score { score: None };
    let wrong = "`overall_score` is \"good\", not a number from 0 to 1";
    vec![
        file("majora_v1_merged.jsonl", samples, None),
        file("majora_results.json", score, Some(wrong)),
    ]
}

/// A model with so many versions, and as much of everything else.
fn detail(name: &str, count: u32) -> ModelDetail {
    let known = |number| KnownVersion {
        name: name.to_owned(),
        version: version(number),
        aliases: vec!["champion".to_owned()],
    };
    let files = vec![kept("model/weights.bin"), kept("README.md")];
    let versions = (1..=count).rev().map(|number| VersionDetail {
        known: known(number),
        files: files.clone(),
        lineage: (number % 2 == 1).then(|| lineage(number)),
    });
    let data = if count == 0 { Vec::new() } else { data() };
    let evaluations: Vec<_> = (0..u64::from(count)).map(evaluation).collect();
    let deployments: Vec<_> = (0..u64::from(count)).map(deployment).collect();
    ModelDetail {
        summary: RegisteredModel {
            known: KnownModel {
                model: model(name, count),
                latest: (1..=count).rev().map(known).collect(),
            },
            files: u64::from(count.min(2)),
            bytes: 2_469_134,
            evaluation: evaluations.first().cloned(),
            deployment: deployments.first().cloned(),
            training: Some(TrainingModel {
                name: "Majora v1".to_owned(),
                planned_hours: Some(4.0),
                ..TrainingModel::of_key(name)
            }),
            data: data.first().and_then(TrainingFile::data),
        },
        versions: versions.collect(),
        evaluations,
        evaluated: u64::from(count),
        deployments,
        deployed: u64::from(count),
        data,
    }
}

fn hostile() -> ModelDetail {
    let mut detail = detail(HOSTILE, 2);
    HOSTILE.clone_into(&mut detail.summary.known.model.description);
    detail.summary.known.model.tags = [(HOSTILE.to_owned(), HOSTILE.to_owned())].into();
    for one in &mut detail.versions {
        HOSTILE.clone_into(&mut one.known.version.description);
        HOSTILE.clone_into(&mut one.known.version.source);
        one.known.aliases = vec![HOSTILE.to_owned()];
        HOSTILE.clone_into(&mut one.files[0].name);
    }
    for evaluation in &mut detail.evaluations {
        HOSTILE.clone_into(&mut evaluation.source);
        HOSTILE.clone_into(&mut evaluation.note);
        HOSTILE.clone_into(&mut evaluation.metric);
    }
    for deployment in &mut detail.deployments {
        HOSTILE.clone_into(&mut deployment.place);
    }
    for file in &mut detail.data {
        HOSTILE.clone_into(&mut file.name);
        file.problem = Some(HOSTILE.to_owned());
    }
    detail
}

/// `/training/registry`: as usual, and with what wants to be a program.
fn registry(name: &str, count: usize) -> Registry {
    let card = RegistryCard {
        name: Link::new(name, paths::model(id(), "")),
        key: name.to_owned(),
        status: Badge::state(State::Completed, ""),
        version: "v3".to_owned(),
        samples: "2 048".to_owned(),
        size: "5.0 GiB".to_owned(),
        deployment: Badge::word("ready", Tone::Good),
        score: "0.85".to_owned(),
        problem: "line 17 is no JSON object".to_owned(),
        download: Some("/api/v1/models/majora/download".to_owned()),
    };
    let mut cards = vec![card; count];
    if let Some(last) = cards.last_mut() {
        last.download = None;
    }
    Registry {
        frame: frame("Registry", Section::Training),
        tabs: Tabs::new(Tab::Registry),
        cards: RegistryCards {
            src: paths::TRAINING_REGISTRY_CARDS.to_owned(),
            pager: Pager::new(1, 48, count as u64, |page| page.to_string()),
            empty: (count == 0).then(|| EmptyState::new("Nothing is trained", "Name models.")),
            cards,
        },
    }
}

fn form() -> ModelForm {
    let wrong = FieldError::new("score", "`<b>` is not a number");
    let page = paths::model(id(), "");
    ModelForm {
        frame: frame("Evaluate", Section::Models)
            .under("Models", paths::MODELS)
            .under("majora", &page),
        title: "Evaluate: majora".to_owned(),
        lead: "Adds to the history of how the model did; nothing there changes.".to_owned(),
        fields: vec![
            Field::new("metric", "Metric", "overall_score").hint("What was measured."),
            Field::new("score", "Score", "<b>")
                .with(Input::Number)
                .with_error_of(&[wrong]),
        ],
        errors: vec!["`version`: is 9".to_owned()],
        verb: "Add",
        action: format!("{page}/evaluation"),
        back: page,
    }
}
