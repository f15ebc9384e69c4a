use super::*;

const GOOD: &str = r#"name = "t"
command = ["sh", "{code}/run.sh"]
files = ["run.sh"]
objective = { metric = "loss", direction = "minimize" }
space = { lr = "uniform(0, 1)" }

[[fields]]
name = "lr"
kind = "number"
max = 1.0

[[fields]]
name = "layers"
kind = "list"
[[fields.fields]]
name = "width"
kind = "integer"
default = 8
"#;

fn contents(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "absent" => Err("is not there".to_owned()),
        "schema.json" => {
            Ok(br#"{"properties": [{"name": "x", "definition": {"type": "float"}}]}"#.to_vec())
        }
        "wrong.json" => Ok(br#"{"properties": [{"name": "x"}]}"#.to_vec()),
        _ => Ok(b"true".to_vec()),
    }
}

fn read(text: &str) -> Result<Template, Box<Refused>> {
    parse(text, Source::BuiltIn, &contents)
}

fn check(changes: &[(&str, &str)], expected: &[&str]) {
    let mut text = GOOD.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let found: Vec<_> = match read(&text) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.flaws.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    check(&[], &[]);
    check(
        &[("\"t\"", "\"T!\"")],
        &["line 1: `name`: is `T!`; use up to 64 lower-case letters, digits and dashes"],
    );
    check(
        &[("uniform(0, 1)", "uniform(1, 0)")],
        &[
            "line 5: `space.lr`: `low` `1` is not below `high` `0`; swap them, or write `fixed(1)` for one value",
        ],
    );
    check(
        &[("minimize", "down")],
        &["line 4: `objective.direction`: `down` is not a direction; say `minimize` or `maximize`"],
    );
    check(
        &[("[\"run.sh\"]", "[\"a\", \"../x\", \"absent\", \"a\"]")],
        &[
            "line 3: `files.1`: is `../x`; give a path below the template's folder",
            "line 3: `files.2`: `absent` is not there",
            "line 3: `files.3`: names `a` again; remove one",
        ],
    );
    check(
        &[("kind = \"integer\"", "kind = \"integr\"")],
        &[
            "line 17: `fields.1.fields.0.kind`: `integr` is not a kind; choose string, text, integer, \
             number, boolean, enum, list or group",
        ],
    );
    check(
        &[("kind = \"list\"", "")],
        &[
            "line 12: `fields.1.kind`: is missing; choose string, text, integer, number, boolean, enum, \
             list or group",
        ],
    );
    check(
        &[("default = 8", "default = 0.5")],
        &["line 18: `fields.layers.item.width.default`: is 0.5; give a whole number"],
    );
    check(
        &[("name = \"t\"", "nam = \"t\"")],
        &[
            "`name`: is missing; use up to 64 lower-case letters, digits and dashes",
            "line 1: `nam`: is not known here; there are `name`, `title`, `description`, `command`, \
             `files`, `objective`, `repeats`, `needs`, `sandbox`, `space`, `fields`, `schema`",
        ],
    );
}

#[test]
fn all_mistakes_are_named_at_once() {
    check(
        &[
            ("{code}", "{cod}"),
            ("\"loss\"", "\"\""),
            ("max = 1.0", "max = inf"),
        ],
        &[
            "line 2: `command.1`: `{cod}` is not a placeholder; there are {config}, {code}, {run}, \
             {python} and {cupola}",
            "line 4: `objective.metric`: is empty; name a key of the result",
            "line 10: `fields.0.max`: is \"inf\"; give a number",
        ],
    );
}

#[test]
fn what_is_no_toml_is_shown_by_line() {
    let refused = read("name = \"t\"\ncommand = [\"x\"\nfiles = [").unwrap_err();
    assert!(
        refused.flaws.iter().all(|flaw| flaw.line >= Some(2)),
        "{refused:?}"
    );
    assert_eq!(refused.name, None);
    check(
        &[("max = 1.0", "max = 1.0\nmax = 2.0")],
        &["line 11: duplicate key"],
    );
}

#[test]
fn a_broken_manifest_tells_its_name() {
    let refused = read(&GOOD.replace("minimize", "down")).unwrap_err();
    assert_eq!(refused.name.as_deref(), Some("t"));
}

#[test]
fn a_program_says_what_it_takes_beyond_its_own_folder() {
    let with = |section: &str| {
        GOOD.replace(
            "[[fields]]\nname = \"lr\"",
            &format!("{section}\n[[fields]]\nname = \"lr\""),
        )
    };
    let text = with("[sandbox]\nnetwork = true\nread = [\"~/b\", \"/a\", \"~/b\"]");
    let asked = read(&text).unwrap().needs.access;
    assert_eq!(asked.reads, ["/a", "~/b"]);
    assert_eq!((asked.network, asked.gpu), (true, false));
    let refused = read(&with(
        "[sandbox]\nread = [\"/a\", \"../b\"]\nwrite = [\"/\"]",
    ))
    .unwrap_err();
    let flaws: Vec<_> = refused.flaws.iter().map(ToString::to_string).collect();
    assert_eq!(
        flaws,
        [
            "line 8: `sandbox.read.1`: is `../b`; give an absolute path, or one that begins with `~/`, without `..`",
            "line 9: `sandbox.write`: is not known here; there are `read`, `network`, `gpu`",
        ]
    );
}

#[test]
fn a_schema_may_stand_in_a_file_of_its_own() {
    let fields = &GOOD[GOOD.find("[[fields]]").unwrap()..];
    check(
        &[(fields, ""), ("files", "schema = \"schema.json\"\nfiles")],
        &[],
    );
    check(
        &[(fields, ""), ("files", "schema = \"wrong.json\"\nfiles")],
        &[
            "line 3: `schema`: `wrong.json` `properties.0.definition`: is missing; say what the field holds",
        ],
    );
    check(
        &[("files", "schema = \"schema.json\"\nfiles")],
        &["line 3: `schema`: stands beside `fields`; give one of the two"],
    );
}

#[test]
fn the_hash_tells_code_apart() {
    let one = read(GOOD).unwrap();
    let other = read(&GOOD.replace("run.sh", "other.sh")).unwrap();
    assert_ne!(one.code_hash, other.code_hash);
    assert_eq!(one.code_hash.len(), 64);
}

fn check_repeats(section: &str, expected: &[&str]) {
    let table = format!("[repeats]\n{section}\n\n[[fields]]\nname = \"lr\"");
    check(&[("[[fields]]\nname = \"lr\"", &table)], expected);
}

#[test]
fn what_comes_out_again_is_said_whole() {
    check_repeats("exact = [\"loss\"]", &[]);
    let table = "[repeats]\nexact = [\"loss\"]\n\n[[fields]]\nname = \"lr\"";
    check(
        &[
            (
                "objective = { metric = \"loss\", direction = \"minimize\" }\n",
                "",
            ),
            ("[[fields]]\nname = \"lr\"", table),
        ],
        &[
            "`objective`: is missing beside [repeats]; what comes out again is compared by it; add [objective] \
           with a metric",
        ],
    );
    check_repeats(
        "exact = [\"loss\"]\nsteps = \"made\"\nuntil = \"max_steps\"\ntolerance = 0",
        &[],
    );
    check_repeats(
        "",
        &["line 7: `repeats.exact`: is missing; name the results that come out again"],
    );
    check_repeats(
        "exact = [\"loss\"]\nsteps = \"made\"\ntolerance = -1",
        &[
            "line 10: `repeats.tolerance`: is -1; give a number from 0",
            "line 7: `repeats.until`: is missing; give both, the result that counts the steps and the \
             field with their number",
        ],
    );
}
