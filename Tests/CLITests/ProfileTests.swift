internal import Contracts
internal import Glibc
internal import Testing

@testable internal import throughline

@Suite struct ProfileTests {
    private let store = ProfileStore(folder: "/tmp/throughline-cli-tests-\(getpid())-\(UInt64.random(in: 0 ... .max))")

    @Test func `a profile is kept beside the others, readable by its owner only, and forgotten alone`() throws {
        let one = Profile(url: "http://one", accessToken: "a", refreshToken: "r")
        let two = Profile(url: "http://two", accessToken: "b", refreshToken: nil)
        try self.store.save(one, as: "one")
        try self.store.save(two, as: "two")
        #expect(try self.store.load("one") == one)
        #expect(try self.store.load("two") == two)

        var status = stat()
        #expect(stat("\(self.store.folder)/credentials.json", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)

        try self.store.save(nil, as: "one")
        #expect(try self.store.load("one") == nil)
        #expect(try self.store.load("two") == two)
        unlink("\(self.store.folder)/credentials.json")
        rmdir(self.store.folder)
    }

    @Test func `a session is found in either shape of answer`() {
        let bare = Profile(url: "u", answer: ["access_token": "a"])
        let held = Profile(url: "u", answer: ["session": ["access_token": "a"]])
        #expect(bare != nil)
        #expect(bare == held)
        #expect(Profile(url: "u", answer: ["user": [:]]) == nil)
    }
}
