public import Contracts
internal import Foundation
public import Testing

/// Holds a service's catalog against the one that was released, `Tests/ContractsTests/Blessed/<service>.json`: what would break a
/// client of that one is an issue. With `THROUGHLINE_BLESS=1` in the environment the present catalog is released instead.
public func expectBlessed(catalog: Catalog, location: SourceLocation = #_sourceLocation) throws {
    let file = BlessedCatalog.folder.appending(path: "\(catalog.service).json")
    if ProcessInfo.processInfo.environment["THROUGHLINE_BLESS"] == "1" {
        try Data(BlessedCatalog.text(of: catalog.json)).write(to: file)
        return
    }
    guard let released = try? Data(contentsOf: file) else {
        Issue.record(
            "\(file.path) is missing. Release the present catalog with: THROUGHLINE_BLESS=1 swift test --filter CatalogTests",
            sourceLocation: location
        )
        return
    }
    let breaks = Compatibility.breaks(released: try JSON(parsing: Array(released)), current: catalog.json)
    #expect(breaks == [], "a client of the released catalog would break", sourceLocation: location)
}

enum BlessedCatalog {
    static var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Tests/ContractsTests/Blessed")
    }

    /// One operation, event or schema a line, so that a difference reads well.
    static func text(of catalog: JSON) -> [UInt8] {
        var parts: [String] = []
        for member in catalog.object?.members ?? [] {
            let name = JSON.string(member.key)
            switch member.value {
            case .array(let elements):
                parts.append("\(name): [\n" + elements.map { "  \($0)" }.joined(separator: ",\n") + "\n]")
            case .object(let object):
                let lines = object.members.map { "  \(JSON.string($0.key)): \($0.value)" }
                parts.append("\(name): {\n" + lines.joined(separator: ",\n") + "\n}")
            case .null, .bool, .number, .string:
                parts.append("\(name): \(member.value)")
            }
        }
        return Array("{\n\(parts.joined(separator: ",\n"))\n}\n".utf8)
    }
}
