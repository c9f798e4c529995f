internal import Mustache

/// A mail's subject, text and HTML as mustache templates. In the HTML every value is escaped; there is no way to say otherwise, since
/// the tags that would (`{{{`, `{{&`) are refused.
public struct MailTemplate: Sendable {
    private let subject: MustacheTemplate
    private let text: MustacheTemplate
    private let html: MustacheTemplate
    /// The names that the templates use.
    public let names: Set<String>

    /// - Parameter html: what stands in the body; the page around it is the same for all.
    public init(subject: StaticString, text: StaticString, html: StaticString) {
        let sources = [subject, text, html].map(\.description)
        self.subject = Self.parsed("{{% CONTENT_TYPE:TEXT}}" + sources[0])
        self.text = Self.parsed("{{% CONTENT_TYPE:TEXT}}" + sources[1])
        self.html = Self.parsed(Self.pageStart + sources[2] + Self.pageEnd)
        self.names = Set(sources.flatMap(Self.names))
    }

    /// Every name that the templates use must have a value.
    public func render(_ values: [String: String]) -> MailContent {
        precondition(
            Set(values.keys) == self.names,
            "a mail with \(self.names.sorted()) is given \(values.keys.sorted())"
        )
        return MailContent(
            subject: self.subject.render(values),
            text: self.text.render(values),
            html: self.html.render(values)
        )
    }

    private static func parsed(_ source: String) -> MustacheTemplate {
        precondition(!source.contains("{{{") && !source.contains("{{&"), "a mail's values are always escaped")
        do {
            return try MustacheTemplate(string: source)
        } catch {
            preconditionFailure("a mail's template cannot be read: \(error)")
        }
    }

    /// What stands in tags, but for the marks of sections.
    private static func names(in source: String) -> [String] {
        source.split(separator: "{{", omittingEmptySubsequences: false).dropFirst().map { tag in
            var name = String(tag.prefix { $0 != "}" })
            if let mark = name.first, "#^/".contains(mark) { name.removeFirst() }
            return name
        }
    }

    private static let pageStart = """
        <!doctype html>
        <html>
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
        <body style="font-family: sans-serif; line-height: 1.5; max-width: 36em; margin: 2em auto; color: #222">

        """
    private static let pageEnd = "\n</body>\n</html>\n"
}
