internal import Contracts
internal import Testing

@Suite struct CompatibilityTests {
    private static let output: [Field] = [
        .text("name", max: 50), .integer("size", 0...9).nullable(), .choice("state", ["on", "off"]),
    ]
    private static let input: [Field] = [.text("name", max: 50).required(), .choice("state", ["on", "off"])]

    private static func catalog(
        name: String = "shop.thing.create",
        path: String = "/v1/things",
        access: Access = .write("shop"),
        input: [Field] = Self.input,
        query: [Field] = [.integer("limit", 1...100)],
        output: [Field] = Self.output,
        idempotency: OperationDeclaration.Idempotency = .optional,
        events: [EventDeclaration] = [EventDeclaration("thing.made", .created, "Made.", fields: output)]
    ) -> JSON {
        let operation = OperationDeclaration(name, .post(path), access: access, "Make a thing.")
            .query(query).body(input).answers(.object("Thing", output), status: 201).idempotent(idempotency)
        return Catalog(service: "shop", operations: [operation], events: events).json
    }

    private static func breaks(_ current: JSON) -> Bool {
        !Compatibility.breaks(released: Self.catalog(), current: current).isEmpty
    }

    @Test func `More is no break`() {
        #expect(Compatibility.breaks(released: Self.catalog(), current: Self.catalog()) == [])
        #expect(!Self.breaks(Self.catalog(input: Self.input + [.text("note", max: 9)])))
        #expect(!Self.breaks(Self.catalog(output: Self.output + [.text("note", max: 9)])))
        #expect(!Self.breaks(Self.catalog(query: [.integer("limit", 1...200), .text("q", max: 9)])))
    }

    @Test func `What a client relies on stays`() {
        #expect(Self.breaks(Self.catalog(name: "shop.thing.make")))
        #expect(Self.breaks(Self.catalog(path: "/v1/objects")))
        #expect(Self.breaks(Self.catalog(access: .manage("shop"))))
        #expect(Self.breaks(Self.catalog(idempotency: .required)))
        #expect(Self.breaks(Self.catalog(events: [])))
        #expect(Self.breaks(Self.catalog(query: [])))
        #expect(Self.breaks(Self.catalog(output: Array(Self.output.dropFirst()))))
        #expect(Self.breaks(Self.catalog(input: Self.input + [.text("note", max: 9).required()])))
        #expect(
            Self.breaks(Self.catalog(input: [.text("name", max: 10).required(), .choice("state", ["on", "off"])]))
        )
        #expect(Self.breaks(Self.catalog(input: [.text("name", max: 50).required(), .choice("state", ["on"])])))
        #expect(
            Self.breaks(
                Self.catalog(output: [
                    .integer("name", 0...9), .integer("size", 0...9).nullable(), .choice("state", ["on", "off"]),
                ])
            )
        )
    }
}
