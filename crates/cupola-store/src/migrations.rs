//! The schema as a list of steps. A step that was released is never edited: the next change is a new step.

use crate::engine::Migration;

/// Every step, in order; [`crate::engine::dialect`] says how their texts are written.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "initial",
        sql: include_str!("migrations/0001_initial.sql"),
    },
    Migration {
        version: 2,
        name: "experiments",
        sql: include_str!("migrations/0002_experiments.sql"),
    },
    Migration {
        version: 3,
        name: "logs",
        sql: include_str!("migrations/0003_logs.sql"),
    },
    Migration {
        version: 4,
        name: "programs",
        sql: include_str!("migrations/0004_programs.sql"),
    },
    Migration {
        version: 5,
        name: "series",
        sql: include_str!("migrations/0005_series.sql"),
    },
    Migration {
        version: 6,
        name: "run_search",
        sql: include_str!("migrations/0006_run_search.sql"),
    },
    Migration {
        version: 7,
        name: "logged",
        sql: include_str!("migrations/0007_logged.sql"),
    },
    Migration {
        version: 8,
        name: "models",
        sql: include_str!("migrations/0008_models.sql"),
    },
    Migration {
        version: 9,
        name: "keys",
        sql: include_str!("migrations/0009_keys.sql"),
    },
    Migration {
        version: 10,
        name: "series_owner",
        sql: include_str!("migrations/0010_series_owner.sql"),
    },
    Migration {
        version: 11,
        name: "costs",
        sql: include_str!("migrations/0011_costs.sql"),
    },
    Migration {
        version: 12,
        name: "training",
        sql: include_str!("migrations/0012_training.sql"),
    },
    Migration {
        version: 13,
        name: "alerts",
        sql: include_str!("migrations/0013_alerts.sql"),
    },
    Migration {
        version: 14,
        name: "run_by_duration",
        sql: include_str!("migrations/0014_run_by_duration.sql"),
    },
    Migration {
        version: 15,
        name: "alert_indexes",
        sql: include_str!("migrations/0015_alert_indexes.sql"),
    },
    Migration {
        version: 16,
        name: "run_by_duration_again",
        sql: include_str!("migrations/0016_run_by_duration_again.sql"),
    },
    Migration {
        version: 17,
        name: "ledger",
        sql: include_str!("migrations/0017_ledger.sql"),
    },
    Migration {
        version: 18,
        name: "enrolment",
        sql: include_str!("migrations/0018_enrolment.sql"),
    },
    Migration {
        version: 19,
        name: "unpaid",
        sql: include_str!("migrations/0019_unpaid.sql"),
    },
    Migration {
        version: 20,
        name: "scheduling",
        sql: include_str!("migrations/0020_scheduling.sql"),
    },
    Migration {
        version: 21,
        name: "verification",
        sql: include_str!("migrations/0021_verification.sql"),
    },
    Migration {
        version: 22,
        name: "checks",
        sql: include_str!("migrations/0022_checks.sql"),
    },
    Migration {
        version: 23,
        name: "owners",
        sql: include_str!("migrations/0023_owners.sql"),
    },
    Migration {
        version: 24,
        name: "givers",
        sql: include_str!("migrations/0024_givers.sql"),
    },
    Migration {
        version: 25,
        name: "drained",
        sql: include_str!("migrations/0025_drained.sql"),
    },
    Migration {
        version: 26,
        name: "reports",
        sql: include_str!("migrations/0026_reports.sql"),
    },
    Migration {
        version: 27,
        name: "language",
        sql: include_str!("migrations/0027_language.sql"),
    },
];
