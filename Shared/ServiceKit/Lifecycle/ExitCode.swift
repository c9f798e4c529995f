/// How a process ends, by the conventions of sysexits(3) where there is one.
public enum ExitCode {
    /// It was asked to end and everything drained, or a command such as `--migrate` was carried out.
    public static let success: Int32 = 0
    /// It could not start, a part failed, it did not drain in time, or a second signal ended it at once.
    public static let failure: Int32 = 1
    /// The configuration is wrong (EX_CONFIG). Trying again will not help, so a supervisor should not.
    public static let configuration: Int32 = 78
}
