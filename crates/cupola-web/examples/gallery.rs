//! Writes every page with made-up data, and the files that pages need, to a folder:
//! `cargo run -p cupola-web --example gallery -- FOLDER`. Serve the folder, then look at it.

use std::{env, fs, io, path::PathBuf};

use cupola_web::{assets, ui::gallery};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("say which folder to write to"));
    };
    fs::create_dir_all(folder.join("assets"))?;
    for asset in assets::all() {
        fs::write(folder.join(asset.url.trim_start_matches('/')), &asset.bytes)?;
    }
    for sample in gallery::samples() {
        fs::write(folder.join(format!("{}.html", sample.name)), sample.html)?;
    }
    Ok(())
}
