//! A store with many tasks: how soon a hub answers after its start, what it holds in memory, and
//! how long each list page takes on the server.

use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
    server::Server,
};

/// Every list, with the filters, orders and late pages that cost most.
const PAGES: &[&str] = &[
    "/",
    "/briefs",
    "/families",
    "/workers",
    "/tasks",
    "/tasks?page=1000",
    "/tasks?state=completed&sort=value",
    "/tasks?state=pending&sort=priority&order=desc",
    "/tasks?sort=completed&order=desc",
    "/tasks?q=0.123",
    "/api/v1/tasks?page=1000",
    "/api/v1/tasks?search=0.123",
    "/api/v1/families",
    "/api/v1/results",
];

pub(super) async fn measure(tasks: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("pages")?;
    tokio::task::block_in_place(|| fill(&folder, tasks))?;
    let mut starts = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..runs {
        let server = Server::start(&folder).await?;
        starts.push(server.answered_after.as_secs_f64() * 1000.0);
        memory.push(server.resident_mib()?);
    }
    let start = format!("start to first answer with {tasks} tasks, ms");
    let mut figures = vec![
        Figure::new(start, starts, "≤ 300"),
        Figure::new("idle memory, MiB", memory, "≤ 60"),
    ];
    let server = Server::start(&folder).await?;
    for page in PAGES {
        let mut p99s = Vec::new();
        for _ in 0..runs {
            p99s.push(server.p99_millis(page).await?);
        }
        figures.push(Figure::new(format!("{page}, p99 ms"), p99s, "≤ 30"));
    }
    Ok(figures)
}

/// A tenth of the tasks completed, the rest pending.
fn fill(folder: &Folder, tasks: u32) -> anyhow::Result<()> {
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data)?;
    let hub = BenchHub::open(folder, Durability::Off)?;
    for _ in 0..10 {
        hub.submit(tasks / 10)?;
    }
    let worker = hub.join("filler")?;
    for n in 0..tasks / 10 {
        let Some(order) = hub.lease(worker)? else {
            break;
        };
        hub.finish(&order, f64::from(n % 997))?;
    }
    hub.hub.close();
    Ok(())
}
