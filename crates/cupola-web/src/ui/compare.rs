//! `/compare`: any runs held against each other.

mod asked;
mod beside;
mod choices;
mod colours;
mod findings;
mod pictures;
mod present;
mod routes;
mod show;
mod table;

pub(crate) use routes::routes;

pub use self::{
    beside::{Beside, Column, FieldCell, FieldLine, Section},
    findings::{GroupLine, ImportanceLine, VerdictCard},
    show::{Chart, Controls, Empty, LegendEntry, Show, View},
    table::{Header, Line, Table, TableCell},
};
