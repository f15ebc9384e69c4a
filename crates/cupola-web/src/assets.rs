//! The files that every page needs: embedded, served under the hash of their content.
//!
//! Style sheets and scripts are written in small files, one component or behaviour each, and joined
//! at the first use into one of each, so that a page asks for little and needs no build step.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cupola_domain::text::hex;
use sha2::{Digest, Sha256};

/// A file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// Its address.
    pub url: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

type Source = (&'static str, &'static [u8]);

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../assets/", $name)).as_slice())),+]
    };
}

/// In the order of the cascade.
const STYLES: &[Source] = embedded![
    "css/_tokens.css",
    "css/base.css",
    "css/frame.css",
    "css/badge.css",
    "css/bar.css",
    "css/button.css",
    "css/card.css",
    "css/table.css",
    "css/form.css",
    "css/editor.css",
    "css/empty.css",
    "css/dialog.css",
    "css/toast.css",
    "css/alert.css",
    "css/code.css",
    "css/plot.css",
    "css/chart.css",
    "css/log.css",
    "css/tree.css",
    "css/home.css",
    "css/compare.css",
    "css/ring.css",
    "css/training.css",
    "css/workspace.css",
    "css/assistant.css",
    "css/report.css",
    "css/utilities.css",
    "css/print.css",
];

/// None knows another, except that all may use what the first puts into the global object, and that
/// those named `plot` make up `charts` there, a chart for whoever has curves to show.
const SCRIPTS: &[Source] = embedded![
    "js/format.js",
    "js/client_links.js",
    "js/live.js",
    "js/toasts.js",
    "js/local_time.js",
    "js/ticking.js",
    "js/copy.js",
    "js/print.js",
    "js/dialog.js",
    "js/hotkeys.js",
    "js/filter.js",
    "js/suggest.js",
    "js/choice.js",
    "js/space_rows.js",
    "js/estimate.js",
    "js/ask.js",
    "js/form.js",
    "js/plot_lines.js",
    "js/plot_marks.js",
    "js/plot_sync.js",
    "js/plot_export.js",
    "js/plot.js",
    "js/drawn.js",
    "js/run_curves.js",
    "js/curve_view.js",
    "js/curves.js",
    "js/compare.js",
    "js/overlay.js",
    "js/parallel.js",
    "js/log_window.js",
    "js/log_search.js",
    "js/tree.js",
    "js/tail.js",
    "js/zoom.js",
];

/// Served as they are.
const SINGLE: &[Source] = embedded![
    "js/theme.js",
    "img/favicon.svg",
    "vendor/idiomorph.min.js",
    "vendor/uPlot.iife.min.js",
    "vendor/uPlot.min.css",
];

static ASSETS: LazyLock<BTreeMap<&'static str, Asset>> = LazyLock::new(load);

/// The address of a file: `app.css`, `app.js`, or one that is served as it is. An unknown name gives
/// an address that answers 404; a test renders every page and looks for one.
pub fn asset(name: &str) -> &'static str {
    ASSETS
        .get(name)
        .map_or("/assets/missing", |asset| asset.url.as_str())
}

/// Every file, for whoever writes pages to disk.
pub fn all() -> impl Iterator<Item = &'static Asset> {
    ASSETS.values()
}

/// `GET /assets/{file}`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{file}", get(show))
}

async fn show(Path(file): Path<String>) -> Response {
    let url = format!("/assets/{file}");
    let Some(asset) = all().find(|asset| asset.url == url) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.bytes.as_slice()).into_response()
}

fn load() -> BTreeMap<&'static str, Asset> {
    let joined = [
        ("app.css", join_styles(STYLES)),
        ("app.js", join_scripts(SCRIPTS)),
    ];
    let single = SINGLE.iter().map(|(name, bytes)| (*name, bytes.to_vec()));
    joined
        .into_iter()
        .chain(single)
        .map(|(name, bytes)| (name, hashed(name, bytes)))
        .collect()
}

fn join_styles(files: &[Source]) -> Vec<u8> {
    files
        .iter()
        .map(|(_, bytes)| *bytes)
        .collect::<Vec<_>>()
        .join(&b'\n')
}

/// Each script in a block of its own, so that none sees another's names.
fn join_scripts(files: &[Source]) -> Vec<u8> {
    let block =
        |(name, bytes): &Source| [format!("{{ // {name}\n").as_bytes(), bytes, b"}\n"].concat();
    files.iter().flat_map(block).collect()
}

fn hashed(name: &str, bytes: Vec<u8>) -> Asset {
    let hash = hex(&Sha256::digest(&bytes)[..6]);
    let file = name.rsplit('/').next().unwrap_or(name);
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, "bin"));
    Asset {
        url: format!("/assets/{stem}.{hash}.{extension}"),
        media_type: media_type(extension),
        bytes,
    }
}

fn media_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path as FilePath;

    use super::*;

    fn names(folder: &FilePath, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                names(&entry.path(), &format!("{name}/"), found);
            } else {
                found.push(name);
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let mut found = Vec::new();
        let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        names(&folder, "", &mut found);
        found.retain(|name| ["css", "js", "svg"].iter().any(|kind| name.ends_with(kind)));
        found.sort();
        let mut listed: Vec<_> = [STYLES, SCRIPTS, SINGLE]
            .concat()
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .collect();
        listed.sort();
        assert_eq!(found, listed);
    }

    #[test]
    fn vendored_files_are_those_of_the_manifest() {
        let manifest: serde_json::Value =
            serde_json::from_str(include_str!("../assets/vendor/manifest.json")).unwrap();
        for (name, bytes) in SINGLE
            .iter()
            .filter(|(name, _)| name.starts_with("vendor/"))
        {
            let file = name.trim_start_matches("vendor/");
            let hash = hex(&Sha256::digest(bytes));
            assert_eq!(manifest["files"][file]["sha256"], hash, "{file}");
        }
    }

    #[test]
    fn the_style_sheet_begins_with_its_layers() {
        let css = &ASSETS["app.css"].bytes;
        assert!(css.starts_with(b"@layer reset, base, components, modules, utilities;"));
    }

    #[test]
    fn scripts_stand_alone() {
        for (name, bytes) in SCRIPTS {
            let text = std::str::from_utf8(bytes).unwrap();
            for word in [
                "import ",
                "export ",
                "innerHTML",
                "eval(",
                "http://",
                "https://",
            ] {
                assert!(!text.contains(word), "{name} contains {word}");
            }
        }
    }

    #[test]
    fn an_address_changes_with_the_content() {
        let (a, b) = (hashed("js/a.js", vec![1]), hashed("js/a.js", vec![2]));
        assert_ne!(a.url, b.url);
        assert!(asset("app.css").starts_with("/assets/app."));
    }
}
