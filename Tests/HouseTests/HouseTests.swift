internal import Testing

@Suite struct HouseTests {
    @Test("the working tree keeps the rule", arguments: HouseRules.all.map(\.name))
    func rule(name: String) throws {
        let rule = try #require(HouseRules.all.first { $0.name == name })
        let files = WorkingTree.files()
        try #require(files.count > 50, "the working tree was not found")
        let broken = files.flatMap(rule.check)
        #expect(broken.isEmpty, "\(broken.joined(separator: "\n"))")
    }

    @Test func `no file is excused that is short or gone`() {
        let files = Dictionary(uniqueKeysWithValues: WorkingTree.files().map { ($0.path, $0.lines.count) })
        for path in HouseRules.longFiles {
            #expect(files[path] ?? 0 > HouseRules.linesMax, "\(path) needs no exception any more")
        }
    }
}
