//! A draft of what there was: "run alpha again".

use cupola_domain::{
    brief::{Brief, Wanted},
    resources::Hardware,
    scheduling::Placement,
};
use cupola_hub::HubError;
use cupola_search::{sampler::Sampler, space::Space};
use serde_json::Value;

use super::{Answer, Desk, quoted};
use crate::{
    links,
    names::{Key, Thing},
    suggest,
    wish::{Time, Wish},
};

/// What a brief is called where it was given no title: so much of its goal's first line.
const USUAL_TITLE_CHARS: usize = 80;

impl Desk<'_> {
    /// The draft of a brief like the one that made an experiment; none where no brief did, or drafts cannot say
    /// all that it says.
    pub(super) fn like(&self, of: &Thing) -> Result<Option<Wish>, HubError> {
        let Some(brief) = self.brief_of(of)? else {
            return Ok(None);
        };
        let template = brief.wanted.template.clone();
        let wish = Wish {
            template: Some(template),
            ..Wish::default()
        };
        let own = self
            .template_of(&wish)
            .map(|template| template.space.clone());
        let own = own.and_then(|own| Space::parse_json(&Value::Object(own)).ok());
        Ok(wish_of(&brief.wanted, own.as_ref()))
    }

    fn brief_of(&self, of: &Thing) -> Result<Option<Brief>, HubError> {
        let Key::Experiment(id) = &of.key else {
            return Ok(None);
        };
        let origin = self.hub.experiment_detail(*id)?.experiment.origin;
        let brief = origin.brief();
        brief.map_or(Ok(None), |brief| self.hub.find_brief(brief))
    }

    /// What is said where no draft can be made of it.
    pub(super) fn again(&self, of: &Thing) -> Result<Answer, HubError> {
        let name = quoted(&of.name);
        if self.brief_of(of)?.is_some() {
            return Ok(Answer::refused(format!(
                "I cannot draft a brief like {name}: it has what drafts cannot say, such as a class of machines with a name of its own. Its page shows it, and the form of a new brief has all of it."
            ))
            .link("a new brief", links::NEW_BRIEF));
        }
        let said = suggest::named(of);
        Ok(Answer {
            suggestions: vec![format!("start {said}")],
            ..Answer::refused(format!(
                "No brief made {name}, so I cannot draft one like it. Say `start {said}` for another run with the configuration that it has, `start 5 runs of {said}` for more, or `retry task 3 of {said}` for one that failed."
            ))
        })
    }
}

/// A brief in the words of drafts. Of its space only what the template does not search by itself.
fn wish_of(wanted: &Wanted, own: Option<&Space>) -> Option<Wish> {
    let hardware = Hardware::ALL
        .into_iter()
        .find(|one| one.as_str() == wanted.hardware)?;
    let seed = u32::try_from(wanted.study_seed).ok()?;
    let sampler: Sampler = wanted.sampler.parse().ok()?;
    let space = Space::parse_json(&Value::Object(wanted.space.clone())).ok()?;
    let said = space.parameters().iter().filter(|one| {
        let usual = own.and_then(|own| own.find(&one.name));
        usual != Some(*one)
    });
    let first_line = wanted.goal.lines().next().unwrap_or_default();
    let usual: String = first_line.chars().take(USUAL_TITLE_CHARS).collect();
    let is_titled = usual != wanted.title;
    // What its template searches since then was not searched by this one.
    let others = own.into_iter().flat_map(Space::parameters);
    let others = others.filter(|one| space.find(&one.name).is_none());
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(Wish {
        goal: wanted.goal.clone(),
        title: is_titled.then(|| wanted.title.clone()),
        constraints: text(&wanted.constraints),
        template: Some(wanted.template.clone()),
        num_tasks: Some(wanted.num_tasks),
        time: Some(Time::Each(wanted.time_budget)),
        hardware: Some(hardware),
        is_same_class: (wanted.placement == Placement::OneClass).then_some(true),
        credits: wanted.budget.map(|budget| budget.to_string()),
        priority: (wanted.priority != 0).then_some(wanted.priority),
        sampler: (sampler != Sampler::Random).then_some(sampler),
        study_seed: (seed != 0).then_some(seed),
        space: said
            .map(|one| (one.name.clone(), one.expression()))
            .collect(),
        dropped: others.map(|one| one.name.clone()).collect(),
        ..Wish::default()
    })
}
