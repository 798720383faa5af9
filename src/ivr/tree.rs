//! Validated IVR trees. Built by `config::load`, which refuses what [`Trees::check`] finds.

/// All trees and what they share.
#[derive(Clone, Debug, Default)]
pub struct Trees {/* the ivr helper fills this in */}
