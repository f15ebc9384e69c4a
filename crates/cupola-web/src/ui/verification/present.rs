//! From checks to what pages show of them.

use cupola_domain::{
    access::{Principal, Role},
    audit::{Finding, Place, Role as SideRole, Stage, Why},
    field::FieldError,
    time::Timestamp,
};
use cupola_hub::verification::{
    self, Audit, AuditDetail, AuditPage, Claim, Curve, Filter, IN_ESCROW_MAX, Proof, Side, Sight,
    Verification, cause_in_words, is_settled,
};

use super::{CheckRow, Evidence, Index, OwnerRow, SECTION, Show, SideRow, View};
use crate::{
    api::present::word_of,
    ui::{
        answer::Fields,
        components::{Badge, Dot, EmptyState, Field, Link, Measure, Scale, Scatter, Tone, X},
        costs::Card,
        format,
        frame::Frame,
        listing, paths,
        present::may,
    },
};

/// So much of a digest tells two apart.
const DIGEST_SHOWN: usize = 16;

/// What the page is made of.
#[derive(Debug, Clone)]
pub(in crate::ui) struct Read {
    pub(in crate::ui) page: AuditPage,
    pub(in crate::ui) owners: Vec<verification::OwnerRow>,
}

/// The page.
pub(in crate::ui) fn index(
    frame: Frame,
    read: &Read,
    filter: &Filter,
    rules: &Verification,
    (who, fields, errors): (&Principal, &Fields, &[FieldError]),
) -> Index {
    Index {
        frame,
        view: view(read, filter, rules, who),
        kinds: kinds(filter),
        form: form(who, fields, errors),
    }
}

/// All, those that are not over, and by what they found.
fn kinds(filter: &Filter) -> Vec<Link> {
    let mut all = vec![
        ("all", None, None),
        ("waits", Some(Stage::Open), None),
        ("being checked", Some(Stage::AtWork), None),
    ];
    all.extend(
        Finding::ALL
            .iter()
            .map(|finding| (found(*finding), None, Some(*finding))),
    );
    let kind = |(word, stage, finding)| {
        let asked = Filter {
            stage,
            finding,
            before: None,
            ..filter.clone()
        };
        let href = if (stage, finding) == (filter.stage, filter.finding) {
            String::new()
        } else {
            address(paths::VERIFICATION, &asked)
        };
        Link::new(word, href)
    };
    all.into_iter().map(kind).collect()
}

fn form(who: &Principal, fields: &Fields, errors: &[FieldError]) -> Option<Vec<Field>> {
    let fill = || {
        let owner = Field::new("owner", "Owner", fields.text("owner"));
        let note = Field::new("note", "Why", fields.text("note"));
        let fields = [owner.required(), note.required()];
        fields
            .into_iter()
            .map(|field| field.with_error_of(errors))
            .collect()
    };
    may(who, Role::Admin).then(fill)
}

fn address(path: &str, filter: &Filter) -> String {
    let before = filter.before.map(|before| before.to_string());
    let asked = [
        ("stage", filter.stage.map_or("", Stage::as_str)),
        ("finding", filter.finding.map_or("", Finding::as_str)),
        ("owner", filter.owner.as_str()),
        ("before", before.as_deref().unwrap_or_default()),
    ];
    format!("{path}?{}", listing::query(&asked))
}

pub(super) fn view(read: &Read, filter: &Filter, rules: &Verification, who: &Principal) -> View {
    let page = &read.page;
    let last = page.audits.last().filter(|_| page.has_more);
    let older = last.map(|audit| {
        let asked = Filter {
            before: Some(audit.id),
            ..filter.clone()
        };
        Link::new("Older ones", address(paths::VERIFICATION, &asked))
    });
    View {
        src: address(paths::VERIFICATION_VIEW, filter),
        cards: cards(read, rules),
        obstacle: page.obstacle.clone(),
        rows: page.audits.iter().map(row).collect(),
        older,
        empty: page.audits.is_empty().then(|| empty(filter, rules)),
        is_off: !rules.is_on,
        owners: read.owners.iter().map(standing).collect(),
        may_lift: may(who, Role::Admin),
    }
}

fn empty(filter: &Filter, rules: &Verification) -> EmptyState {
    let is_asked = filter.stage.is_some() || filter.finding.is_some() || !filter.owner.is_empty();
    if is_asked || filter.before.is_some() {
        let text = "No check is of this kind.";
        return EmptyState::new("Nothing is here", text)
            .with_action("All checks", paths::VERIFICATION);
    }
    if !rules.is_on {
        let text = "Nothing is checked on this hub: every result is believed. To have results of other people's \
                    machines run a second time, name a profile in cupola.toml (lab, friends or open) and start \
                    the hub again.";
        return EmptyState::new("Nothing was checked", text)
            .with_command("[verification]\nprofile = \"lab\"");
    }
    let text = "Results of machines that are not the hub's own are checked where their template says in [repeats] \
                that they come out again: each that would be the best, and others as the profile says. An \
                operator can have any of them checked, on its run's page or in a terminal.";
    EmptyState::new("Nothing was checked yet", text).with_command("cupola verification check RUN")
}

fn cards(read: &Read, rules: &Verification) -> Vec<Card> {
    let page = &read.page;
    let banned = read.owners.iter().filter(|row| row.standing.ban.is_some());
    let own = if rules.own.is_empty() {
        "nobody's machines are its own".to_owned()
    } else {
        format!("its own machines: those of {}", rules.own.join(", "))
    };
    vec![
        Card {
            label: "Waiting for somebody",
            value: format::count(page.open.0),
            detail: "nobody was chosen yet".to_owned(),
        },
        Card {
            label: "Being checked",
            value: format::count(page.open.1),
            detail: "a second run is awaited".to_owned(),
        },
        Card {
            label: "Owners banned",
            value: format::count(banned.count() as u64),
            detail: format!(
                "of {} that are known",
                format::count(read.owners.len() as u64)
            ),
        },
        Card {
            label: "Profile",
            value: if rules.is_on {
                rules.profile.to_string()
            } else {
                "off".to_owned()
            },
            detail: if rules.is_on {
                own
            } else {
                "every result is believed".to_owned()
            },
        },
    ]
}

fn row(audit: &Audit) -> CheckRow {
    CheckRow {
        link: Link::new(audit.id.short(), paths::check(audit.id, "")),
        badge: badge(audit),
        why: why(audit.why),
        owner: audit.claim.owner.clone(),
        value: audit.claim.value.into(),
        task: format!("{} #{}", audit.experiment_name, audit.task_number),
        opened: audit.opened_at.into(),
    }
}

fn badge(audit: &Audit) -> Badge {
    match audit.finding {
        Some(finding) => Badge::word(found(finding), tone(finding)),
        None if audit.stage == Stage::Open => Badge::word("waits", Tone::Waiting),
        None => Badge::word("being checked", Tone::Glowing),
    }
}

fn tone(finding: Finding) -> Tone {
    match finding {
        Finding::Valid => Tone::Good,
        Finding::WrongBetter => Tone::Bad,
        Finding::Noisy | Finding::WrongWorse => Tone::Warning,
        Finding::Undecided | Finding::Withdrawn => Tone::Quiet,
    }
}

fn found(finding: Finding) -> &'static str {
    match finding {
        Finding::Valid => "right",
        Finding::Noisy => "noisy",
        Finding::WrongWorse => "wrong",
        Finding::WrongBetter => "made up",
        Finding::Undecided => "undecided",
        Finding::Withdrawn => "withdrawn",
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Probation => "of a newcomer",
        Why::Drawn => "drawn",
        Why::Best => "would be the best",
        Why::Asked => "asked for",
        Why::Doubt => "in doubt",
        Why::Spot => "its answer was known",
    }
}

/// What is known of an owner.
pub(in crate::ui) fn standing(row: &verification::OwnerRow) -> OwnerRow {
    let of = &row.standing;
    let class = |(trust, status): &(verification::Trust, verification::Status)| {
        format!(
            "{}: {} in a row, {}",
            trust.class,
            trust.passed,
            word_of(*status)
        )
    };
    let badge = match &of.ban {
        Some(cause) => Badge {
            reason: cause_in_words(cause).to_owned(),
            ..Badge::word("banned", Tone::Bad)
        },
        None if row
            .classes
            .iter()
            .any(|(_, status)| word_of(*status) == "trusted") =>
        {
            Badge::word("trusted", Tone::Good)
        }
        None => Badge::word("in probation", Tone::Waiting),
    };
    let by = match of.banned_by.as_str() {
        "" => String::new(),
        by => format!(", by {by}"),
    };
    OwnerRow {
        owner: of.owner.clone(),
        badge,
        classes: row.classes.iter().map(class).collect(),
        frauds: of.frauds,
        faults: of.faults,
        in_escrow: if row.in_escrow < IN_ESCROW_MAX {
            row.in_escrow.to_string()
        } else {
            format!("{IN_ESCROW_MAX} or more")
        },
        note: if of.ban_note.is_empty() {
            String::new()
        } else {
            format!("{}{by}", of.ban_note)
        },
        is_banned: of.ban.is_some(),
    }
}

/// What is said of a run's result beside its state, with a link to the evidence.
pub(in crate::ui) fn proof(proof: Option<Proof>) -> Option<(Badge, String)> {
    let proof = proof?;
    let badge = match proof {
        Proof::Confirmed(_) => Badge::word("confirmed", Tone::Good),
        Proof::InCheck(_) => Badge::word("being checked", Tone::Glowing),
        Proof::Rejected(_) => Badge::word("rejected", Tone::Bad),
        Proof::Undecided(_) => Badge::word("undecided", Tone::Quiet),
    };
    Some((badge, paths::check(proof.audit(), "")))
}

/// The page of one check.
pub(in crate::ui) fn show(frame: Frame, detail: &AuditDetail) -> Show {
    Show {
        frame: frame.under("Verification", paths::VERIFICATION),
        evidence: evidence(detail),
    }
}

/// The frame of a check's page.
pub(super) fn frame_of(detail: &AuditDetail, who: &Principal, seq: i64) -> Frame {
    let title = format!("Check {}", detail.audit.id.short());
    Frame::new(title, SECTION, Some(who.into())).at(seq)
}

pub(super) fn evidence(detail: &AuditDetail) -> Evidence {
    let audit = &detail.audit;
    let subject = SideRow {
        role: "the result",
        badge: badge(audit),
        ..side_of(&audit.claim, audit.opened_at)
    };
    let is_veiled = detail.sight == Sight::Veiled && !is_settled(audit);
    let others = detail.sides.iter().filter(|side| side.run != audit.run);
    Evidence {
        src: paths::check(audit.id, "/evidence"),
        badge: badge(audit),
        note: audit.note.clone(),
        obstacle: detail.obstacle.clone(),
        facts: facts(audit),
        run: detail.has_run.then(|| audit.run.into()),
        no_run: if audit.why == Why::Spot {
            "not kept: it was a trial with a known answer"
        } else {
            "not there any more"
        },
        is_veiled,
        sides: std::iter::once(subject)
            .chain(others.map(|other| side(other, is_settled(audit))))
            .collect(),
        metric: audit.metric.clone(),
        plot: plot(audit, &detail.curves),
        legend: detail
            .curves
            .iter()
            .enumerate()
            .map(|(at, curve)| (colour(at), curve.owner.clone()))
            .collect(),
    }
}

fn facts(audit: &Audit) -> Vec<(&'static str, String)> {
    let tolerance = audit.tolerance.map(format::number);
    let asked = match audit.asked_by.as_str() {
        "" => why(audit.why).to_owned(),
        by => format!("{}, by {by}", why(audit.why)),
    };
    vec![
        ("Why", asked),
        (
            "Task",
            format!("{} #{}", audit.experiment_name, audit.task_number),
        ),
        ("Template", audit.template.clone()),
        ("Round", (audit.round + 1).to_string()),
        (
            "Tolerance between classes",
            tolerance.unwrap_or_else(|| format::NOTHING.to_owned()),
        ),
    ]
}

fn side(side: &Side, is_settled: bool) -> SideRow {
    let role = match side.role {
        SideRole::Peer => "a peer",
        SideRole::Referee => "the referee",
        SideRole::Spot => "the newcomer",
        SideRole::Known => "known before",
    };
    let badge = match (side.place, side.finding) {
        (Place::Awaited, _) => Badge::word("awaited", Tone::Waiting),
        (Place::Gone, _) => Badge::word("gave nothing", Tone::Quiet),
        (Place::Came, Some(finding)) => Badge::word(found(finding), tone(finding)),
        (Place::Came, None) if is_settled => Badge::word("not needed", Tone::Quiet),
        (Place::Came, None) => Badge::word("not compared yet", Tone::Quiet),
    };
    if side.place == Place::Came {
        SideRow {
            role,
            badge,
            ..side_of(&side.claim, side.at)
        }
    } else {
        SideRow {
            role,
            owner: String::new(),
            class: String::new(),
            value: Measure::from(None),
            digest: None,
            badge,
            at: side.at.into(),
        }
    }
}

fn side_of(claim: &Claim, at: Timestamp) -> SideRow {
    SideRow {
        role: "",
        owner: claim.owner.clone(),
        class: claim.class.clone(),
        value: claim.value.into(),
        digest: (!claim.digest.is_empty()).then(|| {
            let beginning: String = claim.digest.chars().take(DIGEST_SHOWN).collect();
            (beginning, claim.digest.clone())
        }),
        badge: Badge::word("", Tone::Quiet),
        at: at.into(),
    }
}

/// Honest results are the same to the last bit: one that lies behind others is a ring around them.
fn colour(at: usize) -> String {
    let shape = match at {
        0 => " is-wide-ring",
        1 => " is-ring",
        _ => "",
    };
    format!("curve-{}{shape}", at % 10 + 1)
}

#[expect(clippy::cast_precision_loss, reason = "steps are places on a picture")]
fn plot(audit: &Audit, curves: &[Curve]) -> Option<Scatter> {
    let dots = curves.iter().enumerate().flat_map(|(at, curve)| {
        curve.points.iter().map(move |point| Dot {
            x: X::Number(point.step as f64),
            y: Some(point.value),
            title: format!(
                "{}: step {}, {}",
                curve.owner,
                point.step,
                format::number(point.value)
            ),
            href: paths::check(audit.id, ""),
            colour: colour(at),
            ..Dot::default()
        })
    });
    let dots: Vec<_> = dots.collect();
    let total = dots.len();
    let draw = || {
        let things = ("point", "points");
        Scatter::new(
            ("step", Scale::Linear),
            &audit.metric,
            dots.clone(),
            total,
            things,
        )
    };
    (total > 0).then(draw)
}
