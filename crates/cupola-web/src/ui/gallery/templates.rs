//! `/templates` and `/code`

use super::{
    Sample,
    things::{HOSTILE, frame},
};
use crate::ui::{
    components::{CodeBlock, EmptyState, Link},
    frame::Section,
    paths,
    templates::{BrokenRow, Code, Details, FieldRow, FileView, Index, List, Show, TemplateRow},
};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const SCRIPT: &str = "import json\nimport sys\n\nwith open(sys.argv[1]) as file:\n    config = json.load(file)\nprint(json.dumps({\"loss\": 0.25}))\n";

pub(super) fn samples() -> Vec<Sample> {
    let hostile = List {
        broken: vec![broken("/srv/templates/vision/template.toml", "vision")],
        replaced: vec![format!("`char-lm` (built in) is not offered: {HOSTILE}")],
        dirs: vec!["/srv/templates".to_owned(), HOSTILE.to_owned()],
        ..list(vec![row("char-lm", "built in"), hostile_row()])
    };
    vec![
        Sample::new("templates", &index(list(usual()))),
        Sample::new("templates-empty", &index(empty())),
        Sample::new("templates-hostile", &index(hostile)),
        Sample::new(
            "template",
            &show(details("Python: curve fitting", fields())),
        ),
        Sample::new("template-hostile", &show(hostile_details())),
        Sample::new("code", &code()),
    ]
}

fn usual() -> Vec<TemplateRow> {
    vec![
        row("char-lm", "built in"),
        row("curve-fit", "/srv/templates/curve-fit"),
        row("compress", "/srv/templates/compress"),
    ]
}

fn index(list: List) -> Index {
    Index {
        frame: frame("Templates", Section::Templates),
        list,
    }
}

fn list(rows: Vec<TemplateRow>) -> List {
    List {
        count: format!("{} templates, 1 cannot be read", rows.len()),
        rows,
        broken: vec![broken("/srv/templates/vision/template.toml", "")],
        replaced: Vec::new(),
        empty: None,
        dirs: vec!["/srv/templates".to_owned()],
    }
}

fn empty() -> List {
    let empty = EmptyState::new(
        "No templates",
        "Put a folder with a template.toml where templates are looked for.",
    );
    List {
        broken: Vec::new(),
        dirs: Vec::new(),
        empty: Some(empty.with_command("cupola template new my-template")),
        ..list(Vec::new())
    }
}

fn actions(name: &str) -> Vec<Link> {
    let experiment = format!("{}?template={name}", paths::NEW_EXPERIMENT);
    let brief = format!("{}?template={name}", paths::NEW_BRIEF);
    vec![
        Link::new("New experiment", experiment),
        Link::new("New brief", brief),
    ]
}

fn row(name: &str, source: &str) -> TemplateRow {
    TemplateRow {
        name: name.to_owned(),
        title: Link::new("Character language model", paths::template(name, "")),
        description: "Trains a small decoder-only transformer on text, byte by byte, and reports \
                      held-out bits per byte."
            .to_owned(),
        source: source.to_owned(),
        objective: "val_bpb ↓".to_owned(),
        experiments: "1\u{202f}204".to_owned(),
        actions: actions(name),
    }
}

fn hostile_row() -> TemplateRow {
    let mut row = row("hostile", HOSTILE);
    HOSTILE.clone_into(&mut row.title.text);
    row.description = HOSTILE.repeat(3);
    "<script>alert(1)</script>".clone_into(&mut row.objective);
    row
}

fn broken(path: &str, name: &str) -> BrokenRow {
    let flaw = |line: &str, reason: &str| (line.to_owned(), reason.to_owned());
    BrokenRow {
        path: path.to_owned(),
        name: name.to_owned(),
        flaws: vec![
            flaw(
                "4",
                "`command.1`: `{cod}` is not a placeholder; there are {config}, {code}, {run}, {python} and {cupola}",
            ),
            flaw(
                "17",
                "`fields.1.kind`: `integr` is not a kind; choose string, text, integer, number, boolean, enum, list or group",
            ),
            flaw("", HOSTILE),
        ],
        more: "and 3 more".to_owned(),
    }
}

fn field(above: &str, name: &str, kind: &str, allowed: &str, default: &str) -> FieldRow {
    FieldRow {
        above: above.to_owned(),
        name: name.to_owned(),
        label: format!("The {name}"),
        description: "What it is for, its unit included.".to_owned(),
        kind: kind.to_owned(),
        allowed: allowed.to_owned(),
        default: default.to_owned(),
        is_required: name == "lr",
    }
}

fn fields() -> Vec<FieldRow> {
    vec![
        field("", "lr", "number", "0 to 1, in steps of 0.001", "0.001"),
        field("", "schedule", "choice", "cosine | linear", "\"cosine\""),
        field("", "layers", "list of groups", "1 to 8 items", ""),
        field("layers[].", "width", "integer", "1 to 4096", "64"),
        field("layers[].", "bias", "boolean", "", "true"),
        field("", "api", "group", "", ""),
        field(
            "api.",
            "address",
            "web address",
            "at most 200 characters",
            "",
        ),
    ]
}

fn files() -> Vec<FileView> {
    let file = |path: &str, size: &str, text: Option<&str>, remark: &str| FileView {
        path: path.to_owned(),
        size: size.to_owned(),
        text: text.map(str::to_owned),
        remark: remark.to_owned(),
    };
    vec![
        file("fit.py", "132 B", Some(SCRIPT), ""),
        file("weights.bin", "1.4 MiB", None, "no text"),
        file("notes.txt", "80.0 KiB", Some(HOSTILE), "16.0 KiB more"),
    ]
}

fn details(title: &str, fields: Vec<FieldRow>) -> Details {
    let name = "curve-fit";
    Details {
        src: paths::template(name, "/details"),
        name: name.to_owned(),
        title: title.to_owned(),
        description: "Fits a polynomial to generated data by gradient descent.".to_owned(),
        actions: actions(name),
        facts: vec![
            ("Objective", "val_loss in nats, lower is better".to_owned()),
            ("Needs", "1 core, 1.0 GiB memory, Python".to_owned()),
            ("Source", "/srv/templates/curve-fit".to_owned()),
            ("Experiments", "12".to_owned()),
        ],
        code: Link::new(&HASH[..12], paths::code(HASH)),
        command: CodeBlock::new(
            "Command, one argument a line",
            "{python}\n{code}/fit.py\n{config}",
        ),
        fields,
        schemas: vec![
            Link::new("JSON Schema", paths::template_schema(name)),
            Link::new(
                "Athanor's form",
                format!("{}?format=athanor", paths::template_schema(name)),
            ),
        ],
        space: vec![
            ("lr".to_owned(), "log_uniform(0.0001, 0.01)".to_owned()),
            ("degree".to_owned(), "choice(2, 3, 5)".to_owned()),
        ],
        files: files(),
    }
}

fn hostile_details() -> Details {
    let mut hostile = field(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE);
    HOSTILE.clone_into(&mut hostile.description);
    Details {
        description: HOSTILE.to_owned(),
        space: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        ..details(HOSTILE, vec![hostile])
    }
}

fn show(details: Details) -> Show {
    Show {
        frame: frame(&details.title, Section::Templates).under("Templates", paths::TEMPLATES),
        details,
    }
}

fn code() -> Code {
    Code {
        frame: frame("Code 9f86d081884c", Section::Templates).under("Templates", paths::TEMPLATES),
        hash: HASH.to_owned(),
        template: Link::new("curve-fit", paths::template("curve-fit", "")),
        command: CodeBlock::new("Command, one argument a line", "sh\n{code}/run.sh"),
        files: files(),
    }
}
