//! The JSON form of a space: an object of parameters, in order.
//!
//! A parameter is an object with its kind, or an expression in a string, or a bare scalar, or
//! a list of choices.

use serde_json::{Map, Value};

use crate::{
    numbers::integer,
    space::{Condition, Domain, Parameter, Space, SpaceError, rules},
};

const KINDS: &str = "`uniform`, `log_uniform`, `integer`, `choice` or `fixed`";

impl Space {
    /// Reads the JSON form; reports every fault.
    pub fn parse_json(value: &Value) -> Result<Self, Vec<SpaceError>> {
        let Value::Object(object) = value else {
            let message = format!(
                "`{value}` is not an object; write `{{\"lr\": \"log_uniform(1e-4, 1e-2)\"}}`"
            );
            return Err(vec![SpaceError::new("", message)]);
        };
        let (mut parameters, mut unreadable) = (Vec::new(), Vec::new());
        let mut faults = Vec::new();
        for (name, value) in object {
            match parameter(name, value) {
                Ok(parameter) => parameters.push(parameter),
                Err(errors) => {
                    faults.extend(errors);
                    unreadable.push(name.as_str());
                }
            }
        }
        if faults.is_empty() {
            return Self::new(parameters);
        }
        faults.extend(rules::faults(&parameters, &unreadable));
        Err(faults)
    }

    /// The JSON form, with an object for each parameter; reads back as the same space.
    pub fn to_json(&self) -> Value {
        let parameters = self.parameters().iter();
        parameters.map(|p| (p.name.clone(), to_json(p))).collect()
    }
}

fn parameter(name: &str, value: &Value) -> Result<Parameter, Vec<SpaceError>> {
    match value {
        Value::String(expression) => Parameter::parse(name, expression),
        Value::Array(values) => Ok(Parameter::new(name, Domain::Choice(values.clone()))),
        Value::Object(object) => {
            let mut fields = Fields {
                name,
                object,
                used: vec!["kind"],
                faults: Vec::new(),
            };
            let parameter = fields.parameter();
            fields.reject_unknown();
            match parameter {
                Some(parameter) if fields.faults.is_empty() => Ok(parameter),
                _ => Err(fields.faults),
            }
        }
        scalar => Ok(Parameter::new(name, Domain::Fixed(scalar.clone()))),
    }
}

/// The fields of one object, with those that were asked for and what was wrong with them.
struct Fields<'a> {
    name: &'a str,
    object: &'a Map<String, Value>,
    used: Vec<&'static str>,
    faults: Vec<SpaceError>,
}

impl Fields<'_> {
    fn parameter(&mut self) -> Option<Parameter> {
        let domain = self.domain();
        let when = self.condition();
        let divisible_by = self.divisor();
        let mut parameter = Parameter::new(self.name, domain?);
        parameter.when = when;
        parameter.divisible_by = divisible_by;
        Some(parameter)
    }

    fn domain(&mut self) -> Option<Domain> {
        match self.object.get("kind").and_then(Value::as_str) {
            Some("uniform") => {
                let (low, high) = self.bounds(Value::as_f64, "a number");
                Some(Domain::Uniform {
                    low: low?,
                    high: high?,
                })
            }
            Some("log_uniform") => {
                let (low, high) = self.bounds(Value::as_f64, "a number");
                Some(Domain::LogUniform {
                    low: low?,
                    high: high?,
                })
            }
            Some("integer") => {
                let (low, high) = self.bounds(integer, "a whole number");
                Some(Domain::Integer {
                    low: low?,
                    high: high?,
                })
            }
            Some("choice") => {
                let values = self.read("values", |v| v.as_array().cloned(), "a list")?;
                Some(Domain::Choice(values))
            }
            Some("fixed") => self
                .read("value", |v| Some(v.clone()), "the value")
                .map(Domain::Fixed),
            _ => {
                self.used.extend(["low", "high", "values", "value"]);
                let found = self.object.get("kind").unwrap_or(&Value::Null);
                self.fault(format!("`kind` `{found}` is unknown; use {KINDS}"));
                None
            }
        }
    }

    fn bounds<T>(&mut self, read: fn(&Value) -> Option<T>, what: &str) -> (Option<T>, Option<T>) {
        (self.read("low", read, what), self.read("high", read, what))
    }

    fn condition(&mut self) -> Option<Condition> {
        self.used.push("when");
        let when = self.object.get("when").filter(|v| !v.is_null())?;
        let field = when.get("field").and_then(Value::as_str);
        let one_of = when.get("one_of").and_then(Value::as_array);
        if let (Some(field), Some(one_of), Some(2)) =
            (field, one_of, when.as_object().map(Map::len))
        {
            return Some(Condition {
                field: field.to_owned(),
                one_of: one_of.clone(),
            });
        }
        self.fault(format!(
            "`when` `{when}` is not a condition; write `{{\"field\": \"NAME\", \"one_of\": [VALUES]}}`"
        ));
        None
    }

    fn divisor(&mut self) -> Option<String> {
        self.used.push("divisible_by");
        let divisor = self.object.get("divisible_by").filter(|v| !v.is_null())?;
        if divisor.is_string() {
            return divisor.as_str().map(str::to_owned);
        }
        self.fault(format!(
            "`divisible_by` `{divisor}` is not a name; give that of an earlier parameter"
        ));
        None
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&Value) -> Option<T>,
        what: &str,
    ) -> Option<T> {
        self.used.push(key);
        let found = self.object.get(key);
        let value = found.and_then(read);
        if value.is_none() {
            self.fault(match found {
                Some(found) => format!("`{key}` `{found}` is not {what}; give {what}"),
                None => format!("`{key}` is missing; give {what}"),
            });
        }
        value
    }

    fn reject_unknown(&mut self) {
        for key in self.object.keys() {
            if !self.used.contains(&key.as_str()) {
                let message = format!("`{key}` means nothing here; use {}", self.used.join(", "));
                self.faults.push(SpaceError::new(self.name, message));
            }
        }
    }

    fn fault(&mut self, message: String) {
        self.faults.push(SpaceError::new(self.name, message));
    }
}

fn to_json(parameter: &Parameter) -> Value {
    let mut object = Map::new();
    object.insert("kind".to_owned(), Value::from(parameter.domain.kind()));
    for (key, value) in domain_fields(&parameter.domain) {
        object.insert(key.to_owned(), value);
    }
    if let Some(when) = &parameter.when {
        let mut condition = Map::new();
        condition.insert("field".to_owned(), Value::from(when.field.clone()));
        condition.insert("one_of".to_owned(), Value::from(when.one_of.clone()));
        object.insert("when".to_owned(), Value::Object(condition));
    }
    if let Some(field) = &parameter.divisible_by {
        object.insert("divisible_by".to_owned(), Value::from(field.clone()));
    }
    Value::Object(object)
}

fn domain_fields(domain: &Domain) -> Vec<(&'static str, Value)> {
    match domain {
        Domain::Uniform { low, high } | Domain::LogUniform { low, high } => {
            vec![("low", Value::from(*low)), ("high", Value::from(*high))]
        }
        Domain::Integer { low, high } => {
            vec![("low", Value::from(*low)), ("high", Value::from(*high))]
        }
        Domain::Choice(values) => vec![("values", Value::from(values.clone()))],
        Domain::Fixed(value) => vec![("value", value.clone())],
    }
}
