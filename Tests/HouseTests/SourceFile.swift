internal import Foundation

/// One file of the working tree.
struct SourceFile {
    /// Relative to the package's root.
    let path: String
    let lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    var isSwift: Bool { self.path.hasSuffix(".swift") }
    var isTest: Bool { self.path.hasPrefix("Tests/") }

    /// The module names this file imports, with the number of the line.
    var imports: [(line: Int, text: Substring, module: Substring)] {
        self.lines.enumerated().compactMap { number, line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                words[..<keyword].allSatisfy({ Self.importPrefixes.contains($0) || $0.hasPrefix("@") })
            else { return nil }
            return (number + 1, line, words[words.index(keyword, offsetBy: words.count - keyword > 2 ? 2 : 1)])
        }
    }

    static let importPrefixes: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]

    /// The lines that are no comments, with their numbers and the line above.
    var code: [(number: Int, line: Substring, above: Substring)] {
        self.lines.enumerated().compactMap { index, line in
            guard !line.drop(while: { $0 == " " }).hasPrefix("//") else { return nil }
            return (index + 1, line, index > 0 ? self.lines[index - 1] : "")
        }
    }
}

/// The package's files, without what is built or ignored.
enum WorkingTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let folders = ["Shared", "Services", "Tests", "deploy", ".ci"]
    private static let extensions: Set<String> = [
        "swift", "sql", "md", "sh", "py", "yaml", "yml", "service", "json", "",
    ]
    private static let bytesMax = 1 << 20

    static func files() -> [SourceFile] {
        var files = [self.file("Package.swift"), self.file("README.md")].compactMap { $0 }
        for folder in self.folders {
            let enumerator = FileManager.default.enumerator(
                at: self.root.appending(path: folder),
                includingPropertiesForKeys: [.isRegularFileKey, .fileSizeKey]
            )
            while let url = enumerator?.nextObject() as? URL {
                if [".build", "__pycache__", "node_modules"].contains(url.lastPathComponent) {
                    enumerator?.skipDescendants()
                }
                let values = try? url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
                guard values?.isRegularFile == true, values?.fileSize ?? 0 <= self.bytesMax,
                    self.extensions.contains(url.pathExtension)
                else { continue }
                let path = url.path.dropFirst(self.root.path.count).drop { $0 == "/" }
                if let file = self.file(String(path)) { files.append(file) }
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    private static func file(_ path: String) -> SourceFile? {
        guard let data = try? Data(contentsOf: self.root.appending(path: path)) else { return nil }
        return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
    }
}
