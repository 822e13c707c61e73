//! What a strategy sees of a run besides the bars.

/// What a strategy may know about the account.
pub struct View {
    /// Index into the loaded bars.
    pub index: usize,
    /// Bar counted from the first tradable one.
    pub bar: usize,
    /// Time at which the news are asked.
    pub news_time: i64,
    /// Open positions of the symbol.
    pub open_positions: usize,
}
