//! Lists come in pages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many items a page has unless asked for more.
pub const PER_PAGE: u32 = 50;

/// How many items a page has at most.
pub const PER_PAGE_MAX: u32 = 1000;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub items: Vec<T>,
    /// How many there are in all pages.
    pub total: u64,
    /// Which page this is, from 1.
    pub page: u32,
    /// How many items a page has.
    pub per_page: u32,
}
