extension JSON {
    /// RFC 7396: members of `patch` replace those of this value, objects are merged member by member, `null` takes a member away.
    public func merged(with patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var members = self.object ?? JSONObject()
        for (name, change) in changes.members {
            members[name] = change.isNull ? nil : (members[name] ?? .null).merged(with: change)
        }
        return .object(members)
    }
}
