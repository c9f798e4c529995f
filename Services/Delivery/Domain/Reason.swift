internal import Vocabulary

/// What a person must have written for a rule to be met.
enum Reason {
    static func require(_ text: String, _ detail: String) throws(Rejection) -> String {
        guard !text.allSatisfy(\.isWhitespace) else {
            throw .invalid("/reason", code: "required", detail)
        }
        return text
    }
}
