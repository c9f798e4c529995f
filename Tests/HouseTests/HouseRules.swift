/// The rules of the house that are facts. Each one gives what breaks it in a file, as `path:line: why`.
///
/// The words that are searched for are put together here, so that this file does not break its own rules.
enum HouseRules {
    /// STYLE says about 300.
    static let linesMax = 350
    /// Files that are longer for now. The list only shrinks.
    static let longFiles: Set<String> = []
    static let namelessFolders: Set<Substring> = ["Common", "Core", "Utils", "Helpers", "Extensions", "Misc", "New"]

    typealias Rule = @Sendable (SourceFile) -> [String]

    /// A manifest is not a module, and its one import has nothing to say.
    static func importsSayTheirAccess(_ file: SourceFile) -> [String] {
        guard file.isSwift, !file.path.hasSuffix("Package.swift") else { return [] }
        return file.imports.filter { entry in
            !entry.text.split(separator: " ").contains { SourceFile.importPrefixes.contains($0) }
        }.map { "\(file.path):\($0.line): the import of \($0.module) says no access level" }
    }

    static func nothingIsLeftForLater(_ file: SourceFile) -> [String] {
        let marks = ["FIX" + "ME", "TO" + "DO", "XX" + "X"]
        return file.lines.enumerated().flatMap { index, line in
            marks.filter { self.containsWord($0, in: line) }.map { "\(file.path):\(index + 1): \($0)" }
        }
    }

    static func foldersAreNamedForOneThing(_ file: SourceFile) -> [String] {
        guard file.isSwift else { return [] }
        return file.path.split(separator: "/").dropLast().filter(self.namelessFolders.contains)
            .map { "\(file.path): a folder called \($0) says nothing" }
    }

    static func domainsKnowTheVocabularyOnly(_ file: SourceFile) -> [String] {
        let parts = file.path.split(separator: "/")
        guard file.isSwift, parts.count > 3, parts[0] == "Services", parts[2] == "Domain" else { return [] }
        return file.imports.filter { $0.module != "Vocabulary" }
            .map { "\(file.path):\($0.line): a domain does not know \($0.module)" }
    }

    static func servicesDoNotKnowEachOther(_ file: SourceFile) -> [String] {
        let parts = file.path.split(separator: "/")
        guard file.isSwift, parts.count > 2, parts[0] == "Services" else { return [] }
        return file.imports.filter { entry in
            let owner = ["Service", "Domain"].lazy.filter { entry.module.hasSuffix($0) }.map {
                entry.module.dropLast($0.count)
            }.first
            guard let owner, !owner.isEmpty else { return false }
            return owner != parts[1]
        }.map { "\(file.path):\($0.line): \(parts[1]) imports \($0.module)" }
    }

    static func filesAreShort(_ file: SourceFile) -> [String] {
        guard file.isSwift, !self.longFiles.contains(file.path), file.lines.count > self.linesMax + 1 else { return [] }
        return ["\(file.path): \(file.lines.count - 1) lines, more than \(self.linesMax)"]
    }

    static func unsafetyHasAReason(_ file: SourceFile) -> [String] {
        guard file.isSwift else { return [] }
        let marks = ["@unchecked " + "Sendable", "nonisolated" + "(unsafe)", "try" + "!"]
        return file.code.flatMap { entry -> [String] in
            guard !entry.line.contains("//"), !entry.above.contains("//") else { return [] }
            return marks.filter { entry.line.contains($0) }.map {
                "\(file.path):\(entry.number): \($0) without a reason"
            }
        }
    }

    /// A type that other modules see says what it is for, nested ones too.
    static func publicTypesSayWhatTheyAreFor(_ file: SourceFile) -> [String] {
        guard file.isSwift, !file.isTest else { return [] }
        let modifiers: Set<Substring> = ["final", "indirect"]
        let kinds: Set<Substring> = ["struct", "enum", "class", "actor", "protocol", "typealias"]
        return file.code.filter { entry in
            let words = entry.line.split(separator: " ")
            guard words.first == "public", let kind = words.dropFirst().first(where: { !modifiers.contains($0) }),
                kinds.contains(kind)
            else { return false }
            let above = file.lines[..<(entry.number - 1)].map { $0.drop { $0 == " " } }
            return above.last { !$0.hasPrefix("@") }?.hasPrefix("///") != true
        }.map { "\(file.path):\($0.number): a public type without a word on what it is for" }
    }

    /// Neither by the clock nor by going round in circles: `eventually` of TestKit is where a test waits, and it ends.
    static func testsDoNotSleep(_ file: SourceFile) -> [String] {
        guard file.isSwift, file.isTest, !file.path.hasPrefix("Tests/Benchmarks/") else { return [] }
        let marks = ["Task." + "sleep", " sleep" + "(", "usleep" + "("]
        return file.code.flatMap { entry -> [String] in
            let circles = entry.line.contains("while ") && entry.line.contains("Task." + "yield")
            return (marks.filter { (" " + entry.line).contains($0) } + (circles ? ["while … yield"] : []))
                .map { "\(file.path):\(entry.number): \($0)" }
        }
    }

    /// A statement's text is fixed; values are parameters.
    static func statementsAreFixed(_ file: SourceFile) -> [String] {
        guard file.isSwift else { return [] }
        return file.code.filter { entry in
            guard entry.line.contains("\\" + "(") else { return false }
            let line = entry.line.lowercased()
            return line.contains("select ") && line.contains(" from ") && self.quotes(line, "select ")
                || line.contains(" set ") && self.quotes(line, "update ")
                || self.quotes(line, "insert into ") || self.quotes(line, "delete from ")
        }.map { "\(file.path):\($0.number): a value inside a statement's text" }
    }

    /// What the server is told passes one file, which takes the text of a statement from `SQL` and nothing else.
    static func theServerIsToldInOnePlace(_ file: SourceFile) -> [String] {
        guard file.isSwift, file.path != "Shared/Postgres/Session.swift" else { return [] }
        let marks = ["PQ" + "exec", "PQ" + "send", "PQ" + "prepare"]
        return file.code.flatMap { entry in
            marks.filter { entry.line.contains($0) }.map { "\(file.path):\(entry.number): \($0) is Session's" }
        }
    }

    /// Whether a string literal or a line of one begins with `start`.
    private static func quotes(_ line: String, _ start: String) -> Bool {
        line.contains("\"" + start) || line.drop { $0 == " " }.hasPrefix(start)
    }

    private static func containsWord(_ word: String, in line: Substring) -> Bool {
        guard let range = line.firstRange(of: word) else { return false }
        let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : " "
        let after = range.upperBound < line.endIndex ? line[range.upperBound] : " "
        return !before.isLetter && !after.isLetter
    }

    static let all: [(name: String, check: Rule)] = [
        ("every import says its access", Self.importsSayTheirAccess),
        ("nothing is left for later", Self.nothingIsLeftForLater),
        ("folders are named for one thing", Self.foldersAreNamedForOneThing),
        ("domains know the vocabulary only", Self.domainsKnowTheVocabularyOnly),
        ("services do not know each other", Self.servicesDoNotKnowEachOther),
        ("files are short", Self.filesAreShort),
        ("unsafety has a reason", Self.unsafetyHasAReason),
        ("public types say what they are for", Self.publicTypesSayWhatTheyAreFor),
        ("tests do not sleep", Self.testsDoNotSleep),
        ("statements are fixed", Self.statementsAreFixed),
        ("the server is told in one place", Self.theServerIsToldInOnePlace),
    ]
}
