public import Logging

extension Sensitivity: Logger.MetadataValueAttributes.Attribute {}

extension Logger.MetadataValue {
    /// A value that enters the log in its redacted form only: `metadata: ["to": .sensitive(address, .email)]`.
    ///
    /// The value travels to the handler with its sensitivity as an attribute (SLG-0004); `JSONLogHandler` renders
    /// the form that may be seen.
    public static func sensitive(_ value: some CustomStringConvertible & Sendable, _ sensitivity: Sensitivity) -> Self {
        .attributed(value.description, attributes: [sensitivity])
    }

    /// The text a log may show, with the redaction that the value's attribute asks for.
    var visibleText: String {
        guard let sensitivity = self.attributes[Sensitivity.self] else { return self.description }
        return Redaction.redacted(self.description, as: sensitivity)
    }
}

extension Logger.MetadataValue.StringInterpolation {
    /// Interpolates the redacted form of one segment: `"sent to \(address, redacted: .email)"`.
    ///
    /// Redacted at once and not by an attribute, which would apply to the text around the segment too.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible, redacted sensitivity: Sensitivity) {
        self.appendLiteral(Redaction.redacted(value.description, as: sensitivity))
    }
}
