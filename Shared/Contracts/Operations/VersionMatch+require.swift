extension VersionMatch {
    /// Refuses to change an object that is at none of these versions: the caller has not seen what is there now.
    public func require(_ version: Int64) throws(Fault) {
        guard !self.matches(version) else { return }
        var named = "which If-Match does not name"
        if case .versions(let versions) = self, versions.count == 1 { named = "not \(versions[0])" }
        let detail = "This is at version \(version), \(named). Read it again."
        throw Fault(.stale, detail, problems: [Problem("/header/if-match", "stale", detail)])
    }
}
