internal import Contracts

/// The page that the `type` of every problem points to: each code with its status and meaning.
enum ProblemsPage {
    static var html: [UInt8] {
        var text = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>Problems of the Throughline API</title></head>
            <body>
            <h1>Problems</h1>
            <p>Every failed request is answered with <code>application/problem+json</code> (RFC 9457). Its <code>code</code>
            is one of these; <code>errors</code> says what is wrong where, all of it at once. Repeat a request unchanged only
            where <code>retryable</code> is true, after <code>Retry-After</code> seconds if that is given.</p>

            """
        for code in Fault.Code.documented {
            text += "<h2 id=\"\(code.rawValue)\"><code>\(code.rawValue)</code></h2>\n"
            text += "<p>\(code.httpStatus): \(code.title)."
            text += code.isRetryable ? " Retryable." : ""
            text += "</p>\n"
        }
        text += "</body>\n</html>\n"
        return Array(text.utf8)
    }
}
