//! Every page of the gallery in a real browser, looked at by axe, dark and light: nobody is kept
//! out by how a page is made.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use cupola_web::{assets, ui::gallery};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::chromium::Chromium;

pub(crate) const AXE: &str = include_str!("../vendor/axe.min.js");

/// Address → media type and content.
type Files = HashMap<String, (&'static str, Vec<u8>)>;

/// The gallery on a port of its own, with the script that looks at it.
async fn serve() -> String {
    let mut files: Files = assets::all()
        .map(|asset| (asset.url.clone(), (asset.media_type, asset.bytes.clone())))
        .collect();
    files.insert(
        "/axe.js".to_owned(),
        ("text/javascript", AXE.as_bytes().to_vec()),
    );
    for sample in gallery::samples() {
        let with_axe = "<script src=\"/axe.js\"></script></head>";
        let html = sample.html.replacen("</head>", with_axe, 1);
        let page = ("text/html; charset=utf-8", html.into_bytes());
        files.insert(format!("/{}", sample.name), page);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let files = Arc::new(files);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&files)));
        }
    });
    url
}

async fn answer(mut stream: TcpStream, files: Arc<Files>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let line = String::from_utf8_lossy(&request).into_owned();
    let path = line.split(' ').nth(1).unwrap_or_default();
    let (status, (media_type, body)) = match files.get(path) {
        Some((media_type, body)) => ("200 OK", (*media_type, body.as_slice())),
        None => ("404 Not Found", ("text/plain", b"".as_slice())),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A browser that went on to the next page hangs up.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body).await;
}

/// What axe finds on the page that is open, in words; empty when it is nothing serious.
pub(crate) async fn findings(chromium: &Chromium, rules: &str) -> String {
    let script = format!(
        "const done = arguments[arguments.length - 1]; \
         axe.run(document, {{resultTypes: ['violations'], {rules}}}).then( \
         (found) => done(found.violations), (error) => done([{{impact: 'critical', id: String(error), nodes: []}}]))"
    );
    let found = chromium.browser.execute_async(&script, Vec::new()).await;
    let mut words = String::new();
    for violation in found.unwrap().as_array().unwrap() {
        let impact = violation["impact"].as_str().unwrap_or_default();
        if !["serious", "critical"].contains(&impact) {
            continue;
        }
        let _ = writeln!(words, "  {impact}: {}", violation["id"]);
        for node in violation["nodes"].as_array().unwrap().iter().take(3) {
            let why = &node["any"][0]["message"];
            let _ = writeln!(words, "    {} {why}", node["html"]);
        }
    }
    words
}

/// Looks at every page in one theme.
async fn check(theme: &str, rules: &str) {
    let url = serve().await;
    let chromium = Chromium::start().await;
    chromium.goto(&format!("{url}/login")).await;
    let choose = format!("localStorage.setItem('theme', '{theme}')");
    chromium.execute(&choose).await;
    let mut words = String::new();
    for sample in gallery::samples() {
        chromium.goto(&format!("{url}/{}", sample.name)).await;
        let is_in_theme = format!("return document.documentElement.dataset.theme === '{theme}'");
        assert_eq!(chromium.execute(&is_in_theme).await, Value::Bool(true));
        let found = findings(&chromium, rules).await;
        if !found.is_empty() {
            let _ = write!(words, "{}:\n{found}", sample.name);
        }
    }
    assert!(words.is_empty(), "{theme}:\n{words}");
}

#[tokio::test]
async fn no_page_keeps_anybody_out_in_the_dark() {
    check("dark", "").await;
}

#[tokio::test]
async fn no_page_keeps_anybody_out_in_the_light() {
    // The rest does not depend on colours.
    check("light", "runOnly: ['color-contrast']").await;
}

#[tokio::test]
async fn nothing_of_the_navigation_and_of_a_check_s_curves_is_cut_off() {
    const CUT_OFF: &str = "const width = document.documentElement.clientWidth; \
        const bar = document.querySelector('.bar').getBoundingClientRect(); \
        const is_out = (box) => box.left < -1 || box.right > width + 1; \
        const links = [...document.querySelectorAll('.sections a')]; \
        const cut = links.filter((link) => { const box = link.getBoundingClientRect(); \
            return is_out(box) || box.bottom > bar.bottom + 2; }); \
        const plot = document.querySelector('.is-whole .scatter').getBoundingClientRect(); \
        const rings = document.querySelectorAll('.is-whole .is-wide-ring, .is-whole .is-ring'); \
        return [cut.map((link) => link.textContent), links.length > 8, is_out(plot), rings.length > 2];";
    let url = serve().await;
    let chromium = Chromium::start().await;
    for width in [390, 800, 1300, 1920] {
        chromium.browser.set_window_size(width, 1000).await.unwrap();
        chromium.goto(&format!("{url}/verification-check")).await;
        let found = chromium.execute(CUT_OFF).await;
        let expected = serde_json::json!([[], true, false, true]);
        assert_eq!(found, expected, "{width}");
    }
}
