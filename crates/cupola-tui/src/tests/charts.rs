//! Metrics as curves.

use super::stage::Stage;

#[test]
fn metrics_are_gone_through() {
    let mut stage = Stage::new();
    stage.press("Enter m");
    stage.sees("1/2  loss  200 points, reduced; last");
    stage.press("Right Right");
    stage.sees("2/2  nDCG@10  3 points, 1 of them not finite; last 0.5000 at 2");
    stage.press("Left Esc");
    stage.sees("Submitted");
}

#[test]
fn a_job_without_metrics_says_so() {
    let mut stage = Stage::new();
    stage.press("Enter Down m");
    stage.sees("It measured nothing.");
}
