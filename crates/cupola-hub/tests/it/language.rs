//! What the language model took.

use std::time::Duration;

use cupola_testkit::Database;

use crate::support::TestHub;

cupola_testkit::on_each_database! {
    tokens_are_counted_by_day_and_over_restarts,
}

fn tokens_are_counted_by_day_and_over_restarts(database: &Database) {
    let mut hub = TestHub::on(database);
    assert_eq!(hub.language_tokens_today().unwrap(), 0);
    for (tokens, expected) in [(700, 700), (50, 750), (-300, 450)] {
        hub.count_language_tokens(tokens).unwrap();
        assert_eq!(hub.language_tokens_today().unwrap(), expected);
    }
    hub.restart();
    assert_eq!(hub.language_tokens_today().unwrap(), 450);
    hub.world.advance(Duration::from_hours(24));
    assert_eq!(hub.language_tokens_today().unwrap(), 0);
    // What was counted too many yesterday is not owed today.
    hub.count_language_tokens(-300).unwrap();
    hub.count_language_tokens(20).unwrap();
    assert_eq!(hub.language_tokens_today().unwrap(), 20);
}
