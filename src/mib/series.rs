//! One answer's share of one column, checked: every name follows the one before. Knows no rows.

use super::{Object, WalkError};
use crate::model::snmp::{MAX_ARCS, Value, VarBind};

/// What one answer says about one column.
pub(super) struct Series<'a> {
    /// Indexes and values, in order.
    pub(super) cells: Vec<(&'a [u32], &'a Value)>,
    /// The last index seen, or the cursor.
    pub(super) last: &'a [u32],
    /// The column's end was seen.
    pub(super) ended: bool,
}

impl<'a> Series<'a> {
    /// Reads the column's bindings, one of each repetition, in order.
    pub(super) fn read(
        object: &Object,
        cursor: &'a [u32],
        bindings: impl Iterator<Item = &'a VarBind>,
    ) -> Result<Self, WalkError> {
        let mut series = Series { cells: Vec::new(), last: cursor, ended: false };
        for binding in bindings {
            if binding.value == Value::EndOfMibView {
                series.ended = true;
                break;
            }
            // The client library decodes no longer name; this bounds an index whoever decodes.
            if binding.oid.arcs().len() > MAX_ARCS {
                return Err(WalkError::Malformed);
            }
            match binding.oid.below(object.oid) {
                // An empty index is the column itself: no instance, and no progress.
                Some(index) if index > series.last => {
                    series.cells.push((index, &binding.value));
                    series.last = index;
                }
                None if binding.oid.arcs() > object.oid => {
                    series.ended = true;
                    break;
                }
                _ => return Err(WalkError::NotIncreasing { oid: binding.oid.clone() }),
            }
        }
        Ok(series)
    }
}
