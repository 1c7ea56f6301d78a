//! How many rows a walk asks for at once: fewer after a timeout or tooBig, more again after answers, GETNEXT at the last
//! attempt. Knows no columns.

/// The pace of one walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// At most, now; 0 stands for GETNEXT.
    allowed: u32,
    /// At most, as far as the agent has shown.
    ceiling: u32,
    /// In the request that is on its way; 0: GETNEXT.
    asked: u32,
    /// The most that were answered.
    proven: u32,
    /// Timeouts since the last answer.
    timeouts: u32,
    /// Requests beyond `proven` that were lost since one was answered.
    strikes: u32,
}

/// Lost requests for more rows than ever came, after which fewer are asked for. One is bad luck.
const STRIKES: u32 = 2;

impl Pace {
    /// With max-repetitions of at most this; 0: GETNEXT for ever.
    pub(super) const fn new(ceiling: u32) -> Self {
        Self { allowed: ceiling, ceiling, asked: 0, proven: 0, timeouts: 0, strikes: 0 }
    }

    /// Max-repetitions of the next request, which could use `wanted`; `None`: GETNEXT.
    pub(super) fn ask(&mut self, wanted: u32) -> Option<u32> {
        self.asked = self.allowed.min(wanted);
        (self.asked > 0).then_some(self.asked)
    }

    /// Timeouts since the last answer.
    pub(super) const fn timeouts(&self) -> u32 {
        self.timeouts
    }

    /// A lost packet, an answer too big for the path, or an agent that cannot do GETBULK: ask for less, and with the
    /// last attempt as simply as possible. Fails with the attempts when there were more than `retries` and one.
    pub(super) fn lost(&mut self, retries: u32) -> Result<(), u32> {
        self.timeouts += 1;
        if self.timeouts > retries {
            return Err(self.timeouts);
        }
        if self.asked > self.proven.max(1) {
            self.strikes += 1;
            if self.strikes >= STRIKES {
                (self.ceiling, self.strikes) = ((self.asked / 2).max(1), 0);
            }
        }
        let last = self.timeouts == retries;
        self.allowed = if last || self.asked == 0 { 0 } else { (self.asked / 4).max(1) };
        Ok(())
    }

    /// The agent is there, though it gave no rows.
    pub(super) const fn heard(&mut self) {
        self.timeouts = 0;
    }

    /// Rows came: ask for more at once. An agent that has answered GETNEXT only keeps it.
    pub(super) fn answered(&mut self) {
        self.timeouts = 0;
        if self.asked >= self.proven.max(1) {
            (self.proven, self.strikes) = (self.asked, 0);
        }
        if self.proven > 0 && self.ceiling > 0 {
            self.allowed = self.allowed.max(self.asked.saturating_mul(2)).clamp(1, self.ceiling);
        }
    }

    /// Something else begins: all is allowed that the agent has not refused.
    pub(super) const fn restart(&mut self) {
        self.timeouts = 0;
        self.allowed = self.ceiling;
    }

    /// The answer would not fit: half as many from now on, down to GETNEXT, because some agents answer every GETBULK so.
    /// False if there is nothing to halve.
    pub(super) const fn too_big(&mut self) -> bool {
        let halves = self.asked > 0;
        if halves {
            self.allowed = self.asked / 2;
            self.ceiling = self.allowed;
        }
        halves
    }

    /// One row at a time for now. False if it was so already.
    pub(super) const fn row_by_row(&mut self) -> bool {
        let many = self.asked > 1;
        if many {
            self.allowed = 1;
        }
        many
    }

    /// The ceiling, if the agent has lowered it below `begun`.
    pub(super) fn settled(&self, begun: u32) -> Option<u32> {
        (0 < self.ceiling && self.ceiling < begun).then_some(self.ceiling)
    }
}
