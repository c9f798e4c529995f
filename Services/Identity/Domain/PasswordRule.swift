public import Vocabulary

/// What a password must be. Length and a blocklist; no rules of composition, which only make passwords guessable.
public enum PasswordRule {
    public static let bytesMin = 12
    /// Bounds what hashing costs.
    public static let bytesMax = 128
    /// A word of context shorter than this is too common to look for.
    private static let contextCharactersMin = 4

    /// Throws unless the password can be taken.
    ///
    /// - Parameters:
    ///   - context: What an attacker tries first: the person's name and address, the organization's name.
    ///   - isBlocked: Whether the lower-cased password is known to be common or leaked.
    public static func require(
        _ password: String,
        context: [String] = [],
        isBlocked: (String) -> Bool
    ) throws(Rejection) {
        guard password.utf8.count >= Self.bytesMin else {
            throw .invalid("/password", code: "too_short", "A password has at least \(Self.bytesMin) bytes.")
        }
        guard password.utf8.count <= Self.bytesMax else {
            throw .invalid("/password", code: "too_long", "A password has at most \(Self.bytesMax) bytes.")
        }
        let lowered = password.lowercased()
        guard Set(lowered).count > 1, !isBlocked(lowered) else {
            throw .invalid("/password", code: "too_common", "This password is known to attackers.")
        }
        for word in context where word.count >= Self.contextCharactersMin {
            guard lowered != word.lowercased() else {
                throw .invalid("/password", code: "guessable", "A password is not the name of its owner.")
            }
        }
    }
}
