//! An ordered list of parameters that has been checked.

use serde_json::Value;

use crate::{
    Config,
    space::{Domain, Parameter, SpaceError, rules, tree},
};

/// The search space of a study: its parameters in order, checked when made.
///
/// The order matters: a parameter may depend only on earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    parameters: Vec<Parameter>,
}

impl Space {
    /// Checks the parameters by themselves and against each other; reports every fault.
    pub fn new(parameters: Vec<Parameter>) -> Result<Self, Vec<SpaceError>> {
        let faults = rules::faults(&parameters, &[]);
        if faults.is_empty() {
            Ok(Self { parameters })
        } else {
            Err(faults)
        }
    }

    /// The parameters in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The parameter of that name.
    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// Whether `config` could have been sampled here, up to rounding; reports every fault.
    pub fn contains(&self, config: &Config) -> Result<(), Vec<SpaceError>> {
        let mut faults: Vec<SpaceError> = self
            .parameters
            .iter()
            .filter_map(|p| Some(SpaceError::new(&p.name, value_fault(p, config)?)))
            .collect();
        for name in config.keys().filter(|name| self.find(name).is_none()) {
            faults.push(SpaceError::new(name, self.unknown_fault()));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// How many configurations there are; `None` when they cannot be counted: some parameter is
    /// continuous, or the number passes 64 bits.
    pub fn size(&self) -> Option<u64> {
        if self.parameters.iter().any(|p| p.domain.is_continuous()) {
            return None;
        }
        u64::try_from(tree::count(self, 1)).ok()
    }

    fn unknown_fault(&self) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
        format!(
            "there is no such parameter; remove it, or use one of: {}",
            names.join(", ")
        )
    }
}

fn value_fault(parameter: &Parameter, config: &Config) -> Option<String> {
    let value = config.get(&parameter.name);
    match (parameter.exists_in(config), value) {
        (false, None) => None,
        (false, Some(value)) => Some(format!(
            "`{value}` has no place here; remove it, since {}",
            condition_text(parameter)
        )),
        (true, None) => Some(format!("has no value; give one of `{}`", parameter.domain)),
        (true, Some(value)) if !parameter.domain.contains(value) => Some(format!(
            "`{value}` is not in `{0}`; give one of `{0}`",
            parameter.domain
        )),
        (true, Some(value)) => divisor_fault(parameter, value, config),
    }
}

fn condition_text(parameter: &Parameter) -> String {
    parameter.when.as_ref().map_or_else(String::new, |when| {
        let values = Domain::Choice(when.one_of.clone());
        format!("it exists only while `{}` is {values}", when.field)
    })
}

fn divisor_fault(parameter: &Parameter, value: &Value, config: &Config) -> Option<String> {
    let divisor = parameter.divisor_in(config)?;
    let divides = crate::numbers::integer(value).is_some_and(|n| n % divisor == 0);
    (!divides).then(|| {
        let field = parameter.divisible_by.as_deref().unwrap_or_default();
        format!("`{value}` is not divisible by `{field}` `{divisor}`; give a multiple of it")
    })
}
