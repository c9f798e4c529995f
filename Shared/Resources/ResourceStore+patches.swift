public import Contracts
internal import Postgres

extension ResourceStore {
    /// RFC 7396 goes down into objects: what a patch leaves out of one stays, and the whole must then be as a create would have it.
    public func mergeNested(_ changes: inout Values, onto before: Stored) throws {
        var decoder = InputDecoder()
        for field in self.resource.visible {
            guard let patch = changes[field.name], patch.isObject else { continue }
            let current = try before.row.bytesOrNil(field.name).map { try JSON(parsing: $0) } ?? .null
            let whole = current.merged(with: patch.json)
            changes[field.name] = decoder.object(.object([field.name: whole]), [field])[field.name]
        }
        guard decoder.problems.isEmpty else { throw Fault.invalid(decoder.problems) }
    }
}
