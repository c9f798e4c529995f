internal import Contracts
internal import Testing

@Suite struct SchemaTests {
    private static let fields: [Field] = [
        .identifier("id").readOnly(), .text("name", max: 9).required(),
        .integer("size", 0...9).nullable().defaulting(to: 1),
        .choice("kind", ["a", "b"]).onCreate().nullable(),
    ]

    @Test func `A request lacks what is read-only and requires what has no default`() {
        let schema = Schema.object(Self.fields, .request)
        #expect(schema["properties"]?.object?.keys == ["name", "size", "kind"])
        #expect(schema["required"] == ["name"])
        #expect(schema["additionalProperties"] == false)
        #expect(schema["properties"]?["size"]?["default"] == 1)
        #expect(schema["properties"]?["name"]?["maxLength"] == 9)
    }

    @Test func `A patch requires nothing and lacks what is set on creation`() {
        let schema = Schema.object(Self.fields, .request, mode: .mergePatch)
        #expect(schema["properties"]?.object?.keys == ["name", "size"])
        #expect(schema["required"] == nil)
    }

    @Test func `An answer holds everything, and says what may be null`() {
        let schema = Schema.object(Self.fields, .response)
        #expect(schema["required"] == ["id", "name", "size", "kind"])
        #expect(schema["properties"]?["size"]?["type"] == ["integer", "null"])
        #expect(schema["properties"]?["kind"]?["enum"] == ["a", "b", .null])
        #expect(schema["properties"]?["id"]?["format"] == "uuid")
    }
}
