//! `cupola family`: the tasks that a brief made, taken together.

use cupola_client::query::FamilyFilter;

use crate::{
    cli::Family,
    commands::briefs::{done, show_summary},
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Family) -> anyhow::Result<()> {
    match command {
        Family::List {
            search,
            paging,
            read,
        } => {
            let filter = FamilyFilter {
                search,
                page: paging.page,
                per_page: paging.per_page,
                ..FamilyFilter::default()
            };
            let page = client(&read.connect)?.families(&filter).await?;
            if read.json {
                return output::json(&page);
            }
            let mut table = Table::new(&["family", "name", "status", "done", "metric", "created"]);
            for family in page.items {
                table.row([
                    family.family_id,
                    family.name,
                    family.status,
                    done(&family.tasks),
                    family.metric_name,
                    family.created_at.to_string(),
                ]);
            }
            table.print("No families yet: a brief makes one.");
            Ok(())
        }
        Family::Show { id, read } => {
            let detail = client(&read.connect)?.family(&id).await?;
            if read.json {
                return output::json(&detail);
            }
            let family = &detail.family;
            output::fields(&[
                ("family", family.family_id.clone()),
                ("name", family.name.clone()),
                ("brief", output::or_dash(family.brief_id.as_deref())),
                ("template", family.template.clone()),
                ("code", family.code_hash.clone()),
                (
                    "metric",
                    format!("{} ({})", family.metric_name, family.direction),
                ),
                (
                    "status",
                    format!("{}, {}", family.status, done(&family.tasks)),
                ),
            ]);
            show_summary(&detail.summary, family)
        }
        Family::Cancel { id, connect } => {
            let detail = client(&connect)?.cancel_family(&id).await?;
            output::line(&format!("stopping: {}", done(&detail.family.tasks)));
            Ok(())
        }
        Family::Report { id, connect } => {
            output::json(&client(&connect)?.family_report(&id).await?)
        }
    }
}
