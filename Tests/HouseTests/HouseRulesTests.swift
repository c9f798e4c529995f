internal import Testing

/// A rule that cannot fail is worth nothing: each one is shown what breaks it and what does not.
@Suite struct HouseRulesTests {
    private func broken(_ rule: HouseRules.Rule, _ path: String, _ text: String) -> Int {
        rule(SourceFile(path: path, text: text)).count
    }

    @Test func `an import without an access level is found`() {
        let rule = HouseRules.importsSayTheirAccess
        #expect(self.broken(rule, "Shared/A/a.swift", "import" + " NIOCore") == 1)
        #expect(self.broken(rule, "Shared/A/a.swift", "@testable" + " import A") == 1)
        #expect(
            self.broken(rule, "Shared/A/a.swift", "internal import A\n@testable internal import B\npublic import C")
                == 0
        )
    }

    @Test func `a note for later is found as a word`() {
        let rule = HouseRules.nothingIsLeftForLater
        #expect(self.broken(rule, "a.md", "// TO" + "DO: more") == 1)
        #expect(self.broken(rule, "a.md", "mkstemp(\"/tmp/aXX" + "XXXX\")") == 0)
    }

    @Test func `a folder that says nothing is found`() {
        let rule = HouseRules.foldersAreNamedForOneThing
        #expect(self.broken(rule, "Shared/Utils/a.swift", "") == 1)
        #expect(self.broken(rule, "Shared/Wire/Utils.swift", "") == 0)
    }

    @Test func `a domain's other imports are found`() {
        let rule = HouseRules.domainsKnowTheVocabularyOnly
        let text = "public import Vocabulary\ninternal import Contracts\ninternal import struct Foundation.Date"
        #expect(self.broken(rule, "Services/CRM/Domain/Deal.swift", text) == 2)
        #expect(self.broken(rule, "Services/CRM/Service/Deal.swift", text) == 0)
    }

    @Test func `a service that knows another is found`() {
        let rule = HouseRules.servicesDoNotKnowEachOther
        #expect(self.broken(rule, "Services/CRM/Service/a.swift", "internal import RevenueDomain") == 1)
        #expect(self.broken(rule, "Services/CRM/Main/main.swift", "internal import CRMService") == 0)
    }

    @Test func `a long file is found`() {
        let text = String(repeating: "\n", count: HouseRules.linesMax)
        #expect(self.broken(HouseRules.filesAreShort, "a.swift", text) == 0)
        #expect(self.broken(HouseRules.filesAreShort, "a.swift", text + "\n") == 1)
    }

    @Test func `unsafety without a reason is found`() {
        let rule = HouseRules.unsafetyHasAReason
        let line = "final class A: @unchecked " + "Sendable {}"
        #expect(self.broken(rule, "a.swift", line) == 1)
        #expect(self.broken(rule, "a.swift", "// Immutable after init.\n" + line) == 0)
        #expect(self.broken(rule, "a.swift", line + "  // Immutable after init.") == 0)
    }

    @Test func `a public type without a comment is found`() {
        let rule = HouseRules.publicTypesSayWhatTheyAreFor
        let type = "public " + "final class A {}"
        #expect(self.broken(rule, "Shared/A/a.swift", type) == 1)
        #expect(self.broken(rule, "Shared/A/a.swift", "    // Not a doc comment.\n    public " + "enum B {}") == 1)
        #expect(self.broken(rule, "Shared/A/a.swift", "/// What it is for.\n@frozen\n" + type) == 0)
        #expect(self.broken(rule, "Shared/A/a.swift", "struct C {}\npublic " + "func d() {}") == 0)
    }

    @Test func `a test that waits is found`() {
        let rule = HouseRules.testsDoNotSleep
        #expect(self.broken(rule, "Tests/A/a.swift", "await Task." + "sleep(for: .seconds(1))") == 1)
        #expect(self.broken(rule, "Tests/A/a.swift", "sleep" + "(1)") == 1)
        #expect(self.broken(rule, "Tests/A/a.swift", "while !isDone { await Task." + "yield() }") == 1)
        #expect(self.broken(rule, "Shared/A/a.swift", "sleep" + "(1)") == 0)
    }

    @Test func `a way around the one place is found`() {
        let rule = HouseRules.theServerIsToldInOnePlace
        let call = "PQ" + "execParams(handle, text, 0, nil, nil, nil, nil, 0)"
        #expect(self.broken(rule, "Shared/Postgres/Reactor.swift", call) == 1)
        #expect(self.broken(rule, "Shared/Postgres/Session.swift", call) == 0)
    }

    @Test func `a statement made from values is found`() {
        let rule = HouseRules.statementsAreFixed
        let value = "\\" + "(name)"
        #expect(self.broken(rule, "a.swift", "run(\"SEL" + "ECT a FROM b WHERE c = '\(value)'\")") == 1)
        #expect(self.broken(rule, "a.swift", "    ins" + "ert into b values (\(value))") == 1)
        #expect(self.broken(rule, "a.swift", "run(\"upd" + "ate b set c = \(value)\")") == 1)
        #expect(self.broken(rule, "a.swift", "throw Oops(\"Sel" + "ect one from \\" + "(list)\")") == 1)
        #expect(self.broken(rule, "a.swift", "log(\"update of \(value) failed\")") == 0)
    }
}
