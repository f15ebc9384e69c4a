//! Bugs that only tests put in, each to be found: a simulation that misses one looks at too little.

/// One bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    /// A result counts for whoever has the task, whatever lease it names.
    NoFence,
    /// A result that is said again is paid again.
    RewardTwice,
    /// An auditor may be of the same owner.
    AuditBySameOwner,
    /// Credits leave escrow at once.
    ReleaseWithoutWaiting,
    /// What was reserved for a lost run stays reserved.
    VoidForgotten,
    /// Prices are rounded by floating point.
    FloatRounding,
    /// An unchecked result is called best.
    BestUnverified,
    /// The leases of a banned owner live on.
    BanKeepsLeases,
    /// Trust is kept after a failed check.
    TrustNotReset,
    /// A new lease has the epoch of the lost one.
    EpochReused,
    /// What a banned owner has in escrow stays there.
    BanKeepsEscrow,
    /// The auditor is chosen when the task is leased.
    AuditorBeforeCommit,
    /// A worker gets as many tasks as it asks for.
    CapacityIgnored,
    /// A result that is found right is paid although its owner was banned meanwhile.
    PaidAfterBan,
    /// Both of two equal results are accepted.
    AcceptedTwice,
    /// Newcomers check others' results.
    NewcomersVouch,
}
