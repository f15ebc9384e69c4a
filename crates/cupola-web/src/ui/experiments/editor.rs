//! The form of an experiment, and the page around it.

use askama::Template;
use cupola_domain::{field::FieldError, schema::Schema, template};
use cupola_hub::experiments::COMMAND;

use super::{Draft, editing::CHECK};
use crate::ui::{
    components::{Field, Input, Opt, html_safe},
    form::{Node, Written},
    frame::Frame,
};

/// Mistakes that the summary names; the rest are counted, and stand beside their fields.
const MISTAKES_MAX: usize = 20;

/// A template to choose, and what is said of it.
#[derive(Debug, Clone)]
pub struct TemplateChoice {
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it does.
    pub description: String,
}

/// A mistake as the summary names it.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// The id of what it is about.
    pub anchor: String,
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// The form. It posts to the page it stands on: `op` says whether to save (`save`, `start`), to show
/// it for another template (`template`), in the other form (`turn`), or what happens to a list.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/_form.html")]
pub struct Editor {
    /// Where it posts.
    pub action: String,
    /// Where it is looked at on the way.
    pub check: String,
    /// Where it is left without saving.
    pub back: String,
    /// `Create experiment`, or `Save`.
    pub verb: &'static str,
    /// What is wrong, as far as it is named.
    pub mistakes: Vec<Mistake>,
    /// How much is wrong.
    pub mistakes_total: usize,
    /// What somebody should know before: what was left out of a configuration.
    pub notice: String,
    /// The template.
    pub template: Field,
    /// The one that is chosen.
    pub chosen: TemplateChoice,
    /// Name, description.
    pub about: Vec<Field>,
    /// The configuration.
    pub nodes: Vec<Node>,
    /// Whether that is JSON.
    pub is_json: bool,
    /// Whether it may be written in fields, too.
    pub has_fields: bool,
    /// Time budget, seed, priority, working folder.
    pub running: Vec<Field>,
    /// Environment, tags.
    pub pairs: Vec<Field>,
    /// Whether those are in sight.
    pub is_unfolded: bool,
    /// The id of what should have the focus; empty for nothing.
    pub focus: String,
}

/// The page with the form.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/edit.html")]
pub struct EditPage {
    /// Around it.
    pub frame: Frame,
    /// `New experiment`, or which one is edited.
    pub heading: String,
    /// The form.
    pub form: Editor,
}

html_safe!(Editor);

impl From<&template::Template> for TemplateChoice {
    fn from(template: &template::Template) -> Self {
        Self {
            name: template.name.clone(),
            title: template.title.clone(),
            description: template.description.clone(),
        }
    }
}

impl Editor {
    /// The form with what `draft` says and what is wrong with it.
    pub fn new(
        draft: &Draft,
        schema: &Schema,
        templates: &[TemplateChoice],
        errors: &[FieldError],
    ) -> Self {
        let with_error = |field: Field| field.with_error_of(errors);
        let nodes = Node::all(schema, &draft.config, errors);
        let chosen = templates.iter().find(|one| one.name == draft.template);
        let running: Vec<_> = running(draft).into_iter().map(with_error).collect();
        let pairs: Vec<_> = pairs(draft).into_iter().map(with_error).collect();
        let mut names: Vec<_> = ["template", "name", "description", "configuration"].into();
        names.extend(
            running
                .iter()
                .chain(&pairs)
                .map(|field| field.name.as_str()),
        );
        for node in &nodes {
            node.names(&mut names);
        }
        let mistakes = errors.iter().take(MISTAKES_MAX);
        Self {
            action: String::new(),
            check: CHECK.to_owned(),
            back: String::new(),
            verb: "Create experiment",
            mistakes: mistakes.map(|error| mistake(error, &names)).collect(),
            mistakes_total: errors.len(),
            notice: String::new(),
            template: with_error(template(&draft.template, templates)),
            chosen: chosen.cloned().unwrap_or_else(|| unlisted(&draft.template)),
            about: about(draft).into_iter().map(with_error).collect(),
            is_json: matches!(draft.config, Written::Json(_)),
            has_fields: !schema.fields.is_empty(),
            is_unfolded: running
                .iter()
                .chain(&pairs)
                .any(|field| field.error.is_some()),
            nodes,
            running,
            pairs,
            focus: String::new(),
        }
    }

    /// How many mistakes the summary only counts.
    pub fn mistakes_more(&self) -> usize {
        self.mistakes_total - self.mistakes.len()
    }

    /// Sets where it posts, and where it is left.
    #[must_use]
    pub fn posting_to(mut self, action: impl Into<String>, back: impl Into<String>) -> Self {
        self.action = action.into();
        self.back = back.into();
        self
    }
}

/// A mistake leads to its field, or to the nearest that the field lies in.
fn mistake(error: &FieldError, names: &[&str]) -> Mistake {
    let mut anchor = error.field.as_str();
    while !names.contains(&anchor) {
        anchor = anchor
            .rsplit_once('.')
            .map_or("configuration", |(above, _)| above);
    }
    Mistake {
        anchor: anchor.to_owned(),
        field: error.field.clone(),
        message: error.message.clone(),
    }
}

/// What a form asks for that is no template.
fn unlisted(name: &str) -> TemplateChoice {
    let description = match name {
        COMMAND => "The command that the experiment's file gave.",
        _ => "There is no such template.",
    };
    TemplateChoice {
        name: name.to_owned(),
        title: name.to_owned(),
        description: description.to_owned(),
    }
}

fn template(chosen: &str, templates: &[TemplateChoice]) -> Field {
    let mut options: Vec<_> = templates
        .iter()
        .map(|template| {
            let label = format!("{} ({})", template.title, template.name);
            Opt::new(&template.name, label, chosen)
        })
        .collect();
    if options.iter().all(|option| !option.is_selected) {
        options.push(Opt::new(chosen, chosen, chosen));
    }
    Field::new("template", "Template", chosen).with(Input::Select(options))
}

fn about(draft: &Draft) -> Vec<Field> {
    vec![
        Field::new("name", "Name", &draft.name).required(),
        Field::new("description", "Description", &draft.description)
            .with(Input::Area { rows: 2 })
            .hint("What it is for, in your own words."),
    ]
}

fn running(draft: &Draft) -> Vec<Field> {
    let stepped = |min: &str, step: &str| Input::Stepped {
        min: min.to_owned(),
        max: String::new(),
        step: step.to_owned(),
    };
    vec![
        Field::new(
            "time_budget_secs",
            "Time budget of a run, seconds",
            &draft.time_budget,
        )
        .with(stepped("", ""))
        .placeholder("3600")
        .hint("Programs are asked to stop at 90 % of it and killed 15 s after it."),
        Field::new("seed", "Seed", &draft.seed)
            .with(stepped("", "1"))
            .hint("Left empty, each run gets its own."),
        Field::new("priority", "Priority", &draft.priority)
            .with(stepped("", "1"))
            .placeholder("0")
            .hint("Higher goes first."),
        Field::new("working_folder", "Working folder", &draft.working_folder)
            .hint("Where the program starts on the worker. Left empty, in a folder of its own."),
    ]
}

fn pairs(draft: &Draft) -> Vec<Field> {
    let area = |text: &str| Input::Code {
        rows: u32::try_from(text.lines().count())
            .unwrap_or(3)
            .clamp(3, 12),
    };
    vec![
        Field::new("environment", "Environment", &draft.environment)
            .with(area(&draft.environment))
            .placeholder("OMP_NUM_THREADS=1")
            .hint("Variables for the program, one a line: NAME=value."),
        Field::new("tags", "Tags", &draft.tags)
            .with(area(&draft.tags))
            .placeholder("purpose=baseline")
            .hint("For people, one a line: name=value."),
    ]
}

/// Says which values of a configuration found no field.
pub(super) fn left_out(names: &[String]) -> String {
    const NAMES_SHOWN: usize = 10;
    let shown: Vec<_> = names
        .iter()
        .take(NAMES_SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len() {
        0 => String::new(),
        1 => format!(
            "{} is no field of the template any more and was left out.",
            shown[0]
        ),
        total if total > NAMES_SHOWN => format!(
            "{} and {} more are no fields of the template any more and were left out.",
            shown.join(", "),
            total - NAMES_SHOWN
        ),
        _ => format!(
            "{} are no fields of the template any more and were left out.",
            shown.join(", ")
        ),
    }
}
