//! What must hold for a list of parameters to be a space.

use crate::{
    numbers::integer,
    space::{Condition, Domain, Parameter, SpaceError},
};

/// Combinations of the values of fields that others depend on: grids walk through them.
const COMBINATIONS_MAX: u64 = 10_000;

/// Every fault of the parameters, alone and together.
///
/// Names in `unreadable` are being complained about already: nobody is blamed for naming them.
pub(super) fn faults(parameters: &[Parameter], unreadable: &[&str]) -> Vec<SpaceError> {
    let mut faults = Vec::new();
    for (i, parameter) in parameters.iter().enumerate() {
        let around = Around {
            earlier: &parameters[..i],
            all: parameters,
            unreadable,
        };
        let messages = around.faults(parameter);
        faults.extend(
            messages
                .into_iter()
                .map(|message| SpaceError::new(&parameter.name, message)),
        );
    }
    if faults.is_empty() {
        faults.extend(combinations_fault(parameters));
    }
    faults
}

/// The faults of a parameter by itself.
pub(super) fn own_faults(parameter: &Parameter) -> Vec<String> {
    let mut faults = parameter.domain.faults();
    if parameter.name.trim().is_empty() {
        faults.push("a parameter has no name; give it one".to_owned());
    }
    if let Some(when) = &parameter.when
        && when.one_of.is_empty()
    {
        faults.push(format!(
            "`if {} in ()` never holds; list at least one value",
            when.field
        ));
    }
    if parameter.divisible_by.is_some() && !is_whole(&parameter.domain) {
        faults.push(format!(
            "`{}` is not a list of whole numbers; only those can be `divisible by` something",
            parameter.domain
        ));
    }
    faults
}

/// A parameter's place in the list.
struct Around<'a> {
    earlier: &'a [Parameter],
    all: &'a [Parameter],
    unreadable: &'a [&'a str],
}

impl Around<'_> {
    fn faults(&self, parameter: &Parameter) -> Vec<String> {
        let mut faults = own_faults(parameter);
        if self.earlier.iter().any(|p| p.name == parameter.name) {
            faults.push("the name is used twice; rename one of the two".to_owned());
        }
        if let Some(when) = &parameter.when {
            faults.extend(match self.find(&parameter.name, &when.field) {
                Ok(Some(field)) => condition_faults(when, field),
                Ok(None) => Vec::new(),
                Err(fault) => vec![fault],
            });
        }
        if let Some(name) = &parameter.divisible_by {
            let is_sound = faults.is_empty();
            faults.extend(match self.find(&parameter.name, name) {
                Ok(field) => field
                    .filter(|_| is_sound)
                    .and_then(|field| divisor_fault(parameter, field)),
                Err(fault) => Some(fault),
            });
        }
        faults
    }

    /// The earlier parameter called `name`; `None` when it is unreadable or itself at fault.
    fn find(&self, own: &str, name: &str) -> Result<Option<&Parameter>, String> {
        if self.unreadable.contains(&name) {
            return Ok(None);
        }
        if let Some(found) = self.earlier.iter().find(|p| p.name == name) {
            return Ok(found.domain.faults().is_empty().then_some(found));
        }
        Err(if name == own {
            format!("it depends on itself; name an earlier parameter instead of `{name}`")
        } else if self.all.iter().any(|p| p.name == name) {
            format!("it depends on `{name}`, which comes later; put `{name}` before it")
        } else {
            format!("it depends on `{name}`, which does not exist; add `{name}` before it")
        })
    }
}

fn condition_faults(when: &Condition, field: &Parameter) -> Vec<String> {
    if field.domain.is_continuous() {
        return vec![format!(
            "it depends on `{}`, whose values `{}` cannot be listed; use a choice or an integer",
            field.name, field.domain
        )];
    }
    let impossible = when.one_of.iter().filter(|v| !field.domain.contains(v));
    impossible
        .map(|value| {
            format!(
                "`{}` is never `{value}`; use values of `{}`",
                field.name, field.domain
            )
        })
        .collect()
}

fn divisor_fault(parameter: &Parameter, field: &Parameter) -> Option<String> {
    if !is_whole(&field.domain) || smallest(&field.domain).is_none_or(|n| n < 1) {
        return Some(format!(
            "it must be divisible by `{}`, whose values `{}` are not all whole numbers above zero; \
             change them",
            field.name, field.domain
        ));
    }
    let levels = field.domain.levels(None)?;
    if levels.count() > COMBINATIONS_MAX {
        return Some(too_many(&field.name));
    }
    let stuck = (0..levels.count())
        .filter_map(|rank| integer(&levels.value(rank)))
        .find(|n| count_of_multiples(&parameter.domain, *n) == 0)?;
    Some(format!(
        "no value of `{}` is divisible by `{stuck}`, a value of `{}`; add a multiple of `{stuck}`",
        parameter.domain, field.name
    ))
}

fn combinations_fault(parameters: &[Parameter]) -> Option<SpaceError> {
    let mut combinations = 1u64;
    for parameter in parameters {
        let name = parameter.name.as_str();
        if parameters.iter().any(|p| p.depends_on().any(|n| n == name)) {
            let count = parameter.domain.levels(None).map_or(0, |l| l.count());
            combinations = combinations.saturating_mul(count);
        }
        if combinations > COMBINATIONS_MAX {
            return Some(SpaceError::new(name, too_many(name)));
        }
    }
    None
}

fn too_many(name: &str) -> String {
    format!(
        "the parameters that others depend on have more than {COMBINATIONS_MAX} combinations with \
         `{name}`; give them fewer values"
    )
}

fn is_whole(domain: &Domain) -> bool {
    match domain {
        Domain::Integer { .. } => true,
        Domain::Choice(values) => values.iter().all(|v| integer(v).is_some()),
        Domain::Fixed(value) => integer(value).is_some(),
        Domain::Uniform { .. } | Domain::LogUniform { .. } => false,
    }
}

fn smallest(domain: &Domain) -> Option<i64> {
    match domain {
        Domain::Integer { low, .. } => Some(*low),
        Domain::Choice(values) => values.iter().filter_map(integer).min(),
        Domain::Fixed(value) => integer(value),
        Domain::Uniform { .. } | Domain::LogUniform { .. } => None,
    }
}

fn count_of_multiples(domain: &Domain, divisor: i64) -> u64 {
    domain.levels(Some(divisor)).map_or(0, |l| l.count())
}
