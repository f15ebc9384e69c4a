//! The form of an experiment, and what becomes of what it says.

use cupola_domain::access::Role;
use cupola_web::ui::form::FIELDS_MAX;
use serde_json::{Value, json};

use super::scene::{ESCAPED, Scene};

const FORM: &str = "template=layered&name=Two+layers&config.lr=0.5&config.layers=\
     &config.layers.0.width=8&config.layers.0.heads=&config.layers.1.width=16&config.layers.1.heads=";

/// Sends the form of a new experiment and says what it is answered.
async fn post(scene: &Scene, form: &str) -> (u16, String) {
    let answer = scene.post(Role::Researcher, "/experiments/new", form).await;
    (answer.status.as_u16(), answer.text())
}

/// Sends a form that is saved, and says where its experiment is.
async fn save(scene: &Scene, path: &str, form: &str) -> String {
    let answer = scene.post(Role::Researcher, path, form).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

/// The values of the fields of a form, as they would be sent again.
fn values(html: &str) -> Vec<(String, String)> {
    let inputs = html.split("<input ").skip(1).filter_map(|tag| {
        let tag = format!(" {}", tag.split('>').next()?);
        let name = super::scene::attribute(&tag, "name")?;
        let value = super::scene::attribute(&tag, "value")?;
        name.starts_with("config.").then_some((name, value))
    });
    inputs.filter(|(_, value)| !value.is_empty()).collect()
}

#[tokio::test]
async fn an_experiment_is_made_started_edited_cloned_and_deleted() {
    let scene = Scene::new().await;
    let page = save(&scene, "/experiments/new", &format!("{FORM}&op=save")).await;
    let html = scene.page(Role::Viewer, &page).await;
    for shown in ["Two layers", "layers.1.width", "No runs yet", "1 h"] {
        assert!(html.contains(shown), "no `{shown}` in {html}");
    }
    let started = save(&scene, &format!("{page}/start"), "runs=3").await;
    assert_eq!(started, page);
    let html = scene.page(Role::Viewer, &page).await;
    assert!(html.contains("3 runs") && html.contains("task 2"), "{html}");

    let form = scene.page(Role::Researcher, &format!("{page}/edit")).await;
    assert!(form.contains("value=\"Two layers\"") && form.contains("value=\"16\""));
    let edited = FORM.replace("Two+layers", "Wider").replace("=16", "=32");
    let saved = save(
        &scene,
        &format!("{page}/edit"),
        &format!("{edited}&op=save"),
    )
    .await;
    assert_eq!(saved, page);
    let html = scene.page(Role::Viewer, &page).await;
    assert!(html.contains("Wider") && html.contains(">32<"), "{html}");

    let id = page.rsplit('/').next().unwrap();
    let clone = format!("/experiments/new?experiment={id}");
    let form = scene.page(Role::Researcher, &clone).await;
    assert!(form.contains("value=\"Wider (copy)\"") && form.contains("value=\"32\""));

    save(&scene, &format!("{page}/deletion"), "").await;
    assert_eq!(scene.open(Role::Viewer, &page).await.status, 404);
}

#[tokio::test]
async fn the_command_of_a_file_may_be_edited_but_not_copied() {
    let scene = Scene::new().await;
    let file = json!({"text": "name: One\ncommand: [\"true\"]\n"});
    let researcher = scene.hub.somebody(Role::Researcher);
    let made = researcher.post("/api/v1/experiments/files", &file).await;
    let made = made.expect(201);
    let id = made["experiment_id"].as_str().unwrap();
    let page = format!("/experiments/{id}");
    let html = scene.page(Role::Researcher, &format!("{page}/edit")).await;
    let check = format!("/experiments/check?experiment={id}");
    assert!(html.contains(&format!("data-check=\"{check}\"")), "{html}");
    assert!(html.contains("The command that the experiment"), "{html}");
    let form = "template=command&name=Other&config={}";
    let found = scene.post(Role::Researcher, &check, form).await;
    assert_eq!(found.expect(200), json!([]));
    let saved = save(&scene, &format!("{page}/edit"), &format!("{form}&op=save")).await;
    assert_eq!(saved, page);
    let (status, html) = post(&scene, &format!("{form}&op=save")).await;
    assert_eq!(status, 422);
    assert!(html.contains("cupola run FILE --hub URL"), "{html}");
}

#[tokio::test]
async fn a_run_is_what_a_new_experiment_may_begin_as() {
    let scene = Scene::new().await;
    let form = format!("/experiments/new?run={}", scene.completed.run);
    let html = scene.page(Role::Researcher, &form).await;
    assert!(
        html.contains("(copy)") && html.contains("name=\"config.lr\""),
        "{html}"
    );
}

#[tokio::test]
async fn it_may_be_started_at_once() {
    let scene = Scene::new().await;
    let page = save(&scene, "/experiments/new", &format!("{FORM}&op=start")).await;
    assert!(scene.page(Role::Viewer, &page).await.contains("1 run<"));
}

/// What the form, its check while one types, and the API say of a configuration.
async fn check(scene: &Scene, form: &str, config: Value, expected: &[&str]) {
    let (status, html) = post(scene, &format!("{form}&op=save")).await;
    assert_eq!(status, 422, "{html}");
    let answer = scene
        .post(Role::Researcher, "/experiments/check", form)
        .await;
    let found = answer.expect(200);
    let said: Vec<_> = found.as_array().unwrap().iter().collect();
    let fields: Vec<_> = said
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, expected);
    let draft = json!({"template": "layered", "name": "x", "config": config});
    let researcher = scene.hub.somebody(Role::Researcher);
    let refused = researcher.post("/api/v1/experiments", &draft).await;
    assert_eq!(refused.expect(422)["errors"], found);
    for one in said {
        let (field, message) = (
            one["field"].as_str().unwrap(),
            one["message"].as_str().unwrap(),
        );
        let message = message.replace('"', "&#34;");
        let beside = format!("id=\"{field}-error\">{message}</p>");
        assert!(html.contains(&beside), "no {beside} in {html}");
        assert!(html.contains(&format!("<a href=\"#{field}\">")), "{field}");
    }
}

#[tokio::test]
async fn the_form_its_check_and_the_api_say_the_same() {
    let scene = Scene::new().await;
    let form = |rest: &str| format!("template=layered&name=x&config.layers=&{rest}");
    check(&scene, &form("config.lr="), json!({}), &["config.lr"]).await;
    check(
        &scene,
        &form("config.lr=soon"),
        json!({"lr": "soon"}),
        &["config.lr"],
    )
    .await;
    check(
        &scene,
        &form("config.lr=2&config.layers.0.width=wide&config.layers.0.heads=&config.layers.0.heads.0.size=1.5"),
        json!({"lr": 2, "layers": [{"width": "wide", "heads": [{"size": 1.5}]}]}),
        &["config.lr", "config.layers.0.width", "config.layers.0.heads.0.size"],
    )
    .await;
    let four = "config.layers.0.width=1&config.layers.1.width=1&config.layers.2.width=1&config.layers.3.width=1";
    let layer = json!({"width": 1});
    check(
        &scene,
        &form(&format!("config.lr=0&{four}")),
        json!({"lr": 0, "layers": vec![layer; 4]}),
        &["config.layers"],
    )
    .await;
}

#[tokio::test]
async fn what_was_typed_is_kept_beside_what_is_wrong() {
    let scene = Scene::new().await;
    let form = "op=save&template=layered&name=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&config.lr=1e-3+or+so\
         &time_budget_secs=soon&seed=x&priority=1.5&environment=A%0AB%3D1&tags=x&working_folder=here";
    let (status, html) = post(&scene, form).await;
    assert_eq!(status, 422);
    for kept in [
        ESCAPED,
        "value=\"1e-3 or so\"",
        "value=\"soon\"",
        "value=\"here\"",
        ">\nA\nB=1</textarea>",
    ] {
        assert!(html.contains(kept), "no `{kept}` in {html}");
    }
    for field in [
        "config.lr",
        "time_budget_secs",
        "seed",
        "priority",
        "environment",
        "tags",
        "working_folder",
    ] {
        assert!(
            html.contains(&format!("id=\"{field}-error\"")),
            "{field}: {html}"
        );
    }
    let open = html.split("data-fold=\"running\"").nth(1).unwrap();
    assert!(open.starts_with(" open"), "what is wrong is in sight");
}

#[tokio::test]
async fn its_buttons_change_lists_and_keep_the_rest() {
    let scene = Scene::new().await;
    for (op, expected, focus) in [
        ("add:layers", "0.width=8 1.width=16", "config.layers.2"),
        (
            "up:layers.1",
            "0.width=16 1.width=8",
            "config.layers.0-down",
        ),
        ("remove:layers.0", "0.width=16", "config.layers.0-remove"),
        (
            "add:layers.1.heads",
            "0.width=8 1.width=16",
            "config.layers.1.heads.0",
        ),
        ("remove:layers.9", "0.width=8 1.width=16", ""),
        ("up:layers.", "0.width=8 1.width=16", ""),
    ] {
        let (status, html) = post(&scene, &format!("{FORM}&op={op}")).await;
        assert_eq!(status, 200, "{op}");
        let values = values(&html);
        let layers = values.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("config.layers.")?;
            Some(format!("{name}={value}"))
        });
        assert_eq!(layers.collect::<Vec<_>>().join(" "), expected, "{op}");
        assert!(html.contains(&format!("data-focus=\"{focus}\"")), "{op}");
        assert!(html.contains("value=\"Two layers\"") && html.contains("value=\"0.5\""));
    }
}

#[tokio::test]
async fn the_configuration_may_be_written_as_json() {
    let scene = Scene::new().await;
    let (_, html) = post(&scene, &format!("{FORM}&op=turn")).await;
    assert!(
        html.contains("name=\"config\"") && html.contains("Edit in fields"),
        "{html}"
    );
    let json = "template=layered&name=x&config=%7B%22lr%22%3A0.25%7D";
    let (_, html) = post(&scene, &format!("{json}&op=turn")).await;
    assert!(html.contains("value=\"0.25\""), "{html}");
    let page = save(&scene, "/experiments/new", &format!("{json}&op=save")).await;
    assert!(scene.page(Role::Viewer, &page).await.contains(">0.25<"));
    let (status, html) = post(&scene, "template=layered&name=x&config=%7B&op=save").await;
    assert!(status == 422 && html.contains("is not JSON") && html.contains("id=\"config-error\""));
    let odd = "template=layered&name=x&config=%7B%22colour%22%3A1%7D&op=turn";
    let (_, html) = post(&scene, odd).await;
    assert!(
        html.contains("config.colour") && html.contains("Edit in fields"),
        "{html}"
    );
}

#[tokio::test]
async fn another_template_keeps_what_fits_and_an_unknown_one_all() {
    let scene = Scene::new().await;
    let other = FORM.replace("=layered", "=char-lm");
    let (_, html) = post(&scene, &format!("{other}&op=template")).await;
    assert!(
        html.contains("value=\"0.5\"") && html.contains("name=\"config.n_layers\""),
        "{html}"
    );
    let gone = FORM.replace("=layered", "=gone");
    let (status, html) = post(&scene, &format!("{gone}&op=save")).await;
    assert!(
        status == 422 && html.contains("id=\"template-error\""),
        "{html}"
    );
    assert!(
        html.contains("&#34;width&#34;: 16") && html.contains(">gone<"),
        "{html}"
    );
}

#[tokio::test]
async fn long_lists_and_long_forms_are_met() {
    let scene = Scene::new().await;
    let items = vec![json!({"size": 1}); 10_000];
    let config = json!({"lr": 0.5, "layers": [{"width": 1, "heads": items}]});
    let config: String = config.to_string().replace('"', "%22").replace('{', "%7B");
    let form = format!("template=layered&name=Long&config={config}");
    let page = save(&scene, "/experiments/new", &format!("{form}&op=save")).await;
    assert!(
        scene
            .page(Role::Viewer, &page)
            .await
            .contains("layers.0.heads.0.size")
    );
    let html = scene.page(Role::Researcher, &format!("{page}/edit")).await;
    assert!(
        html.contains("10\u{202f}000 items") && html.contains("name=\"config.layers.0.heads\"")
    );
    let many: Vec<String> = (0..=FIELDS_MAX).map(|n| format!("config.x{n}=")).collect();
    let many = many.join("&");
    let (status, html) = post(&scene, &format!("template=layered&{many}")).await;
    assert!(status == 422 && html.contains("write it as JSON"), "{html}");
}

#[tokio::test]
async fn runs_stand_side_by_side() {
    let scene = Scene::new().await;
    let page = save(&scene, "/experiments/new", &format!("{FORM}&op=start")).await;
    let edited = FORM.replace("=16", "=32");
    save(
        &scene,
        &format!("{page}/edit"),
        &format!("{edited}&op=start"),
    )
    .await;
    let id = page.rsplit('/').next().unwrap();
    let old = format!("{page}/comparison");
    let answer = scene.open(Role::Viewer, &old).await;
    let to = format!("/compare?of={id}");
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, to.as_str())
    );
    let narrow = scene.page(Role::Viewer, &to).await;
    assert!(
        narrow.contains("layers.1.width") && !narrow.contains("> layers.0.width"),
        "{narrow}"
    );
    assert!(narrow.contains("aria-label=\"differs:\"") && narrow.contains("Show all rows"));
    let all = scene.page(Role::Viewer, &format!("{to}&columns=all")).await;
    assert!(
        all.contains(">32<") && all.contains("layers.0.width") && all.contains("Only differences")
    );
    let runs = |html: &str| -> Vec<String> {
        let rows = html.split("<tr id=\"compare-").skip(1);
        rows.map(|rest| rest[..36].to_owned()).collect()
    };
    let both = runs(&all);
    assert_eq!(both.len(), 2);
    let one = format!("{page}/comparison?runs={0},{0}&runs={0}", both[0]);
    let answer = scene.open(Role::Viewer, &one).await;
    let html = scene.page(Role::Viewer, answer.header("location")).await;
    assert_eq!(runs(&html), both[..1]);
    let odd = "/compare?runs=x";
    assert_eq!(scene.open(Role::Viewer, odd).await.status, 422);
}

#[tokio::test]
async fn a_family_keeps_its_own_page() {
    let scene = Scene::new().await;
    let page = format!("/experiments/{}", scene.family);
    let answer = scene.open(Role::Viewer, &page).await;
    let to = format!("/families/{}", scene.family);
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, to.as_str())
    );
    let list = scene.page(Role::Viewer, "/experiments").await;
    assert!(
        !list.contains(&scene.family) && list.contains("1 experiment<"),
        "{list}"
    );
}

#[tokio::test]
async fn a_viewer_is_offered_nothing() {
    let scene = Scene::new().await;
    for path in [
        "/experiments",
        &format!("/experiments/{}", scene.experiment),
    ] {
        let html = scene.page(Role::Viewer, path).await;
        for offer in ["/start\"", "/edit\"", "/deletion\"", "/experiments/new"] {
            assert!(!html.contains(offer), "{path}: {offer}");
        }
    }
}
