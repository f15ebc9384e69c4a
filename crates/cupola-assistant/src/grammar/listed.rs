//! "The second one", "the last one": what was listed before, by its place.

use super::{
    build::{Context, Refused},
    named::which,
};
use crate::{
    names::{Kind, Names, Thing},
    words::Sense,
};

impl<N: Names> Context<'_, N> {
    /// What of the last list is spoken of by its place.
    pub(super) fn listed(&mut self, kinds: &[Kind]) -> Result<Vec<Thing>, Refused> {
        let listed = &self.conversation.listed;
        let mut things = Vec::new();
        let Some(kind) = listed
            .first()
            .map(Thing::kind)
            .filter(|kind| kinds.contains(kind))
        else {
            return Ok(things);
        };
        for at in 0..self.marked.words().len() {
            let Some((place, length)) = self.place_at(at, kind) else {
                continue;
            };
            let place = place.map_or(listed.len(), |place| place as usize);
            match place.checked_sub(1).and_then(|place| listed.get(place)) {
                Some(thing) => things.push(thing.clone()),
                None => return Err(which(kind, listed.clone()).into()),
            }
            self.used.push(at..at + length);
        }
        Ok(things)
    }

    /// A place that stands here, none for the last, and how many words say it.
    fn place_at(&self, at: usize, kind: Kind) -> Option<(Option<u32>, usize)> {
        let marked = self.marked;
        let said = |at: usize| {
            marked
                .words()
                .get(at)
                .map_or("", |word| word.folded.as_str())
        };
        let is_one = said(at + 1) == "one";
        let place = marked.senses().find_map(|(place, sense)| match sense {
            Sense::Nth(number) if place == at => Some(Some(number)),
            _ => None,
        });
        let is_last = ["last", "latest", "newest"].contains(&said(at)) && !marked.is_taken(at);
        let place = place.or(is_last.then_some(None))?;
        let next = marked.says_at(at + 1, Sense::Kind(kind));
        // "The second best", "the first failure" and "the last run" are other things.
        let ranks = [
            Sense::Best,
            Sense::Worst,
            Sense::Top,
            Sense::Highest,
            Sense::Lowest,
            Sense::Next,
        ];
        let is_ranked = ranks.iter().any(|sense| marked.has(*sense));
        let is_alone = place.is_some() && !marked.says_at(at + 1, Sense::Failed);
        let is_meant = is_one || (!is_ranked && is_alone);
        is_meant.then_some((place, 1 + usize::from(is_one || next)))
    }
}
