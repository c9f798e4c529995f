/// A postal address, as every object has it that has one.
public enum PostalAddress {
    public static let fields: [Field] = [
        .text("line1", max: 200).nullable(),
        .text("line2", max: 200).nullable(),
        .text("city", max: 100).nullable(),
        .text("region", max: 100).nullable(),
        .text("postal_code", max: 20).nullable(),
        .text("country", max: 100).nullable().described("ISO 3166-1 alpha-2 code or name."),
    ]
}
