//! An index of names in memory. It grows with the number of names; a look at it does not.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    names::{CHOICES_MAX, How, Key, Kind, Names, Thing},
    question::fold,
};

/// Characters of a name that are compared where a slip of the hand is looked for.
const COMPARED_CHARS_MAX: usize = 64;

/// So many names are compared with a word at most.
const CANDIDATES_MAX: usize = 1_000;

/// So many entries are looked through for things of the kinds that are wanted.
const ENTRIES_MAX: usize = 2_000;

/// Digits of an id that suffice.
const ID_DIGITS_MIN: usize = 4;

/// Letters that the beginning or a part of a name has at least.
const BEGINNING_CHARS_MIN: usize = 3;

type Places = Vec<u32>;

/// Names of things, each found by the whole of it, its beginning, its parts, or with slips.
#[derive(Debug, Default)]
pub struct Catalogue {
    things: Vec<Thing>,
    exact: HashMap<String, Places>,
    folded: BTreeMap<String, Places>,
    ids: BTreeMap<String, Places>,
    parts: HashMap<String, Places>,
    grams: HashMap<[char; 3], Places>,
    of_key: HashMap<Key, u32>,
    /// The newest last.
    of_kind: HashMap<Kind, Places>,
}

impl Catalogue {
    /// Adds a thing, newer than those before, with the names beside its own that it goes by.
    pub fn insert(&mut self, thing: Thing, others: &[&str]) {
        let own = thing.name.clone();
        let names: Vec<&str> = std::iter::once(own.as_str())
            .chain(others.iter().copied())
            .collect();
        self.insert_as(thing, &names);
    }

    /// Adds a thing that goes by these names, of which its own is one; by parts of the first, too.
    pub fn insert_as(&mut self, thing: Thing, names: &[&str]) {
        let place = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
        self.of_key.insert(thing.key.clone(), place);
        self.of_kind.entry(thing.kind()).or_default().push(place);
        self.things.push(thing);
        for (at, name) in names.iter().enumerate() {
            let folded = fold(name);
            // Other names are whole sentences: their words would be met by chance.
            let parts = folded.split(|c: char| !c.is_alphanumeric());
            for part in parts.filter(|part| at == 0 && part.chars().count() >= BEGINNING_CHARS_MIN)
            {
                add(self.parts.entry(part.to_owned()).or_default(), place);
            }
            for gram in grams(&compared(&folded)) {
                add(self.grams.entry(gram).or_default(), place);
            }
            add(self.exact.entry((*name).to_owned()).or_default(), place);
            add(self.folded.entry(folded).or_default(), place);
        }
    }

    /// Lets the thing that was inserted last be found by an id: the whole of it, its beginning, or its end.
    pub fn identify(&mut self, id: &str) {
        let Some(place) = self.things.len().checked_sub(1) else {
            return;
        };
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let digits = digits_of(id);
        if digits.len() == 32 {
            add(self.ids.entry(digits[20..].to_owned()).or_default(), place);
        }
        add(self.ids.entry(digits).or_default(), place);
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.things.len()
    }

    /// What a key leads to.
    pub fn thing_of(&self, key: &Key) -> Option<&Thing> {
        self.of_key.get(key).map(|place| self.thing(*place))
    }

    /// How many things of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.of_kind.get(&kind).map_or(0, Vec::len)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    fn things<'a>(&self, places: impl Iterator<Item = &'a u32>, kinds: &[Kind]) -> Vec<Thing> {
        let mut seen = HashSet::new();
        let wanted = places
            .take(ENTRIES_MAX)
            .filter(|place| kinds.contains(&self.thing(**place).kind()) && seen.insert(**place));
        wanted
            .take(CHOICES_MAX)
            .map(|place| self.thing(*place).clone())
            .collect()
    }

    fn thing(&self, place: u32) -> &Thing {
        &self.things[place as usize]
    }

    /// The things whose names are the fewest slips away, and no more than `slips_max`.
    fn near(&self, text: &str, slips_max: usize, kinds: &[Kind]) -> Vec<Thing> {
        let wanted = compared(&fold(text));
        let mut closest: Vec<(usize, u32)> = Vec::new();
        for place in self.candidates(&wanted, slips_max) {
            let thing = self.thing(place);
            if !kinds.contains(&thing.kind()) {
                continue;
            }
            if let Some(slips) = slips(&wanted, &compared(&fold(&thing.name)), slips_max) {
                closest.push((slips, place));
            }
        }
        closest.sort_unstable();
        let least = closest.first().map_or(0, |(slips, _)| *slips);
        let places = closest.iter().filter(|(slips, _)| *slips == least);
        self.things(places.map(|(_, place)| place), kinds)
    }

    /// A slip changes four triples of letters at most (two neighbours that are swapped), so that a name
    /// shares one of any `4 n + 1`: the rarest are looked at.
    fn candidates(&self, wanted: &[char], slips_max: usize) -> Vec<u32> {
        let all = grams(wanted);
        let mut known: Vec<&Places> = all.iter().filter_map(|gram| self.grams.get(gram)).collect();
        known.sort_unstable_by_key(|places| places.len());
        let unknown = all.len() - known.len();
        let enough = (4 * slips_max + 1).saturating_sub(unknown);
        let mut seen = HashSet::new();
        let places = known.into_iter().take(enough).flatten();
        places
            .take(CANDIDATES_MAX)
            .copied()
            .filter(|place| seen.insert(*place))
            .collect()
    }
}

impl Names for Catalogue {
    fn find(&self, how: How, text: &str, kinds: &[Kind]) -> Vec<Thing> {
        let folded = fold(text);
        let chars = folded.chars().count();
        match how {
            How::Exact => self.things(self.exact.get(text).into_iter().flatten(), kinds),
            How::Folded => self.things(self.folded.get(&folded).into_iter().flatten(), kinds),
            How::Id => {
                let digits = digits_of(text);
                let is_id = digits.len() >= ID_DIGITS_MIN
                    && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let from = self.ids.range(digits.clone()..);
                let begins = from.take_while(|(id, _)| is_id && id.starts_with(&digits));
                self.things(begins.flat_map(|(_, places)| places), kinds)
            }
            How::Prefix if chars >= BEGINNING_CHARS_MIN => {
                let from = self.folded.range(folded.clone()..);
                let begins = from.take_while(|(name, _)| name.starts_with(&folded));
                self.things(begins.flat_map(|(_, places)| places), kinds)
            }
            How::Part => self.things(self.parts.get(&folded).into_iter().flatten().rev(), kinds),
            How::Near if chars >= 4 => self.near(text, if chars >= 8 { 2 } else { 1 }, kinds),
            How::Far => self.near(text, chars / 3 + 1, kinds),
            How::Prefix | How::Near => Vec::new(),
        }
    }

    fn recent(&self, kind: Kind) -> Vec<Thing> {
        self.things(self.of_kind.get(&kind).into_iter().flatten().rev(), &[kind])
    }
}

/// A place is in a list once; they come in order.
fn add(places: &mut Places, place: u32) {
    if places.last() != Some(&place) {
        places.push(place);
    }
}

fn digits_of(id: &str) -> String {
    id.trim_start_matches('#')
        .chars()
        .filter(|c| *c != '-')
        .map(|c| c.to_ascii_lowercase())
        .take(40)
        .collect()
}

fn compared(folded: &str) -> Vec<char> {
    folded.chars().take(COMPARED_CHARS_MAX).collect()
}

/// Every three letters that stand together, with a blank before and after all.
fn grams(chars: &[char]) -> Vec<[char; 3]> {
    let mut padded = vec![' '];
    padded.extend(chars);
    padded.push(' ');
    let mut grams: Vec<_> = padded.windows(3).map(|w| [w[0], w[1], w[2]]).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// How many letters were left out, put in, changed or swapped with their neighbour; `None` for more than `most`.
pub(crate) fn slips(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut fewest = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                fewest = fewest.min(before[j - 1] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|slips| *slips <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Key, Meaning};

    fn catalogue() -> Catalogue {
        let mut catalogue = Catalogue::default();
        for name in [
            "lr-sweep",
            "lr-sweep-2",
            "Wide Sweep",
            "baseline",
            "val_loss",
            "train_loss",
            "GPU-1",
            "gpu-1",
        ] {
            catalogue.insert(Thing::new(Key::Template(name.to_owned()), name), &[]);
        }
        catalogue.identify("0192f7a1-0000-7000-8000-00abcdef1234");
        catalogue
    }

    fn check(text: &str, expected: &str) {
        let said = match catalogue().meaning(text, &[Kind::Template]) {
            Meaning::One(thing, how) => format!("{} {how:?}", thing.name),
            Meaning::Several(things) => {
                let names: Vec<_> = things.into_iter().map(|thing| thing.name).collect();
                names.join("|")
            }
            Meaning::None => "none".to_owned(),
        };
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn the_surest_way_decides() {
        check("lr-sweep", "lr-sweep Exact");
        check("wide  sweep", "Wide Sweep Folded");
        check("GPU-1", "GPU-1 Exact");
        check("Gpu-1", "GPU-1|gpu-1");
        check("0192f7a1", "gpu-1 Id");
        check("00abcd", "gpu-1 Id");
        check("0192f7a1-0000-7000-8000-00abcdef1234", "gpu-1 Id");
        check("base", "baseline Prefix");
        check("lr-", "lr-sweep|lr-sweep-2");
        check("wide", "Wide Sweep Prefix");
        check("loss", "train_loss|val_loss");
        check("basleine", "baseline Near");
        check("lr-swep-2", "lr-sweep-2 Near");
        check("valloss", "val_loss Near");
        check("ba", "none");
        check("entirely else", "none");
        check("", "none");
    }

    #[test]
    fn what_is_like_is_offered() {
        let found = catalogue().find(How::Far, "basaltine", &[Kind::Template]);
        assert_eq!(found[0].name, "baseline");
        assert!(
            catalogue()
                .find(How::Far, "basaltine", &[Kind::Run])
                .is_empty()
        );
    }

    #[test]
    fn slips_are_counted() {
        let count = |a: &str, b: &str| {
            let (a, b) = (a.chars().collect::<Vec<_>>(), b.chars().collect::<Vec<_>>());
            slips(&a, &b, 3)
        };
        for (a, b, expected) in [
            ("abc", "abc", Some(0)),
            ("abc", "acb", Some(1)),
            ("abc", "ab", Some(1)),
            ("abc", "xbcd", Some(2)),
            ("abc", "wxyz", None),
            ("", "abc", Some(3)),
            ("", "abcd", None),
        ] {
            assert_eq!(count(a, b), expected, "{a} {b}");
        }
    }
}
