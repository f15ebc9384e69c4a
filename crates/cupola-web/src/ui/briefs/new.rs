//! `/briefs/new`: the form for a brief, and the same with what is wrong in it.

use askama::Template;
use cupola_domain::{
    brief::Draft,
    field::FieldError,
    resources::{Profile, Profiles},
};

use super::estimate::{Estimate, Offer, estimate};
use crate::ui::{
    components::{Field, Input, Opt},
    format,
    frame::{Frame, Section, Who},
    paths,
};

/// A template that a brief may choose.
#[derive(Debug, Clone)]
pub struct TemplateChoice {
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it does.
    pub description: String,
    /// `val_bpb, lower is better`.
    pub objective: String,
    /// Its own search space: parameter, expression.
    pub space: Vec<(String, String)>,
}

/// A parameter of the search space.
#[derive(Debug, Clone)]
pub struct SpaceRow {
    /// From 1, for labels.
    pub number: usize,
    /// The parameter.
    pub name: String,
    /// Its expression.
    pub expression: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// The page. The form posts `title`, `goal`, `constraints`, `template`, `num_tasks`, `time_budget`,
/// `budget_credits`, `hardware`, `device_class`, `priority`, `sampler`, `study_seed`, and for each row of the
/// space one `parameter` and one `expression`; empty rows are ignored.
#[derive(Debug, Clone, Template)]
#[template(path = "briefs/new.html")]
pub struct Form {
    /// Around it.
    pub frame: Frame,
    /// What is wrong, with the form's fields as anchors.
    pub errors: Vec<FieldError>,
    /// Title, goal, constraints.
    pub wanted: Vec<Field>,
    /// The template.
    pub template: Field,
    /// The one that is chosen.
    pub chosen: TemplateChoice,
    /// Tasks, time budget.
    pub amount: Vec<Field>,
    /// Budget, hardware, device class, priority.
    pub limits: Vec<Field>,
    /// Sampler, study seed.
    pub search: Vec<Field>,
    /// The search space, with empty rows at its end.
    pub space: Vec<SpaceRow>,
    /// How long it will take.
    pub estimate: Estimate,
}

/// The samplers, each with what it does.
const SAMPLERS: [(&str, &str); 3] = [
    ("random", "random: each configuration drawn independently"),
    (
        "grid",
        "grid: every combination in turn, continuous ranges in even steps",
    ),
    (
        "quasi_random",
        "quasi-random: spread evenly, no two alike; most for few tasks",
    ),
];

/// Rows that stand empty for more parameters.
const EMPTY_ROWS: usize = 2;

impl Form {
    /// The form with what `draft` says and what is wrong with it. The draft's template is among
    /// `templates`; where its space is empty the template's own stands.
    pub fn new(
        who: Option<Who>,
        draft: &Draft,
        space: &[(String, String)],
        templates: &[TemplateChoice],
        chosen: TemplateChoice,
        offer: Offer,
        errors: Vec<FieldError>,
    ) -> Self {
        let with_error = |field: Field| field.with_error_of(&errors);
        Self {
            frame: Frame::new("New brief", Section::Briefs, who).under("Briefs", paths::BRIEFS),
            wanted: wanted(draft).into_iter().map(with_error).collect(),
            template: with_error(template(&draft.template, templates)),
            amount: amount(draft).into_iter().map(with_error).collect(),
            limits: limits(draft, &offer.profiles)
                .into_iter()
                .map(with_error)
                .collect(),
            search: search(draft).into_iter().map(with_error).collect(),
            space: rows(
                if space.is_empty() {
                    &chosen.space
                } else {
                    space
                },
                &errors,
            ),
            estimate: estimate(draft, offer),
            chosen,
            errors,
        }
    }

    /// The anchor of a mistake: the field's own, or the table of the space.
    pub fn anchor(error: &FieldError) -> &str {
        if error.field.starts_with("space") {
            "space"
        } else {
            &error.field
        }
    }
}

fn wanted(draft: &Draft) -> Vec<Field> {
    vec![
        Field::new("title", "Title", &draft.title)
            .hint("One line. Left empty, the goal's first line is taken."),
        Field::new("goal", "Research goal", &draft.goal)
            .with(Input::Area { rows: 4 })
            .required()
            .hint("What you want to find out, in your own words."),
        Field::new("constraints", "Constraints", &draft.constraints)
            .with(Input::Area { rows: 2 })
            .hint("What may not happen. Kept with the brief for whoever reads its results."),
    ]
}

fn template(chosen: &str, templates: &[TemplateChoice]) -> Field {
    let options = templates
        .iter()
        .map(|template| {
            let label = format!("{} ({})", template.title, template.name);
            Opt::new(&template.name, label, chosen)
        })
        .collect();
    Field::new("template", "Template", chosen)
        .with(Input::Select(options))
        .hint("The program that every task runs.")
}

fn amount(draft: &Draft) -> Vec<Field> {
    vec![
        Field::new("num_tasks", "Number of tasks", &draft.num_tasks)
            .with(Input::Number)
            .required()
            .hint("One configuration and seed each."),
        Field::new(
            "time_budget",
            "Time budget of a task, seconds",
            &draft.time_budget,
        )
        .with(Input::Number)
        .required()
        .hint("Programs are asked to stop at 90 % of it and killed 15 s after it."),
    ]
}

fn limits(draft: &Draft, profiles: &Profiles) -> Vec<Field> {
    let hardware = profiles
        .iter()
        .map(|profile| Opt::new(&profile.name, describe(profile), &draft.hardware))
        .collect();
    let placements = [
        ("any", "any: whichever machines there are"),
        ("same", "same: machines that compute the same bits"),
    ];
    let placements = placements.map(|(word, label)| Opt::new(word, label, &draft.device_class));
    vec![
        Field::new("budget_credits", "Budget, credits", &draft.budget_credits)
            .with(Input::Number)
            .hint("Left empty, there is no limit."),
        Field::new("hardware", "Hardware", &draft.hardware)
            .with(Input::Select(hardware))
            .hint("The least that a worker must have."),
        Field::new("device_class", "Device class", &draft.device_class)
            .with(Input::Select(placements.into()))
            .hint("Keep all tasks to the class of the machine that takes the first, so that their values compare exactly."),
        Field::new("priority", "Priority", &draft.priority)
            .with(Input::Number)
            .hint("Among your own tasks a higher number comes first. Left empty, it is 0."),
    ]
}

pub(super) fn describe(profile: &Profile) -> String {
    let Profile { name, needs } = profile;
    let gpu = match needs.gpus {
        0 => String::new(),
        number => format!(
            ", {number} GPU with {}",
            format::bytes(needs.gpu_memory_bytes)
        ),
    };
    format!(
        "{name}: {}, {}{gpu}",
        format::counted(needs.cpu_cores.into(), "core", "cores"),
        format::bytes(needs.memory_bytes)
    )
}

fn search(draft: &Draft) -> Vec<Field> {
    let samplers = SAMPLERS
        .into_iter()
        .map(|(value, label)| Opt::new(value, label, &draft.sampler))
        .collect();
    vec![
        Field::new("sampler", "Sampler", &draft.sampler)
            .with(Input::Select(samplers))
            .hint("How configurations are chosen from the search space."),
        Field::new("study_seed", "Study seed", &draft.study_seed)
            .with(Input::Number)
            .hint("The same seed gives the same configurations again."),
    ]
}

fn rows(space: &[(String, String)], errors: &[FieldError]) -> Vec<SpaceRow> {
    let empty = std::iter::repeat_n((String::new(), String::new()), EMPTY_ROWS);
    let error_of = |name: &str| {
        let field = format!("space.{name}");
        let mine = errors.iter().find(|error| error.field == field);
        mine.map(|error| error.message.clone())
    };
    space
        .iter()
        .cloned()
        .chain(empty)
        .enumerate()
        .map(|(at, (name, expression))| SpaceRow {
            number: at + 1,
            error: error_of(&name),
            name,
            expression,
        })
        .collect()
}
