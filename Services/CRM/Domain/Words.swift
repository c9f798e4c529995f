internal import Vocabulary

/// What a person must have written for a rule to be met.
enum Words {
    /// Throws unless `text` holds something other than blanks; otherwise gives it back.
    static func require(_ text: String?, at pointer: String, _ detail: String) throws(Rejection) -> String {
        guard let text, !text.allSatisfy(\.isWhitespace) else {
            throw .invalid(pointer, code: "required", detail)
        }
        return text
    }
}
