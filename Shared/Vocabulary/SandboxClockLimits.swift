/// How far the clock of a sandbox organization may be ahead of everybody else's.
public enum SandboxClockLimits {
    /// In one step: a year with its leap day, as long as the longest period of an invoice schedule, so that no step makes more bills of
    /// a yearly schedule than one.
    public static let stepSecondsMax: Int64 = 366 * 86_400
    /// In all, over the organization's life: ten years.
    public static let totalSecondsMax: Int64 = 10 * 366 * 86_400

    public static let totalSeconds: ClosedRange<Int64> = 0...Self.totalSecondsMax
}
