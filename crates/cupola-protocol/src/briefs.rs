//! Briefs: what is wanted.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{families::FamilyBody, families::SummaryBody, time::Time};

/// Asks for a family of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBrief {
    /// One line; the goal's first when absent.
    #[serde(default)]
    pub title: String,
    /// The research goal. `description` and `goal_description` are accepted too.
    #[serde(default, alias = "description", alias = "goal_description")]
    pub goal: String,
    /// What may not happen.
    #[serde(default)]
    pub constraints: String,
    /// The template's name; `char-lm` when absent.
    #[serde(default = "default_template")]
    pub template: String,
    /// How many credits may be spent; no limit when absent.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    pub budget_credits: Option<serde_json::Number>,
    /// `small`, `medium`, `large`, or a class that the hub's configuration names.
    #[serde(default = "default_hardware", alias = "target_hardware")]
    pub hardware: String,
    /// `same` keeps all tasks to one device class, that of the first machine; `any` when absent.
    #[serde(default)]
    pub device_class: String,
    /// How many tasks.
    #[serde(default = "default_num_tasks")]
    #[schema(value_type = f64)]
    pub num_tasks: serde_json::Number,
    /// Seconds for each task. `time_budget_per_task` is accepted too.
    #[serde(default = "default_time_budget", alias = "time_budget_per_task")]
    #[schema(value_type = f64)]
    pub time_budget: serde_json::Number,
    /// `random`, `grid` or `quasi_random`.
    #[serde(default = "default_sampler")]
    pub sampler: String,
    /// Which of the sampler's sequences.
    #[serde(default = "default_study_seed")]
    #[schema(value_type = f64)]
    pub study_seed: serde_json::Number,
    /// How urgent its tasks are beside others of its owner; 0 when absent.
    #[serde(default = "default_study_seed")]
    #[schema(value_type = f64)]
    pub priority: serde_json::Number,
    /// Parameter → expression (`"log_uniform(1e-4, 1e-2)"`) or object; the template's own when
    /// absent. Parameters named here replace the template's, the others stay.
    #[serde(default)]
    pub space: Map<String, Value>,
}

fn default_template() -> String {
    "char-lm".to_owned()
}

fn default_hardware() -> String {
    "small".to_owned()
}

fn default_num_tasks() -> serde_json::Number {
    10.into()
}

fn default_time_budget() -> serde_json::Number {
    60.into()
}

fn default_sampler() -> String {
    "random".to_owned()
}

fn default_study_seed() -> serde_json::Number {
    0.into()
}

/// A brief in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BriefBody {
    /// Its id.
    pub brief_id: String,
    /// One line.
    pub title: String,
    /// The research goal.
    pub goal: String,
    /// What may not happen.
    pub constraints: String,
    /// What its tasks run.
    pub template: String,
    /// How many credits may be spent, in credits with up to six decimals; none is no limit.
    pub budget_credits: Option<String>,
    /// The class of machine.
    pub hardware: String,
    /// `same` where its tasks keep to one device class, else `any`.
    pub device_class: String,
    /// How many tasks.
    pub num_tasks: u32,
    /// Seconds for each.
    pub time_budget: f64,
    /// The sampler.
    pub sampler: String,
    /// Which of its sequences.
    pub study_seed: i64,
    /// How urgent its tasks are beside others of its owner.
    #[serde(default)]
    pub priority: i64,
    /// The search space, complete.
    pub space: Map<String, Value>,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub created_at: Time,
    /// Its family.
    pub family: FamilyBody,
}

/// A brief with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BriefDetail {
    /// The brief.
    pub brief: BriefBody,
    /// Its results so far.
    pub summary: SummaryBody,
    /// What a task of it costs, in credits with six decimals.
    #[serde(default)]
    pub task_price: String,
    /// What all of its tasks cost together.
    #[serde(default)]
    pub price: String,
}
