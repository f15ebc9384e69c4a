//! The mouse.

use ratatui::crossterm::event::MouseEventKind;

use super::stage::Stage;

/// Where a text begins on the screen.
fn place(stage: &mut Stage, text: &str) -> (u16, u16) {
    let screen = stage.screen();
    let (row, line) = screen
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains(text))
        .unwrap();
    let column = line[..line.find(text).unwrap()].chars().count();
    (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
}

fn click(stage: &mut Stage, text: &str) {
    let (column, row) = place(stage, text);
    stage.click(column, row);
}

#[test]
fn a_row_is_chosen_and_opened_by_a_second_click() {
    let mut stage = Stage::new();
    click(&mut stage, "evil name");
    assert_eq!(stage.model.experiments.list.cursor.at, 1);
    click(&mut stage, "bm25-grid");
    click(&mut stage, "bm25-grid");
    stage.sees("Submitted");
    click(&mut stage, "◂ bm25-grid");
    stage.sees("Host");
}

#[test]
fn tabs_and_parts_are_chosen() {
    let mut stage = Stage::new();
    click(&mut stage, "Orphans");
    stage.sees("Stray, running (1)");
    click(&mut stage, "Finished (2)");
    stage.sees("7.0 GiB");
    click(&mut stage, "Monitor");
    stage.press("Enter");
    click(&mut stage, "Actions (1)");
    stage.sees("writes the best model");
    click(&mut stage, "Jobs");
    stage.sees("Submitted");
}

#[test]
fn the_head_of_a_column_sorts() {
    let mut stage = Stage::new();
    click(&mut stage, "ID");
    stage.sees("ID▼");
    click(&mut stage, "ID");
    stage.sees("ID▲");
    assert_eq!(stage.model.experiments.list.rows[0].id, "nothing");
}

#[test]
fn an_answer_is_chosen() {
    let mut stage = Stage::new();
    stage.press("^k");
    click(&mut stage, "leave it");
    stage.misses("Kill all its running jobs?");
    stage.press("^k");
    click(&mut stage, "kill all running jobs");
    assert_eq!(stage.killed_of, ["bm25-grid"]);
}

#[test]
fn the_wheel_rolls_lists_and_logs() {
    let mut stage = Stage::with_log(100);
    stage.press("Enter l");
    stage.mouse(MouseEventKind::ScrollUp, 5, 5);
    stage.sees("f follows");
    stage.sees("line 96 of");
    stage.misses("line 97 of");
    stage.press("Esc");
    stage.resize(80, 12);
    stage.mouse(MouseEventKind::ScrollDown, 5, 5);
    assert_eq!(stage.model.opened.as_ref().unwrap().jobs.cursor.top, 3);
}
