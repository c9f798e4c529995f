internal import Contracts
internal import Postgres
internal import Vocabulary

/// A list narrowed by an organization's own fields: `custom_fields[region]=emea`, `custom_fields[seats][gte]=10`.
struct CustomFieldFilter: Sendable {
    /// Conditions in one request.
    static let countMax = 10
    /// Characters of a value; longer texts are not found by their value.
    static let valueMax = 100

    static let parameter = Field.document(ResourceStore.customFields, bytesMax: 4_096)
        .described(
            "Only objects with these values of your own: `custom_fields[region]=emea`, one of several as `custom_fields[region][in]=emea,apac`. "
                + "A number, a date and the minor units of money are compared too: `custom_fields[seats][gte]=10`, with `gt`, `lte` and `lt`. "
                + "A multi_select is found by each of its options."
        )

    private enum Comparison: String, CaseIterable {
        case greaterOrEqual = "gte"
        case greater = "gt"
        case lessOrEqual = "lte"
        case less = "lt"
        case among = "in"

        var sql: SQL {
            switch self {
            case .greaterOrEqual: " >= "
            case .greater: " > "
            case .lessOrEqual: " <= "
            case .less: " < "
            case .among: " = ANY "
            }
        }
    }

    private let key: String
    /// `nil` for equal values.
    private let comparison: Comparison?
    private let text: String

    init(member: String, text: String) {
        let comparison = Comparison.allCases.first { member.hasSuffix("[\($0.rawValue)]") }
        self.key = comparison.map { String(member.dropLast($0.rawValue.count + 2)) } ?? member
        self.comparison = comparison
        self.text = text
    }

    /// The condition on `value` or `measure`, with the place of its binding.
    func condition(
        by defined: CustomFieldSet,
        at place: SQL
    ) throws(Fault) -> (sql: SQL, binding: SQLValue, key: String) {
        let definition = try defined.definition(of: self.key)
        switch self.comparison {
        case nil:
            if definition?.isMeasured == true {
                return ("v.measure = " + place, .int(try self.measure(definition)), self.key)
            }
            return ("v.value = " + place, .text(try self.value(self.text, definition)), self.key)
        case .among:
            var values: [String] = []
            for part in self.text.split(separator: ",", maxSplits: ListQuery.inMax) {
                values.append(try self.value(String(part), definition))
            }
            guard values.count <= ListQuery.inMax else {
                throw self.refusal("At most \(ListQuery.inMax) values are accepted here.", .tooMany)
            }
            return ("v.value = ANY (" + place + "::text[])", .texts(values), self.key)
        case let comparison?:
            guard definition?.isMeasured ?? true else {
                throw self.refusal("Numbers, dates and money are compared; \(self.key) is none of these.", .type)
            }
            return ("v.measure" + comparison.sql + place, .int(try self.measure(definition)), self.key)
        }
    }

    private func value(_ text: String, _ definition: CustomFieldDefinition?) throws(Fault) -> String {
        if definition?.isMeasured == true {
            throw self.refusal("A number, a date or money is looked for by one value, or by a range.", .type)
        }
        var decoder = InputDecoder()
        let kind = definition?.filterKind ?? .text(TextRule(lengthMin: 0, lengthMax: Self.valueMax))
        switch decoder.parameter(text, kind, at: self.pointer) {
        case .text(let text)?: return text
        case .identifier(let id)?: return id.description
        case .boolean(let flag)?: return flag ? "true" : "false"
        default: throw Fault(.invalidRequest, decoder.problems[0].detail, problems: decoder.problems)
        }
    }

    /// As the table keeps it: millionths of a number, minor units of money, days since 1970 of a date.
    private func measure(_ definition: CustomFieldDefinition?) throws(Fault) -> Int64 {
        switch definition?.type {
        case .date: return try self.days()
        case .money:
            guard let minor = Int64(self.text) else {
                throw self.refusal("An amount in minor units is expected here.", .integer)
            }
            return minor
        case .number: return try self.millionths()
        default: return LocalDate(self.text) == nil ? try self.millionths() : try self.days()
        }
    }

    private func days() throws(Fault) -> Int64 {
        guard let date = LocalDate(self.text) else {
            throw self.refusal("A calendar date is expected here, such as 2026-11-22.", .date)
        }
        return Int64(date.daysSinceEpoch)
    }

    private func millionths() throws(Fault) -> Int64 {
        var decoder = InputDecoder()
        let places = CustomFieldDefinition.placesMax
        guard case .decimal(let decimal)? = decoder.value(self.text, .decimal(places: places), at: self.pointer) else {
            throw Fault(.invalidRequest, decoder.problems[0].detail, problems: decoder.problems)
        }
        let parts = decimal.split(separator: ".")
        let given = parts.count > 1 ? parts[1].count : 0
        // Twelve digits before the point and six behind it fit 64 bits.
        return Int64(parts.joined() + String(repeating: "0", count: places - given)) ?? 0
    }

    private var pointer: String { "/query/custom_fields/\(JSONPointer.escaped(self.key))" }

    private func refusal(_ detail: String, _ code: SchemaCode) -> Fault {
        Fault(.invalidRequest, detail, problems: [Problem(self.pointer, code, detail)])
    }
}

extension CustomFieldSet {
    /// Adds what `given` asks for to the filters of a list.
    ///
    /// The rows with a value are looked up before anything else: a list costs what has this value, however much else there is.
    func narrow(
        _ filters: inout (conditions: SQL, bindings: [SQLValue]),
        by given: JSONObject,
        of resource: Resource
    ) throws(Fault) {
        guard given.count <= CustomFieldFilter.countMax else {
            let detail = "At most \(CustomFieldFilter.countMax) conditions on custom fields are accepted."
            throw Fault(.invalidRequest, detail, problems: [Problem("/query/custom_fields", .tooMany, detail)])
        }
        for member in given.members.sorted(by: { $0.key < $1.key }) {
            guard let text = member.value.string else { continue }
            let filter = CustomFieldFilter(member: member.key, text: text)
            let next = filters.bindings.count + 2
            let (condition, binding, key) = try filter.condition(by: self, at: .parameter(next + 1))
            filters.bindings += [.text(key), binding]
            filters.conditions +=
                " AND id = ANY (ARRAY(SELECT v.row_id FROM custom_field_value v WHERE v.organization_id = $1 AND v.entity = '"
                + SQL(identifier: resource.name) + "' AND v.key = " + SQL.parameter(next) + " AND " + condition + "))"
        }
    }
}
