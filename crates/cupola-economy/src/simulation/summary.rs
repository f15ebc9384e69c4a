//! What a simulation found.

use cupola_domain::credits::Credits;

use super::setup::Kind;

/// How far a simulation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Tasks that are accepted.
    pub accepted: u64,
    /// All tasks.
    pub tasks: u64,
    /// How many invariants were found broken until now.
    pub violations: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Tasks that were to be done.
    pub tasks: u64,
    /// Tasks with an accepted result at the end.
    pub accepted: u64,
    /// Tasks that failed because they lost too many workers.
    pub failed: u64,
    /// What made-up results were given at the end, after all escrow was released, as a share of all that
    /// workers were given.
    pub fake_credit_share: f64,
    /// The same before the end, of what left escrow while the fleet was at work.
    pub fake_credit_share_running: f64,
    /// The same for results that a machine computed wrong.
    pub wrong_credit_share: f64,
    /// Runs beyond one for each accepted task: audits, spot checks, the referee's, and runs again of what
    /// was taken back; as a share of the accepted tasks.
    pub overhead: f64,
    /// How many invariants were found broken.
    pub violations: u64,
    /// The first of them, in words.
    pub broken: Vec<String>,
    /// How many accepted results are not right at the end, as a share.
    pub wrong_result_share: f64,
    /// Owners that were banned, by kind of worker.
    pub banned: Vec<(Kind, u64)>,
    /// What happened how often.
    pub counts: Counts,
    /// What workers were given.
    pub released: Credits,
}

impl Summary {
    /// How many owners were banned that meant what they said and have sound machines.
    pub fn honest_banned(&self) -> u64 {
        let sound = |kind: Kind| matches!(kind, Kind::Honest | Kind::Slow);
        let of = self.banned.iter().filter(|(kind, _)| sound(*kind));
        of.map(|(_, count)| count).sum()
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What happened how often. Where one that should happen is zero, the simulation saw too little.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counts {
            /// Each with its name.
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

counts! {
    /// Results that workers brought and that counted.
    runs,
    /// Second runs by workers of other owners.
    audits,
    /// Tasks with a known answer.
    spot_checks,
    /// Runs of the hub's own machine.
    referee_runs,
    /// Results that two runs agreed on.
    confirmed,
    /// Results that were found wrong.
    rejected,
    /// Results that were accepted and taken back.
    revoked,
    /// Results that were looked at again because their auditor was banned.
    rechecks,
    /// Credits that were taken back out of escrow.
    clawbacks,
    /// Owners that were banned.
    bans,
    /// Leases that ran out.
    expired,
    /// Lost runs whose task another worker got.
    superseded,
    /// Results that came after their lease had run out and before anybody else had the task.
    late_accepted,
    /// Results that were refused: their lease was not current.
    stale_refused,
    /// Results that had come before.
    duplicates_refused,
    /// Messages of owners that were banned.
    banned_refused,
    /// Leases that were said again, because the answer was lost.
    leases_said_again,
    /// Messages that were lost.
    messages_lost,
    /// Starts of the hub.
    restarts,
    /// Workers that died.
    deaths,
    /// Briefs that were funded again.
    topped_up,
    /// Briefs that ended and were refunded.
    refunded,
    /// New identities of owners that were banned.
    rejoined,
}
