use super::*;
use crate::question::Question;

fn of(text: &str, begins: usize) -> Wish {
    let question = Question::read(text).unwrap();
    let known = Vocabulary {
        template: &|word| (word.folded == "char-lm").then(|| "char-lm".to_owned()),
        parameter: &|word| {
            let known = ["lr", "n_layers", "dropout"];
            known
                .contains(&word.folded.as_str())
                .then(|| word.folded.clone())
        },
        is_free: &|word| word.folded != "alpha",
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
    let dropped = wish.dropped.iter();
    said.extend(dropped.map(|name| format!("without {name}")));
    let restored = wish.restored.iter();
    said.extend(restored.map(|name| format!("again {name}")));
    let cleared = wish.cleared.iter();
    said.extend(cleared.map(|part| format!("clear {part:?}")));
    let scaled = wish.scaled.iter();
    said.extend(scaled.map(|one| format!("{:?} {:?}", one.part, one.by)));
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
        (
            "use char-lm, budget 50, tasks: 40",
            "; char-lm; 40 tasks; 50 credits",
        ),
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
        (
            "lr 0.1 to 0.05",
            "; lr=uniform(0.05, 0.1); no Turned: lr 0.1 to 0.05",
        ),
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
        (
            "lr from 5 to 2",
            "; lr=integer(2, 5); no Turned: lr from 5 to 2",
        ),
        ("lr from NaN to inf", "lr from NaN to inf"),
        ("99999999999 tasks", "; no Tasks: 99999999999 tasks"),
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

#[test]
fn more_or_less_of_what_there_was_is_read() {
    for (text, expected) in [
        ("double the tasks", "; Tasks Times(2.0)"),
        ("please double the number of tasks", "; Tasks Times(2.0)"),
        ("half as many tasks", "; Tasks Times(0.5)"),
        ("halve the tasks", "; Tasks Times(0.5)"),
        ("twice the time", "; Time Times(2.0)"),
        ("twice as long", "; Time Times(2.0)"),
        ("3 times the budget", "; Credits Times(3.0)"),
        ("3 times as many runs", "; Tasks Times(3.0)"),
        ("half an hour each", "; 1800 s"),
        ("10 more tasks", "; Tasks Plus(10.0)"),
        ("10 tasks more", "; Tasks Plus(10.0)"),
        ("add 10 tasks", "; Tasks Plus(10.0)"),
        ("5 fewer tasks", "; Tasks Plus(-5.0)"),
        ("remove 5 tasks", "; Tasks Plus(-5.0)"),
        ("50% more tasks", "; Tasks Times(1.5)"),
        ("50 % more tasks", "; Tasks Times(1.5)"),
        ("50 percent fewer tasks", "; Tasks Times(0.5)"),
        ("25% less time", "; Time Times(0.75)"),
        ("increase the tasks by 50%", "; Tasks Times(1.5)"),
        ("lower the budget by 50 %", "; Credits Times(0.5)"),
        (
            "a few more tasks",
            "; no Degree(Some(Tasks)): few more tasks",
        ),
        ("a bit longer", "; no Degree(Some(Time)): bit longer"),
        ("5 minutes longer", "; Time Plus(300.0)"),
        ("5 more minutes", "; Time Plus(300.0)"),
        ("increase the priority by 2", "; Priority Plus(2.0)"),
        ("lower the time by 1 minute", "; Time Plus(-60.0)"),
        ("raise the number of tasks to 40", "; 40 tasks"),
        ("increase the priority to 7", "; priority 7"),
        ("fewer tasks", "; no Degree(Some(Tasks)): fewer tasks"),
        ("more tasks please", "; no Degree(Some(Tasks)): more tasks"),
        ("less time", "; no Degree(Some(Time)): less time"),
        ("make it longer", "; no Degree(Some(Time)): longer"),
        (
            "increase the priority",
            "; no Degree(Some(Priority)): increase the priority",
        ),
        (
            "lower the priority",
            "; no Degree(Some(Priority)): lower the priority",
        ),
        (
            "higher priority",
            "; no Degree(Some(Priority)): higher priority",
        ),
        ("double it", "; no Degree(None): double it"),
        ("double the lr", "; no Value: double the lr"),
        ("increase lr", "; no Value: increase lr"),
        ("raise lr to 0.1", "; lr=fixed(0.1)"),
    ] {
        check_change(text, expected);
    }
    let before = of("for speed 20 tasks of 2 minutes, 10 credits, priority 1", 0);
    for (text, expected) in [
        (
            "double the tasks",
            "speed; 40 tasks; 120 s; 10 credits; priority 1",
        ),
        (
            "10 more tasks, twice as long",
            "speed; 30 tasks; 240 s; 10 credits; priority 1",
        ),
        (
            "half the budget",
            "speed; 20 tasks; 120 s; 5 credits; priority 1",
        ),
        (
            "raise the priority by 4",
            "speed; 20 tasks; 120 s; 10 credits; priority 5",
        ),
        (
            "remove the budget",
            "speed; 20 tasks; 120 s; priority 1; clear Credits",
        ),
        (
            "no budget",
            "speed; 20 tasks; 120 s; priority 1; clear Credits",
        ),
        (
            "12% more tasks",
            "speed; 22 tasks; 120 s; 10 credits; priority 1; no Rounded: 12% more tasks (of 20)",
        ),
        (
            "double the priority",
            "speed; 20 tasks; 120 s; 10 credits; priority 2",
        ),
        (
            "remove 20 tasks",
            "speed; 20 tasks; 120 s; 10 credits; priority 1; no Tasks: remove 20 tasks (of 20)",
        ),
    ] {
        assert_eq!(said(&before.changed_by(&of(text, 0))), expected, "{text}");
    }
}

#[test]
fn what_is_not_to_be_is_never_read_as_if_it_were() {
    for (text, expected) in [
        ("without momentum", "; without momentum"),
        (
            "drop momentum and n_layers",
            "; without momentum; without n_layers",
        ),
        ("not lr", "; without lr"),
        ("no lr", "; without lr"),
        ("do not search lr", "; without lr"),
        (
            "drop the title and the budget",
            "; clear Title; clear Credits",
        ),
        ("5 tasks without lr", "; 5 tasks; without lr"),
        ("without alpha", "without alpha"),
        ("not on small machines", "; no Not: not on small machines"),
        ("not on gpu-small", "; no Not: not on gpu-small"),
        ("not with char-lm", "; no Not: not with char-lm"),
        ("not with grid", "; no Not: not with grid"),
        ("no gpu", "; no Not: no gpu"),
        ("no, 40 tasks", "; 40 tasks"),
    ] {
        check_change(text, expected);
    }
    for (text, expected) in [
        (
            "for the smallest loss with char-lm, not on small machines, 5 tasks",
            "the smallest loss; char-lm; 5 tasks; no Not: not on small machines",
        ),
        (
            "for the smallest loss with char-lm without momentum, 5 tasks",
            "the smallest loss; char-lm; 5 tasks; without momentum",
        ),
        (
            "for whether depth does not matter with char-lm",
            "whether depth does not matter; char-lm",
        ),
        ("for depth, 0 tasks", "depth; no Tasks: 0 tasks"),
        ("for depth, -5 tasks", "depth; no Tasks: -5 tasks"),
        ("for depth, 2.5 tasks", "depth; no Tasks: 2.5 tasks"),
        ("for depth, 4 to 8 tasks", "depth; no Several: 4 to 8 tasks"),
        ("for depth, 4-8 tasks", "depth; no Several: 4-8 tasks"),
        (
            "for depth, 5 to 10 minutes each",
            "depth; no Several: 5 to 10 minutes",
        ),
        (
            "for depth, 5-10 minutes each",
            "depth; no Several: 5-10 minutes",
        ),
        ("for depth, lr 0.01-0.1", "depth; lr=uniform(0.01, 0.1)"),
        (
            "for depth, lr 0.01 - 0.1 log",
            "depth; lr=log_uniform(0.01, 0.1)",
        ),
        ("for depth, lr 0.01–0.1", "depth; lr=uniform(0.01, 0.1)"),
        (
            "for depth, lr 1e-4-1e-2 log",
            "depth; lr=log_uniform(1e-4, 1e-2)",
        ),
        ("for depth, lr 0.01..0.1", "depth; lr=uniform(0.01, 0.1)"),
        (
            "for depth, lr from 0.01 to 0.1",
            "depth; lr=uniform(0.01, 0.1)",
        ),
        ("for depth, n_layers 2-4", "depth; n_layers=integer(2, 4)"),
        ("for depth, lr 0.1", "depth; lr=fixed(0.1)"),
        ("for depth, lr -0.1", "depth; lr=fixed(-0.1)"),
        ("for a resnet 18-50 with char-lm", "a resnet 18-50; char-lm"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_is_taken_out_ends_where_something_else_is_said() {
    for (text, expected) in [
        ("drop lr, n_layers 4", "; n_layers=fixed(4); without lr"),
        (
            "drop lr and n_layers 2 or 4",
            "; n_layers=choice(2, 4); without lr",
        ),
        ("drop lr and n_layers", "; without lr; without n_layers"),
        ("drop lr, n_layers", "; without lr; without n_layers"),
        ("drop lr, priority 5", "; priority 5; without lr"),
        (
            "drop lr, title tiny sweep",
            "; called tiny sweep; without lr",
        ),
        ("drop lr and the title", "; without lr; clear Title"),
        ("drop the budget, 40 tasks", "; 40 tasks; clear Credits"),
        ("drop LR", "; without lr"),
        (
            "drop `lr` and \"n_layers\"",
            "; without lr; without n_layers",
        ),
        ("LR 0.1", "; lr=fixed(0.1)"),
        ("without small machines", "; no Not: without small machines"),
        ("exclude small machines", "; no Not: exclude small machines"),
        ("without grid", "; no Not: without grid"),
        ("drop char-lm", "; no Not: drop char-lm"),
        (
            "drop drop drop drop drop drop drop lr",
            "drop drop drop drop drop drop; without lr",
        ),
    ] {
        check_change(text, expected);
    }
    check(
        "for depth with char-lm without lr, n_layers 2 or 4, 20 tasks",
        "depth; char-lm; 20 tasks; n_layers=choice(2, 4); without lr",
    );
    let before = of("for speed lr 0.1 to 0.2", 0);
    let mut later = Wish::default();
    later.dropped.push("LR".to_owned());
    assert_eq!(said(&before.changed_by(&later)), "speed; without lr");
}

#[test]
fn a_goal_keeps_what_it_says() {
    for (text, expected) in [
        (
            "to find out whether training without dropout is better",
            "find out whether training without dropout is better",
        ),
        (
            "to find out whether lr, not dropout, matters with char-lm",
            "find out whether lr, not dropout, matters; char-lm",
        ),
        (
            "to find out whether training, without dropout, is better",
            "find out whether training, without dropout, is better",
        ),
        (
            "for the smallest loss, without lr, 5 tasks",
            "the smallest loss; 5 tasks; without lr",
        ),
        (
            "for the smallest loss, not lr",
            "the smallest loss; without lr",
        ),
        (
            "to reduce the time per step with char-lm",
            "reduce the time per step; char-lm",
        ),
        (
            "with char-lm to reduce the time to converge",
            "reduce the time to converge; char-lm",
        ),
        (
            "to double the tasks that succeed",
            "double the tasks that succeed",
        ),
        (
            "for depth with char-lm, reduce the time",
            "depth; char-lm; no Degree(Some(Time)): reduce the time",
        ),
        (
            "for depth with char-lm plus 20 tasks",
            "depth; char-lm; 20 tasks",
        ),
        (
            "for depth with char-lm and add 10 tasks of 5 min",
            "depth; char-lm; 10 tasks; 300 s",
        ),
        (
            "for depth, 20 tasks plus 5 more tasks",
            "depth; 20 tasks; Tasks Plus(5.0)",
        ),
        ("for depth plus 50 credits", "depth; 50 credits"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_leaves_open_which_number_is_asked_back() {
    for (text, expected) in [
        ("around 10 tasks", "; no Bound: around 10 tasks"),
        ("at least 10 tasks", "; no Bound: at least 10 tasks"),
        ("at most 10 tasks", "; no Bound: at most 10 tasks"),
        ("up to 10 tasks", "; no Bound: up to 10 tasks"),
        ("fewer than 10 tasks", "; no Bound: fewer than 10 tasks"),
        (
            "not more than 40 tasks",
            "; no Bound: not more than 40 tasks",
        ),
        ("no more than 40 tasks", "; no Bound: no more than 40 tasks"),
        ("10 tasks at most", "; no Bound: 10 tasks at most"),
        (
            "10 tasks or more, priority 5",
            "; priority 5; no Bound: 10 tasks or more",
        ),
        ("about 5 minutes each", "; no Bound: about 5 minutes"),
        ("20 tasks, at most 50 credits", "; 20 tasks; 50 credits"),
        ("20 tasks at most 50 credits", "; 20 tasks; 50 credits"),
        ("take away 5 tasks", "; Tasks Plus(-5.0)"),
        ("+5 tasks", "; Tasks Plus(5.0)"),
        ("tasks +5", "; Tasks Plus(5.0)"),
        ("priority +2", "; Priority Plus(2.0)"),
        ("+20 credits", "; Credits Plus(20.0)"),
        ("5 tasks too many", "; no Bound: 5 tasks too many"),
        ("take off 5 tasks", "; Tasks Plus(-5.0)"),
        ("cut 5 tasks", "; Tasks Plus(-5.0)"),
        ("reduce by 5 tasks", "; Tasks Plus(-5.0)"),
        ("increase by 5 tasks", "; Tasks Plus(5.0)"),
        ("20 credits more", "; Credits Plus(20.0)"),
        ("5 credits less", "; Credits Plus(-5.0)"),
        ("5 credits fewer", "; Credits Plus(-5.0)"),
        ("2.5 credits more", "; Credits Plus(2.5)"),
        ("budget 20 more", "; Credits Plus(20.0)"),
        ("priority 2 higher", "; Priority Plus(2.0)"),
        ("priority 2 more", "; Priority Plus(2.0)"),
        ("priority 2 lower", "; Priority Plus(-2.0)"),
        (
            "priority 2, more tasks",
            "; priority 2; no Degree(Some(Tasks)): more tasks",
        ),
        ("10 more credits", "; Credits Plus(10.0)"),
        ("2 tasks more", "; Tasks Plus(2.0)"),
        ("5 s less", "; Time Plus(-5.0)"),
    ] {
        check_change(text, expected);
    }
    check(
        "for depth with char-lm, about 20 tasks of 5 min",
        "depth; char-lm; 300 s; no Bound: about 20 tasks",
    );
}

#[test]
fn a_comparison_is_no_value() {
    for (text, expected) in [
        ("lr < 0.5", "; no Value: lr < 0.5"),
        ("lr <= 0.5", "; no Value: lr <= 0.5"),
        ("set lr < 0.5", "; no Value: lr < 0.5"),
        ("lr above 0.1", "; no Value: lr above 0.1"),
        (
            "lr less than 0.1, 5 tasks",
            "; 5 tasks; no Value: lr less than 0.1",
        ),
        ("lr at most 0.5", "; no Value: lr at most 0.5"),
        ("lr up to 0.5", "; no Value: lr up to 0.5"),
        ("lr from 0.5", "; no Value: lr from 0.5"),
        ("lr over 0.5", "; no Value: lr over 0.5"),
        ("max lr 0.5", "; no Value: max lr 0.5"),
        ("lr max 0.5", "; no Value: lr max 0.5"),
        ("lr 0.5 max", "; no Value: lr 0.5 max"),
        ("lr 0.5 or more", "; no Value: lr 0.5 or more"),
        ("lr 0.1 higher", "; no Value: lr 0.1 higher"),
        ("lr ~0.1", "; no Value: lr ~0.1"),
        ("0.1 < lr", "; no Value: 0.1 < lr"),
        ("lr 10^-2 to 10^-1", "; no Value: lr 10^-2 to 10^-1"),
        ("lr 1e-3/1e-2", "; no Value: lr 1e-3/1e-2"),
        ("lr 10%", "; no Value: lr 10%"),
        ("lr high", "; no Value: lr high"),
        ("lr between 0.1", "; no Value: lr between 0.1"),
        ("lr between 0.1 and 0.2", "; lr=uniform(0.1, 0.2)"),
        ("lr 0.1 or so", "; no Value: lr 0.1 or so"),
        ("lr 0,01", "; no Value: lr 0,01"),
        ("dropout 0, 1", "; dropout=choice(0, 1)"),
        ("lr doubled", "lr doubled"),
        ("momentum < 0.9", "; no Value: momentum < 0.9"),
        ("lr >= 0.01 and <= 0.5", "; lr=uniform(0.01, 0.5)"),
        ("lr > 0.01, < 0.5", "; lr=uniform(0.01, 0.5)"),
        ("0.01 < lr < 0.5", "; lr=uniform(0.01, 0.5)"),
        ("2 <= n_layers <= 4", "; n_layers=integer(2, 4)"),
        ("n_layers > 2 and < 6", "; no Value: n_layers > 2 and < 6"),
        ("lr 0.01 up to 0.5", "; lr=uniform(0.01, 0.5)"),
        ("lr 0.01 ... 0.5", "; lr=uniform(0.01, 0.5)"),
        ("lr 0.01...0.5", "; lr=uniform(0.01, 0.5)"),
        ("lr 0.01 … 0.5", "; lr=uniform(0.01, 0.5)"),
        ("lr 0.01 → 0.5", "; lr=uniform(0.01, 0.5)"),
        ("lr 0.01 -> 0.5", "; lr=uniform(0.01, 0.5)"),
        ("lr 0.01 through 0.1", "; lr=uniform(0.01, 0.1)"),
        ("momentum 0-0.9", "; momentum=uniform(0, 0.9)"),
        ("n_layers two", "; n_layers=fixed(2)"),
        ("n_layers two or four", "; n_layers=choice(2, 4)"),
        ("n_layers one to five", "; n_layers=integer(1, 5)"),
        ("degree one to five", "; degree=integer(1, 5)"),
        ("dropout linear", "; dropout=fixed(linear)"),
        ("with dropout linear", "; dropout=fixed(linear)"),
        ("dropout \"linear\"", "; dropout=fixed(\"linear\")"),
        ("lr 0.01, n_layers 2", "; lr=fixed(0.01); n_layers=fixed(2)"),
        (
            "lr < 0.5 and n_layers 2",
            "; n_layers=fixed(2); no Value: lr < 0.5",
        ),
        (
            "lr from 0.1 to 0.2, 5 tasks more",
            "; lr=uniform(0.1, 0.2); Tasks Plus(5.0)",
        ),
        ("lr over 0.1, 0.2 or 0.5", "; lr=choice(0.1, 0.2, 0.5)"),
    ] {
        check_change(text, expected);
    }
    for (text, expected) in [
        (
            "for depth with char-lm, lr < 0.5",
            "depth; char-lm; no Value: lr < 0.5",
        ),
        (
            "for depth with char-lm, lr 0.1, max 5 tasks",
            "depth; char-lm; lr=fixed(0.1); no Bound: max 5 tasks",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn numbers_in_letters_and_shares_are_read() {
    for (text, expected) in [
        ("a dozen tasks", "; 12 tasks"),
        ("half a dozen tasks", "; 6 tasks"),
        ("two dozen tasks", "; 24 tasks"),
        ("twenty-five tasks", "; 25 tasks"),
        ("fifteen tasks", "; 15 tasks"),
        ("a third of the tasks", "; Tasks Times(0.3333333333333333)"),
        ("budget doubled", "; Credits Times(2.0)"),
        ("tasks halved, priority 5", "; priority 5; Tasks Times(0.5)"),
        ("grid", "; grid"),
        ("random", "; random"),
        ("large", "; large"),
        ("constraints none", "; clear Constraints"),
        ("tasks 4", "; 4 tasks"),
        ("goal the highest val_loss", "the highest val_loss"),
        ("search lr", "; again lr"),
        ("search lr again, 5 tasks", "; 5 tasks; again lr"),
        ("search lr 0.1 to 0.2", "; lr=uniform(0.1, 0.2)"),
    ] {
        check_change(text, expected);
    }
    let before = of("for speed lr 0.1 to 0.2, without dropout", 0);
    let after = before.changed_by(&of("search lr, vary dropout", 0));
    assert_eq!(said(&after), "speed");
}
