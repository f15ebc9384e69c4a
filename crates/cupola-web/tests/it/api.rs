//! The API: shapes, errors, the whole walk of a worker.

use cupola_domain::access::Role;

use crate::harness::TestHub;

#[tokio::test]
async fn the_first_page_of_an_empty_hub_counts_nothing() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let answer = viewer.get("/api/v1/overview").await.expect(200);
    insta::assert_json_snapshot!(answer, @"");
}
