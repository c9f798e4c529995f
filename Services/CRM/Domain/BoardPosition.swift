public import Vocabulary

/// The order of a stage's deals on the board: each has a number, the smallest is on top.
///
/// A deal that comes into a stage is on top, by the time at which it comes. Between two others it takes the middle of their numbers, so
/// that a move changes one deal and no neighbour. All numbers are exact in JSON readers that know only doubles (2^53), until 2109.
public enum BoardPosition {
    /// 2^11: the room between two deals that came a millisecond apart can be halved eleven times.
    static let stepsPerMillisecond: Int64 = 2_048
    /// Between deals that are spread anew, and below the last one.
    public static let gap: Int64 = 1_000 * stepsPerMillisecond

    /// The largest integer that a double holds with all those below it.
    public static let positionMax: Int64 = 1 << 53

    /// Above all that came before `now`.
    public static func top(at now: Instant) -> Int64 {
        -(now.microseconds / 1_000) * self.stepsPerMillisecond
    }

    /// A number between two neighbours, of which either may be missing; `nil` where there is no room, and the stage is to be spread
    /// anew.
    public static func between(_ above: Int64?, _ below: Int64?, at now: Instant) -> Int64? {
        switch (above, below) {
        case (nil, nil): self.top(at: now)
        case (nil, let below?): min(self.top(at: now), below - self.stepsPerMillisecond)
        case (let above?, nil): above + self.gap
        case (let above?, let below?): below - above < 2 ? nil : above + (below - above) / 2
        }
    }
}
