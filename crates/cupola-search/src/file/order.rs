//! What comes first: names of other tasks into places, and circles refused.

use super::place::{Place, closest, cut, quoted};

/// So many steps of a circle are named.
const CIRCLE_SHOWN_MAX: usize = 20;

/// For each step, the places of the steps that it names under `depends_on`.
pub(super) fn read(steps: &[(&str, Place<'_>)]) -> Vec<Vec<usize>> {
    let names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
    let needed: Vec<Vec<usize>> = steps.iter().map(|(_, step)| named(step, &names)).collect();
    if let Some(circle) = circle(&needed) {
        let first = circle[0];
        let message = format!(
            "goes in a circle: {}; take one of them out",
            around(&circle, &names)
        );
        let (_, step) = &steps[first];
        step.find("depends_on")
            .as_ref()
            .unwrap_or(step)
            .refuse(message);
    }
    needed
}

fn named(step: &Place<'_>, names: &[&str]) -> Vec<usize> {
    let Some(list) = step.find("depends_on") else {
        return Vec::new();
    };
    let items = if list.is_list() {
        list.items("").unwrap_or_default()
    } else {
        vec![list]
    };
    let mut found = Vec::new();
    for item in items {
        if item.has_enough_faults() {
            break;
        }
        let Some(name) = item.text("give the name of another task, or a list of names") else {
            continue;
        };
        match names.iter().position(|known| *known == name) {
            Some(at) if found.contains(&at) => item.refuse(format!("names {} twice", cut(&name))),
            Some(at) => found.push(at),
            None => item.refuse(match closest(&name, names.iter().copied()) {
                Some(meant) => format!("there is no task {}; `{meant}` is one", cut(&name)),
                None => format!(
                    "there is no task {}; there are {}",
                    cut(&name),
                    quoted(names.iter().copied())
                ),
            }),
        }
    }
    found
}

/// The circle in words; of a long one its first steps and its last.
fn around(circle: &[usize], names: &[&str]) -> String {
    let name = |at: &usize| format!("`{}`", names[*at]);
    let mut shown: Vec<_> = circle.iter().take(CIRCLE_SHOWN_MAX).map(name).collect();
    if circle.len() > CIRCLE_SHOWN_MAX {
        shown.push(format!("{} more", circle.len() - CIRCLE_SHOWN_MAX));
    }
    shown.extend(circle.first().map(name));
    shown.join(" needs ")
}

/// Steps that need each other, each the next, the first of the file first.
fn circle(needed: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut is_done = vec![false; needed.len()];
    for start in 0..needed.len() {
        // Each element with how many of its needs were looked at.
        let mut path = vec![(start, 0)];
        while let Some((at, looked)) = path.last_mut() {
            let next = needed[*at].get(*looked).copied();
            *looked += 1;
            match next {
                None => {
                    is_done[*at] = true;
                    path.pop();
                }
                Some(next) if is_done[next] => {}
                Some(next) => {
                    if let Some(from) = path.iter().position(|(at, _)| *at == next) {
                        return Some(path[from..].iter().map(|(at, _)| *at).collect());
                    }
                    path.push((next, 0));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(needed: &[&[usize]], expected: Option<&[usize]>) {
        let needed: Vec<Vec<usize>> = needed.iter().map(|needs| needs.to_vec()).collect();
        assert_eq!(circle(&needed).as_deref(), expected, "{needed:?}");
    }

    #[test]
    fn circles_are_found_and_diamonds_are_none() {
        check(&[], None);
        check(&[&[1, 2], &[3], &[3], &[]], None);
        check(&[&[0]], Some(&[0]));
        check(&[&[1], &[2], &[1]], Some(&[1, 2]));
        check(&[&[], &[0, 3], &[1], &[2]], Some(&[1, 3, 2]));
    }
}
