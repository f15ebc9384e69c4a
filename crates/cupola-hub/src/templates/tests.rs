use std::fs;

use super::*;

/// Folders with templates, and a library of them.
struct Scene {
    root: tempfile::TempDir,
    library: Library,
}

impl Scene {
    fn new(dirs: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let dirs: Vec<_> = dirs.iter().map(|dir| root.path().join(dir)).collect();
        for dir in &dirs {
            fs::create_dir_all(dir).unwrap();
        }
        let library = Library::load(&dirs);
        Self { root, library }
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What a tick of the loop would do, and how things are then.
    fn look(&self) -> (bool, String) {
        let has_changed = self.library.is_outdated() && self.library.reload();
        let seen = self.library.shelf();
        let found = seen
            .templates
            .iter()
            .filter(|t| t.source != Source::BuiltIn);
        let mut words: Vec<_> = found.map(|t| format!("{}={}", t.name, t.title)).collect();
        let root = self.root.path().display().to_string();
        for broken in &seen.broken {
            let flaws: Vec<_> = broken.flaws.iter().map(ToString::to_string).collect();
            let path = broken.path.display().to_string().replace(&root, "");
            let name = broken.name.as_deref().unwrap_or("?");
            words.push(format!("{name} at {path}: {}", flaws.join("; ")));
        }
        for replaced in &seen.replaced {
            let by = replaced.by.display().to_string().replace(&root, "");
            words.push(format!("{} by {by}", replaced.name));
        }
        (has_changed, words.join(" | "))
    }

    #[track_caller]
    fn check(&self, has_changed: bool, expected: &str) {
        assert_eq!(self.look(), (has_changed, expected.to_owned()));
    }
}

fn manifest(name: &str, title: &str) -> String {
    format!(
        "name = \"{name}\"\ntitle = \"{title}\"\ncommand = [\"true\"]\nfiles = [\"run.sh\"]\n\
         objective = {{ metric = \"loss\", direction = \"minimize\" }}\n"
    )
}

#[test]
fn what_changes_on_disk_is_read_again() {
    let scene = Scene::new(&["t"]);
    scene.check(false, "");
    scene.write("t/a/run.sh", "true");
    scene.write("t/a/template.toml", manifest("a", "One"));
    scene.check(true, "a=One");
    scene.check(false, "a=One");
    scene.write("t/a/template.toml", manifest("a", "Another"));
    scene.check(true, "a=Another");
    let before = scene.library.require("a").unwrap().code_hash.clone();
    scene.write("t/a/run.sh", "false");
    scene.check(true, "a=Another");
    assert_ne!(scene.library.require("a").unwrap().code_hash, before);
    fs::remove_dir_all(scene.root.path().join("t/a")).unwrap();
    scene.check(true, "");
}

#[test]
fn a_file_that_comes_later_mends_the_template() {
    let scene = Scene::new(&["t"]);
    scene.write("t/a/template.toml", manifest("a", "One"));
    scene.check(
        true,
        "a at /t/a/template.toml: line 4: `files.0`: `run.sh` cannot be read: No such file or \
         directory (os error 2)",
    );
    scene.write("t/a/run.sh", "true");
    scene.check(true, "a=One");
}

#[test]
fn a_template_that_breaks_is_shown_and_not_offered() {
    let scene = Scene::new(&["t"]);
    scene.write("t/a/run.sh", "true");
    scene.write("t/a/template.toml", manifest("char-lm", "Mine"));
    let replaced = "char-lm by /t/a/template.toml";
    scene.check(true, &format!("char-lm=Mine | {replaced}"));
    scene.write("t/a/template.toml", "name = ");
    let (has_changed, shown) = scene.look();
    assert!(has_changed);
    assert!(
        shown.starts_with("char-lm at /t/a/template.toml: line 1: "),
        "{shown}"
    );
    let refused = scene.library.require("char-lm").unwrap_err();
    assert!(
        refused.message.contains("cannot be read; mend"),
        "{refused}"
    );
    scene.write("t/a/template.toml", manifest("char-lm", "Mine"));
    scene.check(true, &format!("char-lm=Mine | {replaced}"));
}

#[test]
fn of_two_with_one_name_the_later_wins() {
    let scene = Scene::new(&["t", "u"]);
    for (path, title) in [("t/a", "One"), ("t/b", "Two"), ("u/a", "Three")] {
        scene.write(&format!("{path}/run.sh"), "true");
        scene.write(&format!("{path}/template.toml"), manifest("a", title));
    }
    scene.check(
        true,
        "a=Three | a by /t/b/template.toml | a by /u/a/template.toml",
    );
}

#[test]
fn a_folder_may_be_a_template_itself() {
    let scene = Scene::new(&["t"]);
    scene.write("t/run.sh", "true");
    scene.write("t/template.toml", manifest("a", "One"));
    scene.check(true, "a=One");
}

#[test]
fn odd_things_in_folders_are_shown_and_stop_nothing() {
    let scene = Scene::new(&["t"]);
    scene.write("t/good/run.sh", "true");
    scene.write("t/good/template.toml", manifest("good", "Good"));
    scene.write("t/folder/template.toml/x", "");
    scene.write("t/not-text/template.toml", b"\xff\xfe");
    scene.write("t/plain-file", "");
    fs::create_dir(scene.root.path().join("t/no-manifest")).unwrap();
    let large = fs::File::create(scene.root.path().join("t/large.toml")).unwrap();
    large.set_len(100 << 20).unwrap();
    scene.write("t/large/template.toml", "");
    fs::rename(
        scene.root.path().join("t/large.toml"),
        scene.root.path().join("t/large/template.toml"),
    )
    .unwrap();
    scene.check(
        true,
        "good=Good | ? at /t/folder/template.toml: is a folder; put a file there | \
         ? at /t/large/template.toml: has 104857600 bytes; at most 1048576 are read | \
         ? at /t/not-text/template.toml: is no text in UTF-8",
    );
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_shown() {
    use std::os::unix::fs::symlink;
    let scene = Scene::new(&["t"]);
    let at = |path: &str| scene.root.path().join(path);
    symlink("loop", at("t/loop")).unwrap();
    scene.write("t/a/template.toml", manifest("a", "One"));
    symlink("/etc/hostname", at("t/a/run.sh")).unwrap();
    let (_, shown) = scene.look();
    assert!(
        shown.contains("`run.sh` is not a regular file")
            && shown.contains("? at /t/loop/template.toml: cannot be read: Too many levels"),
        "{shown}"
    );
}

#[cfg(unix)]
#[test]
fn files_behind_a_linked_folder_do_not_travel() {
    let scene = Scene::new(&["t"]);
    let manifest = manifest("a", "One").replace("run.sh", "sub/hostname");
    scene.write("t/a/template.toml", manifest);
    std::os::unix::fs::symlink("/etc", scene.root.path().join("t/a/sub")).unwrap();
    let (_, shown) = scene.look();
    assert!(
        shown.contains("lies outside of the template's folder"),
        "{shown}"
    );
}

#[test]
fn large_files_do_not_travel() {
    let scene = Scene::new(&["t"]);
    scene.write("t/a/template.toml", manifest("a", "One"));
    let large = fs::File::create(scene.root.path().join("t/a/run.sh")).unwrap();
    large.set_len(100 << 20).unwrap();
    scene.check(
        true,
        "a at /t/a/template.toml: line 4: `files.0`: `run.sh` has 104857600 bytes; at most \
         67108864 are read",
    );
}

#[test]
fn a_folder_that_is_not_there_is_shown_until_it_comes() {
    let scene = Scene::new(&["t"]);
    fs::remove_dir(scene.root.path().join("t")).unwrap();
    scene.check(
        true,
        "? at /t: cannot be read: No such file or directory (os error 2)",
    );
    scene.write("t/a/run.sh", "");
    scene.write("t/a/template.toml", manifest("a", "One"));
    scene.check(true, "a=One");
}
