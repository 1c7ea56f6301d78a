//! EtherLike-MIB (RFC 3635): what only Ethernet can count, above all pause frames, by which a flooded port holds up
//! its neighbours.

use super::system::SYS_UP_TIME;
use super::{Index, Module, Syntax, Table, objects};

/// dot3StatsDuplexStatus.
pub static DUPLEX: &[(u32, &str)] = &[(1, "unknown"), (2, "halfDuplex"), (3, "fullDuplex")];

/// dot3PauseOperMode.
pub static PAUSE_MODES: &[(u32, &str)] =
    &[(1, "disabled"), (2, "enabledXmit"), (3, "enabledRcv"), (4, "enabledXmitAndRcv")];

objects!(STATS_COLUMNS, [1, 3, 6, 1, 2, 1, 10, 7, 2, 1], {
    ALIGNMENT_ERRORS = 2 "dot3StatsAlignmentErrors" Syntax::Counter, "Frames that did not end at a byte.";
    FCS_ERRORS = 3 "dot3StatsFCSErrors" Syntax::Counter, "Frames whose check sum was wrong.";
    LATE_COLLISIONS = 8 "dot3StatsLateCollisions" Syntax::Counter,
        "Collisions after the first 512 bits: a duplex mismatch or too long a cable.";
    EXCESSIVE_COLLISIONS = 9 "dot3StatsExcessiveCollisions" Syntax::Counter,
        "Frames not sent because of too many collisions.";
    INTERNAL_TX_ERRORS = 10 "dot3StatsInternalMacTransmitErrors" Syntax::Counter,
        "Frames not sent because of an error within the device.";
    FRAME_TOO_LONGS = 13 "dot3StatsFrameTooLongs" Syntax::Counter, "Frames longer than allowed.";
    INTERNAL_RX_ERRORS = 16 "dot3StatsInternalMacReceiveErrors" Syntax::Counter,
        "Frames not received because of an error within the device.";
    SYMBOL_ERRORS = 18 "dot3StatsSymbolErrors" Syntax::Counter, "Symbols on the cable that mean nothing.";
    DUPLEX_STATUS = 19 "dot3StatsDuplexStatus" Syntax::EnumInfo(DUPLEX), "Whether both sides may send at once.";
});

objects!(PAUSE_COLUMNS, [1, 3, 6, 1, 2, 1, 10, 7, 10, 1], {
    PAUSE_OPER_MODE = 2 "dot3PauseOperMode" Syntax::EnumInfo(PAUSE_MODES), "In which direction pausing is in force.";
    IN_PAUSE_FRAMES = 3 "dot3InPauseFrames" Syntax::Counter, "PAUSE frames received: the neighbour wants silence.";
    OUT_PAUSE_FRAMES = 4 "dot3OutPauseFrames" Syntax::Counter, "PAUSE frames sent: more comes in than can go on.";
    HC_IN_PAUSE_FRAMES = 5 "dot3HCInPauseFrames" Syntax::Counter, "PAUSE frames received, 64 bits.";
    HC_OUT_PAUSE_FRAMES = 6 "dot3HCOutPauseFrames" Syntax::Counter, "PAUSE frames sent, 64 bits.";
});

/// Errors; the index is the ifIndex.
pub static STATS_TABLE: Table = Table {
    name: "dot3StatsTable",
    indexes: &[Index::number("dot3StatsIndex")],
    lookups: &[],
    lookups_hidden: false,
    columns: STATS_COLUMNS,
};

/// Pause frames; the index is the ifIndex.
pub static PAUSE_TABLE: Table = Table {
    name: "dot3PauseTable",
    indexes: &[Index::number("dot3StatsIndex")],
    lookups: &[],
    lookups_hidden: false,
    columns: PAUSE_COLUMNS,
};

/// Both tables.
pub static MODULE: Module =
    Module { name: "ether_like", scalars: &[&SYS_UP_TIME], tables: &[&STATS_TABLE, &PAUSE_TABLE] };
