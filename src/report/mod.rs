//! What operations people see: metrics, API tables, records, folded from the owners' snapshots.
