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
        stepUp: StepUp? = nil,
        session: SessionEffect? = nil,
        events: [EventDeclaration] = [EventDeclaration("thing.made", .created, "Made.", fields: output)]
    ) -> JSON {
        var operation = OperationDeclaration(name, .post(path), access: access, "Make a thing.")
            .query(query).body(input).answers(.object("Thing", output), status: 201).idempotent(idempotency)
        if let stepUp { operation = operation.stepUp(stepUp) }
        if let session { operation = operation.session(session) }
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

    @Test func `A sign-in is not asked for that was not asked for before`() {
        func breaks(_ before: StepUp?, _ after: StepUp?) -> Bool {
            !Compatibility.breaks(released: Self.catalog(stepUp: before), current: Self.catalog(stepUp: after)).isEmpty
        }
        let conditional = StepUp(where: StepUp.Condition("state", in: ["on"]))
        #expect(breaks(nil, StepUp()) && breaks(conditional, StepUp()))
        #expect(breaks(StepUp(), StepUp(withinSeconds: 60)))
        #expect(!breaks(StepUp(), nil) && !breaks(StepUp(withinSeconds: 60), StepUp()))
    }

    @Test func `A browser's session does not leave its cookies`() {
        func breaks(_ before: SessionEffect?, _ after: SessionEffect?) -> Bool {
            let released = Self.catalog(session: before)
            return !Compatibility.breaks(released: released, current: Self.catalog(session: after)).isEmpty
        }
        #expect(breaks(.begins, nil) && breaks(.begins, .ends))
        #expect(!breaks(nil, .begins) && !breaks(.begins, .begins))
    }

    private static let record: [Field] = [
        .identifier("id"), .instant("at"), .date("on"), .text("site", max: 50, .uri).nullable(),
        .choice("state", ["on", "off"]),
        .currency(), .object("terms", [.text("note", max: 9), .text("reason", max: 9).nullable()]),
        .list("parts", of: [.choice("kind", ["a", "b"])], countMax: 9),
    ]

    /// The breaks that appear where one field of what is read is declared otherwise.
    private static func readerBreaks(_ field: Field) -> [String] {
        let changed = Self.record.map { $0.name == field.name ? field : $0 }
        return Compatibility.breaks(released: Self.catalog(output: Self.record), current: Self.catalog(output: changed))
    }

    private static let changes: [(field: Field, says: String)] = [
        (.text("id", max: 36), "/id: format changed"),
        (.date("at"), "/at: format changed"),
        (.text("site", max: 50).nullable(), "/site: format changed"),
        (.text("currency", max: 3), "/currency: pattern changed"),
        (.identifier("id").nullable(), "/id: may be null now"),
        (.integer("id", 0...9), "/id: type changed"),
        (.choice("state", ["on", "off", "broken"]), "/state: value broken added"),
        (.choice("state", ["on"]), "/state: value off removed"),
        (.text("state", max: 9), "/state: any value may come now"),
        (.choice("state", ["on", "off"]).nullable(), "/state: may be null now"),
        (
            .object("terms", [.text("note", max: 9).nullable(), .text("reason", max: 9).nullable()]),
            "/terms/note: may be absent now"
        ),
        (.object("terms", [.text("note", max: 9)]), "/terms/reason: removed"),
        (.list("parts", of: [.choice("kind", ["a", "b", "c"])], countMax: 9), "/parts[]/kind: value c added"),
    ]

    @Test(arguments: Self.changes)
    func `A reader can rely on what was released, in an answer and in an event`(field: Field, says: String) {
        let released = Self.catalog(
            output: Self.record,
            events: [EventDeclaration("thing.made", .created, "Made.", fields: Self.record)]
        )
        let changed = Self.record.map { $0.name == field.name ? field : $0 }
        let answer = Compatibility.breaks(
            released: released,
            current: Self.catalog(
                output: changed,
                events: [EventDeclaration("thing.made", .created, "Made.", fields: Self.record)]
            )
        )
        #expect(answer.contains("schema Thing\(says)"), "\(answer)")
        let event = Compatibility.breaks(
            released: released,
            current: Self.catalog(
                output: Self.record,
                events: [EventDeclaration("thing.made", .created, "Made.", fields: changed)]
            )
        )
        #expect(event.contains { $0.hasPrefix("event thing.made/1") && $0.hasSuffix(says) }, "\(event)")
    }

    @Test func `What a reader can bear is no break`() {
        #expect(Self.readerBreaks(.text("site", max: 50, .uri)) == [], "it is always there now")
        #expect(Self.readerBreaks(.list("parts", of: [.choice("kind", ["a", "b"])], countMax: 99)) == [])
        #expect(
            Self.readerBreaks(.object("terms", [.text("note", max: 9), .text("reason", max: 9)])) == [],
            "it is always there now"
        )
    }

    private static func writerBreaks(_ before: [Field], _ after: [Field]) -> [String] {
        Compatibility.breaks(released: Self.catalog(input: before), current: Self.catalog(input: after))
    }

    @Test func `A writer can rely on what was accepted`() {
        let name = [Field.text("name", max: 50)]
        #expect(
            Self.writerBreaks(name, [.text("name", max: 50, .uri)]) == ["shop.thing.create/1 request/name: narrowed"]
        )
        #expect(Self.writerBreaks([.text("name", max: 50, .uri)], name) == [])
        #expect(Self.writerBreaks([name[0].nullable()], name) == ["shop.thing.create/1 request/name: narrowed"])
        #expect(Self.writerBreaks(name, [name[0].nullable()]) == [])
        #expect(Self.writerBreaks([.choice("state", ["on"])], [.choice("state", ["on", "off"])]) == [])
        #expect(
            Compatibility.breaks(released: Self.catalog(), current: Self.catalog(idempotency: .unsupported))
                == ["shop.thing.create/1: an Idempotency-Key is refused now"]
        )
    }

    @Test func `A body where there was none breaks only if it must be sent`() {
        let without = Self.catalog(input: [])
        let bare = JSON.object(["operations": .array((without["operations"]?.array ?? []).map { Self.bodiless($0) })])
        func added(_ fields: [Field]) -> [String] {
            Compatibility.breaks(released: bare, current: Self.catalog(input: fields))
        }
        #expect(added([.text("name", max: 50)]) == [])
        #expect(added([.text("name", max: 50).required()]) == ["shop.thing.create/1: a request body became required"])
    }

    private static func bodiless(_ operation: JSON) -> JSON {
        guard case .object(var object) = operation else { return operation }
        object["request"] = nil
        return .object(object)
    }
}
