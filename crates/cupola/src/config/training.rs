//! `[training]`: what is trained, and the folders where its files lie.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cupola_domain::cost::Money;
use cupola_hub::training_models::NewTrainingModel;
use serde::Deserialize;

/// What may stand in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    folders: Vec<PathBuf>,
    model: Vec<Model>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Model {
    key: String,
    name: String,
    description: String,
    gpu_hours: Option<f64>,
    cost_per_hour: Option<f64>,
    status: Option<String>,
    progress: Option<f64>,
    total_cost: Option<f64>,
}

/// What a hub is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Training {
    pub models: Vec<NewTrainingModel>,
    pub folders: Vec<PathBuf>,
}

impl Section {
    /// Folders are named from where the file lies.
    pub(super) fn read(self, base: &Path) -> anyhow::Result<Training> {
        let folders = self.folders.into_iter().map(|folder| base.join(folder));
        let models = self.model.into_iter().zip(1..).map(|(model, place)| {
            let shown = match model.key.as_str() {
                "" => format!("number {place}"),
                key => format!("`{key}`"),
            };
            model
                .read()
                .with_context(|| format!("[[training.model]] {shown}"))
        });
        Ok(Training {
            models: models.collect::<anyhow::Result<_>>()?,
            folders: folders.collect(),
        })
    }
}

impl Model {
    fn read(self) -> anyhow::Result<NewTrainingModel> {
        let status = self.status.map(|status| status.parse());
        Ok(NewTrainingModel {
            key: self.key,
            name: self.name,
            description: self.description,
            planned_hours: self.gpu_hours,
            hourly: money("cost_per_hour", self.cost_per_hour)?,
            status: status
                .transpose()
                .map_err(anyhow::Error::msg)
                .context("`status`")?,
            progress: self.progress,
            total_cost: money("total_cost", self.total_cost)?,
        })
    }
}

fn money(field: &str, amount: Option<f64>) -> anyhow::Result<Option<Money>> {
    let Some(amount) = amount else {
        return Ok(None);
    };
    let money = Money::of(amount);
    let wrong = || format!("`{field}`: is {amount}; say an amount that is not negative");
    money.with_context(wrong).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Training> {
        let section: Section = toml::from_str(text)?;
        section.read(Path::new("/etc/lab"))
    }

    #[test]
    fn models_and_folders_are_read() {
        let training = read(
            "folders = ['afs', '/data']\n\
             [[model]]\nkey = 'majora'\nname = 'Majora v1'\ngpu_hours = 4\ncost_per_hour = 0.24\n\
             status = 'completed'\nprogress = 100\n\
             [[model]]\nkey = 'din'",
        );
        let training = training.unwrap();
        assert_eq!(
            training.folders,
            [Path::new("/etc/lab/afs"), Path::new("/data")]
        );
        assert_eq!(training.models.len(), 2);
        let majora = &training.models[0];
        assert_eq!(majora.planned_hours, Some(4.0));
        assert_eq!(majora.hourly, Money::of(0.24));
        assert_eq!(majora.progress, Some(100.0));
        assert_eq!(training.models[1].status, None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let check = |text: &str, expected: &str| {
            let message = format!("{:#}", read(text).unwrap_err());
            assert!(message.contains(expected), "{message}");
        };
        check(
            "[[model]]\nkey = 'a'\nstatus = 'done'",
            "[[training.model]] `a`: `status`: `done` is not a state",
        );
        check(
            "[[model]]\ncost_per_hour = -1",
            "[[training.model]] number 1: `cost_per_hour`: is -1",
        );
        check(
            "[[model]]\nkey = 'a'\ngpu_hour = 1",
            "unknown field `gpu_hour`",
        );
        check("folder = []", "unknown field `folder`");
    }
}
