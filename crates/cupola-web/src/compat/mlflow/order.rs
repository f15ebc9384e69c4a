//! In which order clients want a list: `metrics.loss DESC`.

use super::{
    Error,
    filter::{Field, parse_field},
    names,
};

/// So many things are sorted by at most.
pub(crate) const ORDERS_MAX: usize = 10;

/// By what, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// By what.
    pub(crate) field: Field,
    /// From the greatest to the least.
    pub(crate) is_descending: bool,
}

/// Reads an order; what is named twice is refused.
pub(crate) fn parse(texts: &[&str]) -> Result<Vec<Order>, Error> {
    names::check_count(texts.len(), "order_by", ORDERS_MAX)?;
    let mut orders: Vec<Order> = Vec::new();
    for text in texts {
        let (field, is_descending) = way(text.trim());
        let field = parse_field(field)?;
        if orders.iter().any(|order| order.field == field) {
            let message = format!("Invalid order_by: `{text}` says again what came before.");
            return Err(Error::invalid(message));
        }
        orders.push(Order {
            field,
            is_descending,
        });
    }
    Ok(orders)
}

/// The field, and whether `DESC` follows it.
fn way(text: &str) -> (&str, bool) {
    for (word, is_descending) in [("desc", true), ("asc", false)] {
        let at = text.len().wrapping_sub(word.len());
        let Some((field, last)) = text.split_at_checked(at) else {
            continue;
        };
        if last.eq_ignore_ascii_case(word) && field.ends_with(char::is_whitespace) {
            return (field.trim_end(), is_descending);
        }
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use super::{super::filter::Entity, *};

    fn check(text: &str, key: &str, is_descending: bool) {
        let orders = parse(&[text]).unwrap();
        let seen = (orders[0].field.key.as_str(), orders[0].is_descending);
        assert_eq!(seen, (key, is_descending), "{text}");
    }

    #[test]
    fn an_order_has_a_field_and_a_way() {
        check("metrics.loss", "loss", false);
        check("metrics.loss ASC", "loss", false);
        check(" metrics.`my loss`  desc ", "my loss", true);
        check("attributes.start_time DESC", "start_time", true);
        check("desc", "desc", false);
        assert_eq!(parse(&["tags.a"]).unwrap()[0].field.entity, Entity::Tag);
    }

    #[test]
    fn what_is_no_order_is_refused() {
        for texts in [
            &["metrics.a sideways"][..],
            &[""],
            &["params.a", "params.a DESC"],
        ] {
            assert!(parse(texts).is_err(), "{texts:?}");
        }
        let many: Vec<_> = (0..=ORDERS_MAX).map(|at| format!("tags.t{at}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(parse(&many[1..]).is_ok());
        assert!(parse(&many).is_err());
    }
}
