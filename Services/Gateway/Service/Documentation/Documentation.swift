internal import Contracts
internal import HTTP2
internal import ServiceKit

/// `/docs`: `/openapi.json` to read and to try, by Swagger UI. Its two files are somebody else's, in a folder that a setting names;
/// they are read once, at start, so that no request's path is ever a file's.
struct Documentation: Sendable {
    static let path: Substring = "/docs"
    static let flag = "--docs-directory"
    /// What may be asked for, whether there is a folder or not.
    static let paths: Set<Substring> = Set([Self.path, Self.startPath] + Self.files.map { Self.path(of: $0.name) })

    /// Nothing but what this origin serves, and no script or style that stands in a page. Swagger UI's icons are `data:` images.
    static let policy = HTTPField(
        "content-security-policy",
        """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """
    )

    private static let styleSheet = "swagger-ui.css"
    private static let script = "swagger-ui-bundle.js"
    private static let files = [(name: styleSheet, type: MediaType.css), (name: script, type: MediaType.javaScript)]
    private static let startPath = Self.path(of: "start.js")
    private static let fileBytesMax = 16 << 20

    /// One of these pages, and what it is.
    struct Page {
        let contentType: String
        let document: PublicDocument
    }

    private let pages: [Substring: Page]

    /// Reads the files; all that cannot be read is said at once.
    init(directory: String) throws(ConfigurationErrors) {
        var pages = [
            Self.path: Page(contentType: MediaType.html, document: PublicDocument(Array(Self.html.utf8))),
            Self.startPath: Page(contentType: MediaType.javaScript, document: PublicDocument(Array(Self.start.utf8))),
        ]
        var problems: [String] = []
        for (name, type) in Self.files {
            do throws(TextFile.Failure) {
                let bytes = try TextFile.bytes("\(directory)/\(name)", bytesMax: Self.fileBytesMax)
                pages[Self.path(of: name)] = Page(contentType: type, document: PublicDocument(bytes))
            } catch {
                problems.append("\(Self.flag): cannot read \(directory)/\(name): \(error)")
            }
        }
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        self.pages = pages
    }

    subscript(path: Substring) -> Page? { self.pages[path] }

    /// What is answered where no folder is named.
    static let missing = Fault(
        .notFound,
        "This gateway was given no pages for its document (\(Self.flag)). The document itself is /openapi.json."
    )

    private static func path(of name: String) -> Substring { "\(self.path)/\(name)" }

    private static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Throughline API</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="\(path(of: styleSheet))">
        <script src="\(path(of: script))"></script>
        <script src="\(startPath)" defer></script>
        </head>
        <body><div id="documentation"><noscript>These pages need JavaScript; the document is /openapi.json.</noscript></div></body>
        </html>

        """

    /// Nothing is asked of other hosts: a validator's badge would be, and no policy lets it.
    private static let start = """
        "use strict";
        SwaggerUIBundle({
            url: "/openapi.json", dom_id: "#documentation", deepLinking: true, docExpansion: "none", filter: true,
            validatorUrl: null,
        });

        """
}
