use super::*;
use crate::question::Question;

fn of(text: &str, begins: usize) -> Wish {
    let question = Question::read(text).unwrap();
    let known = Vocabulary {
        template: &|word| (word.folded == "char-lm").then(|| "char-lm".to_owned()),
        is_parameter: &|word| ["lr", "n_layers"].contains(&word.folded.as_str()),
    };
    read(&question, begins, known)
}

fn said(wish: &Wish) -> String {
    let mut said = vec![wish.goal.clone()];
    said.extend(wish.title.iter().map(|title| format!("called {title}")));
    said.extend(wish.constraints.iter().map(|text| format!("never {text}")));
    said.extend(wish.template.clone());
    said.extend(wish.num_tasks.map(|number| format!("{number} tasks")));
    said.extend(wish.time.map(|time| match time {
        Time::Each(time) => format!("{} s", time.as_secs_f64()),
        Time::InAll(time) => format!("{} s in all", time.as_secs_f64()),
    }));
    said.extend(wish.hardware.map(|hardware| hardware.to_string()));
    said.extend(
        wish.is_same_class
            .map(|is_same| format!("same class {is_same}")),
    );
    said.extend(
        wish.credits
            .iter()
            .map(|credits| format!("{credits} credits")),
    );
    said.extend(wish.priority.map(|priority| format!("priority {priority}")));
    said.extend(wish.sampler.map(|sampler| sampler.to_string()));
    said.extend(wish.study_seed.map(|seed| format!("sequence {seed}")));
    let space = wish.space.iter();
    said.extend(space.map(|(name, expression)| format!("{name}={expression}")));
    let beyond = wish.beyond.iter();
    said.extend(beyond.map(|one| format!("no {:?}: {}", one.what, one.words)));
    said.extend(wish.unread.iter().map(|word| format!("not {word}")));
    said.join("; ")
}

/// As it is said behind "draft a brief".
fn check(text: &str, expected: &str) {
    assert_eq!(said(&of(&format!("brief {text}"), 1)), expected, "{text}");
}

/// As it is said of a draft that there is.
fn check_change(text: &str, expected: &str) {
    assert_eq!(said(&of(text, 0)), expected, "{text}");
}

#[test]
fn the_parts_of_a_wish_are_read() {
    for (text, expected) in [
        ("", ""),
        ("for the smallest loss", "the smallest loss"),
        (
            "for the smallest loss with char-lm",
            "the smallest loss; char-lm",
        ),
        (
            "to find a good rate with char-lm, 200 tasks of 5 minutes each",
            "find a good rate; char-lm; 200 tasks; 300 s",
        ),
        (
            "200 runs of 90s on small machines",
            "; 200 tasks; 90 s; small",
        ),
        (
            "a wide net on gpu for at most 50 credits",
            "a wide net; large; 50 credits",
        ),
        (
            "lr from 1e-4 to 1e-2 on a log scale",
            "; lr=log_uniform(1e-4, 1e-2)",
        ),
        (
            "lr between 0.1 and 0.5, layers 2 to 6",
            "; lr=uniform(0.1, 0.5); layers=integer(2, 6)",
        ),
        ("lr 1e-4..1e-2 log", "; lr=log_uniform(1e-4, 1e-2)"),
        ("d in {64, 128, 256}", "; d=choice(64, 128, 256)"),
        (
            "schedule in cosine, linear or step, 100 tasks",
            "; 100 tasks; schedule=choice(cosine, linear, step)",
        ),
        (
            "batch in 32, 64, 100 tasks",
            "; 100 tasks; batch=choice(32, 64)",
        ),
        (
            "brief for depth against width: layers 2 to 6",
            "depth against width; layers=integer(2, 6)",
        ),
        ("for speed, 1,000 tasks", "speed; 1000 tasks"),
    ] {
        check(text, expected);
    }
}

#[test]
fn all_that_a_brief_may_say_is_read() {
    for (text, expected) in [
        (
            "called tiny sweep for the smallest loss with char-lm",
            "the smallest loss; called tiny sweep; char-lm",
        ),
        (
            "for the smallest loss with char-lm, called tiny sweep, 5 tasks",
            "the smallest loss; called tiny sweep; char-lm; 5 tasks",
        ),
        (
            "for depth with char-lm titled 'Is it, deep?' and 5 tasks",
            "depth; called Is it, deep?; char-lm; 5 tasks",
        ),
        (
            "for depth named tiny sweep with 5 tasks",
            "depth; called tiny sweep; 5 tasks",
        ),
        (
            "for depth with char-lm, priority 5, with grid",
            "depth; char-lm; priority 5; grid",
        ),
        ("for depth, priority = -3", "depth; priority -3"),
        (
            "a random search for depth with char-lm",
            "depth; char-lm; random",
        ),
        (
            "for depth with char-lm by quasi-random sampling, study seed 7",
            "depth; char-lm; quasi_random; sequence 7",
        ),
        (
            "for whether random search beats grid search with char-lm",
            "whether random search beats grid search; char-lm",
        ),
        (
            "for depth on the same device class, constraints \"never more than 8 GiB\"",
            "depth; never never more than 8 GiB; same class true",
        ),
        (
            "with char-lm, 5 tasks, for the smallest loss",
            "the smallest loss; char-lm; 5 tasks",
        ),
    ] {
        check(text, expected);
    }
    for (text, expected) in [
        ("name it tiny sweep", "; called tiny sweep"),
        ("rename it to tiny sweep please", "; called tiny sweep"),
        ("set the priority to 7", "; priority 7"),
        ("use grid instead", "; grid"),
        ("sampler random", "; random"),
        ("set tasks to 40", "; 40 tasks"),
        ("with priority five", "; priority 5"),
        ("use char-lm, budget 50, tasks: 40", "50; char-lm; 40 tasks"),
        ("the goal is the lowest val_bpb", "the lowest val_bpb"),
    ] {
        check_change(text, expected);
    }
}

#[test]
fn values_of_a_parameter_are_read() {
    for (text, expected) in [
        (
            "for depth with char-lm, lr 0.01, n_layers 1 or 2, 5 tasks",
            "depth; char-lm; 5 tasks; lr=fixed(0.01); n_layers=choice(1, 2)",
        ),
        (
            "for depth with lr=0.01 and n_layers = 4",
            "depth; lr=fixed(0.01); n_layers=fixed(4)",
        ),
        (
            "for depth, n_layers 1, 2 or 4, 2 hours in total",
            "depth; 7200 s in all; n_layers=choice(1, 2, 4)",
        ),
        (
            "for depth, lr 0.01, 2 hours each",
            "depth; 7200 s; lr=fixed(0.01)",
        ),
        (
            "for depth, schedule = cosine, width 64",
            "depth; schedule=fixed(cosine); width=fixed(64)",
        ),
        ("for depth 5 with char-lm", "depth 5; char-lm"),
        (
            "for depth, lr in 0.1 and 0.2, 5 tasks",
            "depth; 5 tasks; lr=choice(0.1, 0.2)",
        ),
        (
            "for depth, schedule in cosine, linear, lr 0.1 to 0.2",
            "depth; schedule=choice(cosine, linear); lr=uniform(0.1, 0.2)",
        ),
    ] {
        check(text, expected);
    }
    for (text, expected) in [
        ("set n_layers to 4", "; n_layers=fixed(4)"),
        ("set the lr to 0.1 or 0.2", "; lr=choice(0.1, 0.2)"),
        ("lr 0.01", "; lr=fixed(0.01)"),
        ("lower lr to 0.01", "; lr=fixed(0.01)"),
        ("lr of 0.3 or 0.1 please", "; lr=choice(0.3, 0.1)"),
        ("lr 0.1 to 0.05", "lr 0.1 to 0.05"),
    ] {
        check_change(text, expected);
    }
}

#[test]
fn a_time_of_all_is_none_of_each() {
    for (text, expected) in [
        ("2 hours in total", "; 7200 s in all"),
        ("a total of 2 hours, 8 tasks", "; 8 tasks; 7200 s in all"),
        ("8 tasks, altogether 2 hours", "; 8 tasks; 7200 s in all"),
        ("2 hours of machine time in all", "; 7200 s in all"),
        ("2 hours per task", "; 7200 s"),
        ("20 tasks in 2 hours", "; 20 tasks; no Date: in 2 hours"),
        ("20 tasks within 5 minutes each", "; 20 tasks; 300 s"),
    ] {
        check_change(text, expected);
    }
}

#[test]
fn what_no_brief_has_is_told() {
    for (text, expected) in [
        (
            "for depth by Friday with char-lm",
            "depth; char-lm; no Date: by Friday",
        ),
        (
            "for depth with char-lm, done before 18:00",
            "depth; char-lm; no Date: before 18:00; not done",
        ),
        (
            "for depth with char-lm, deadline the end of next week",
            "depth; char-lm; no Date: deadline the end of next week",
        ),
        (
            "for depth with char-lm, 3 seeds each",
            "depth; char-lm; no Repeats: 3 seeds each",
        ),
        (
            "for depth with char-lm, seeds 1, 2 and 3",
            "depth; char-lm; no Repeats: seeds 1, 2 and 3",
        ),
        (
            "for depth with char-lm, verified",
            "depth; char-lm; no Checks: verified",
        ),
        ("for depth with char-lm and tpe", "depth; char-lm; not tpe"),
        (
            "for depth with char-lm using tpe",
            "depth; char-lm; no Sampler: tpe",
        ),
        (
            "for depth with char-lm, high priority",
            "depth; char-lm; no Priority: high priority",
        ),
        (
            "for depth with char-lm, 10 credits each",
            "depth; char-lm; no CreditsEach: 10 credits each",
        ),
        (
            "for depth with char-lm, 5 tasks, purple",
            "depth; char-lm; 5 tasks; not purple",
        ),
        ("with 40 tasks instead", "; 40 tasks"),
        ("at most 40 credits, 30 s each", "; 30 s; 40 credits"),
        ("lr from 5 to 2", "lr from 5 to 2"),
        ("lr from NaN to inf", "lr from NaN to inf"),
        ("99999999999 tasks", "99999999999 tasks"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_is_said_later_counts() {
    let before = of(
        "for speed 10 tasks lr 0.1 to 0.2 layers 2 to 4 called a, priority 1",
        0,
    );
    let after = before.changed_by(&of("20 tasks lr 0.1 to 0.3, 1 hour in total, titled b", 0));
    assert_eq!((after.goal.as_str(), after.num_tasks), ("speed", Some(20)));
    assert_eq!(after.space[0].1, "uniform(0.1, 0.3)");
    assert_eq!(after.space[1].1, "integer(2, 4)");
    assert_eq!(after.time, Some(Time::InAll(Duration::from_hours(1))));
    assert_eq!(
        (after.title.as_deref(), after.priority),
        (Some("b"), Some(1))
    );
}
