//! What is found by a filter, in order, is what going through all runs finds: on both databases, by
//! every way to a page.

mod expected;
mod made;

use cupola_search::filter::{Filter, Order};
use cupola_store::run_search::{self, Effort, NameKind, Page, Query};
use cupola_testkit::{Database, on_each_database};
use proptest::{
    prop_assert, prop_assert_eq,
    test_runner::{Config, TestRunner},
};

use self::made::{Scene, queries};

on_each_database! {
    any_query_finds_what_going_through_all_runs_finds,
    runs_of_deleted_experiments_are_never_found,
    values_that_are_not_numbers_are_last,
    texts_and_numbers_are_told_apart,
    long_texts_are_compared_whole,
    names_are_listed_by_their_beginning,
}

/// Each way to a page, however few runs there are.
const EFFORTS: [Effort; 4] = [
    Effort {
        gathered_max: 1_000,
        sieved_max: 1_000,
        walked_max: 1_000,
    },
    Effort {
        gathered_max: -1,
        sieved_max: 1_000,
        walked_max: 1_000,
    },
    Effort {
        gathered_max: -1,
        sieved_max: 4,
        walked_max: 3,
    },
    Effort {
        gathered_max: 2,
        sieved_max: 6,
        walked_max: 1_000,
    },
];

fn any_query_finds_what_going_through_all_runs_finds(database: &Database) {
    let scene = Scene::new(database);
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    let checked = runner.run(&queries(&scene), |query| {
        let (ids, has_more, total) = expected::page(&scene.facts, &query);
        for effort in EFFORTS {
            let page = scene.list(&query, effort);
            prop_assert_eq!(&page.ids, &ids, "{:?}", effort);
            prop_assert_eq!(page.has_more, has_more, "{:?}", effort);
            let is_right = page.total.is_none_or(|counted| counted == total);
            prop_assert!(is_right, "{:?}: {:?}", effort, page.total);
        }
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

/// The numbers of the runs found, in order.
fn found(scene: &Scene, filter: &str, order: &str) -> String {
    let query = Query {
        filter: Filter::parse(filter).unwrap(),
        order: Order::parse(order).unwrap(),
        limit: 100,
        ..Query::default()
    };
    let pages = EFFORTS.map(|effort| scene.list(&query, effort).ids);
    assert!(pages.iter().all(|page| *page == pages[0]));
    let numbers = pages[0].iter().map(|id| scene.number(*id).to_string());
    numbers.collect::<Vec<_>>().join(" ")
}

fn runs_of_deleted_experiments_are_never_found(database: &Database) {
    let scene = Scene::with(database, &[&[], &[]], &[]);
    assert_eq!(found(&scene, "", "created"), "0 1");
    scene.delete_family();
    assert_eq!(found(&scene, "", "created"), "");
    let all = scene.list(
        &Query {
            limit: 1,
            ..Query::default()
        },
        Effort::default(),
    );
    assert_eq!(
        all,
        Page {
            ids: vec![],
            has_more: false,
            total: Some(0)
        }
    );
}

fn values_that_are_not_numbers_are_last(database: &Database) {
    let metrics: [&[f64]; 5] = [
        &[f64::NAN],
        &[f64::INFINITY],
        &[],
        &[1.0, f64::NAN],
        &[3.0, 2.0],
    ];
    let none: [&[(&str, &str)]; 5] = [&[]; 5];
    let scene = Scene::with(database, &none, &metrics);
    assert_eq!(found(&scene, "", "metrics.m desc"), "1 4 3 2 0");
    assert_eq!(found(&scene, "", "metrics.m"), "4 1 0 2 3");
    assert_eq!(
        found(&scene, "", "metrics.m.max desc, created"),
        "4 3 0 1 2"
    );
    assert_eq!(found(&scene, "metrics.m < 1e308", "created"), "4");
    assert_eq!(found(&scene, "metrics.m > 1e300", "created"), "1");
    assert_eq!(found(&scene, "metrics.m != 2", "created"), "0 1 3");
    assert_eq!(found(&scene, "metrics.m is missing", "created"), "2");
    assert_eq!(
        found(&scene, "metrics.m.min is missing", "created"),
        "0 1 2"
    );
    assert_eq!(found(&scene, "metrics.m.min = 1", "created"), "3");
}

fn texts_and_numbers_are_told_apart(database: &Database) {
    let params: [&[(&str, &str)]; 6] = [
        &[("a", "1")],
        &[("a", "1.0")],
        &[("a", "adam")],
        &[("a", "Adam_2")],
        &[],
        &[("a", "10")],
    ];
    let scene = Scene::with(database, &params, &[]);
    for (filter, expected) in [
        ("params.a = 1", "0 1"),
        ("params.a = \"1\"", "0"),
        ("params.a != 1", "2 3 5"),
        ("params.a != \"1\"", "1 2 3 5"),
        ("params.a > 9", "5"),
        ("params.a < \"2\"", "0 1 5"),
        ("params.a in (1, adam)", "0 1 2"),
        ("params.a ~ ADAM", "2 3"),
        ("params.a ~ '_'", "3"),
        ("params.a like 'adam%'", "2"),
        ("params.a ilike 'adam__'", "3"),
        ("params.a like '%'", "0 1 2 3 5"),
        ("params.a is missing", "4"),
        ("not params.a = 1", "2 3 4 5"),
        ("params.a = 1 or params.a = 10", "0 1 5"),
    ] {
        assert_eq!(found(&scene, filter, "created"), expected, "{filter}");
    }
    assert_eq!(found(&scene, "", "params.a"), "0 1 5 3 2 4");
    assert_eq!(found(&scene, "", "params.a desc"), "5 1 0 2 3 4");
}

fn long_texts_are_compared_whole(database: &Database) {
    let same = "ä".repeat(64);
    let (one, other) = (format!("{same}1"), format!("{same}2"));
    let params: [&[(&str, &str)]; 3] = [&[("a", &one)], &[("a", &other)], &[("a", &same)]];
    let scene = Scene::with(database, &params, &[]);
    for (text, expected) in [(&one, "0"), (&other, "1"), (&same, "2")] {
        assert_eq!(found(&scene, &format!("params.a = '{text}'"), ""), expected);
    }
}

fn names_are_listed_by_their_beginning(database: &Database) {
    let params: [&[(&str, &str)]; 2] = [
        &[("lr", "1"), ("layers.0", "2"), ("batch", "3")],
        &[("lr", "1"), ("layers.1", "2")],
    ];
    let scene = Scene::with(database, &params, &[&[1.0]]);
    let names = |kind, prefix: &'static str, limit| {
        let listed = scene.read(move |tx| run_search::list_names(tx, kind, prefix, limit));
        listed.join(" ")
    };
    assert_eq!(names(NameKind::Param, "l", 10), "layers.0 layers.1 lr");
    assert_eq!(names(NameKind::Param, "", 2), "batch layers.0");
    assert_eq!(names(NameKind::Param, "layers.", 10), "layers.0 layers.1");
    assert_eq!(names(NameKind::Metric, "", 10), "m");
    assert_eq!(names(NameKind::Tag, "x", 10), "");
}
