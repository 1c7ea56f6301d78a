//! A table as agents read it: objects in order, found by bisection and then followed one by one. Many agents share one.
//! Knows no encoding.

use super::table::{Oid, Table, Value};

/// Objects in the order of their identifiers.
#[derive(Debug, Default)]
pub struct Book(Vec<(Box<[u32]>, Value)>);

impl Book {
    /// From a table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table.into_iter().map(|(oid, value): (Oid, Value)| (oid.into_boxed_slice(), value)).collect())
    }

    /// The number of the first object after this identifier; the count of all objects if there is none.
    #[must_use]
    pub fn after(&self, oid: &[u32]) -> usize {
        self.0.partition_point(|(known, _)| **known <= *oid)
    }

    /// The object of this number.
    #[must_use]
    pub fn at(&self, number: usize) -> Option<(&[u32], &Value)> {
        self.0.get(number).map(|(oid, value)| (&**oid, value))
    }

    /// The value of exactly this object.
    #[must_use]
    pub fn get(&self, oid: &[u32]) -> Option<&Value> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(oid)).ok().map(|number| &self.0[number].1)
    }

    /// How many objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
