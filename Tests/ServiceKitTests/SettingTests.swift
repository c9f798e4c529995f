internal import ServiceKit
internal import Testing

@Suite struct SettingTests {
    @Test func `a key has one name on the command line and one in the environment`() {
        let setting = Setting("pool.read-connections", .number(1...9), "Connections.")
        #expect(setting.flag == "--pool-read-connections")
        #expect(setting.variable == "POOL_READ_CONNECTIONS")
    }

    @Test(
        "an address is a host and a port",
        arguments: [
            ("127.0.0.1:7101", Address(host: "127.0.0.1", port: 7101)),
            ("crm.internal:80", Address(host: "crm.internal", port: 80)),
            ("[::1]:7101", Address(host: "::1", port: 7101)),
            ("::1:7101", nil),
            (":7101", nil),
            ("host", nil),
            ("host:", nil),
            ("host:65536", nil),
            ("host:-1", nil),
        ]
    )
    func addresses(text: String, address: Address?) {
        #expect(Address(text) == address)
        if let address { #expect(address.description == text) }
    }

    @Test func `only this machine reaches the loopback`() {
        #expect(Address(host: "127.0.0.1", port: 1).isLoopback)
        #expect(Address(host: "::1", port: 1).isLoopback)
        #expect(Address(host: "localhost", port: 1).isLoopback)
        #expect(!Address(host: "10.0.0.1", port: 1).isLoopback)
        #expect(!Address(host: "crm.internal", port: 1).isLoopback)
    }
}
