internal import Contracts
internal import HTTP2

/// The checks of a body that need no look into it.
enum RequestBody {
    /// A body must be in a media type of the operation, and not compressed.
    static func check(_ request: HTTPRequest, for operation: RoutedOperation) throws(Fault) {
        guard !request.body.isEmpty else { return }
        if let coding = request.first("content-encoding"), coding != "identity" {
            throw self.unsupported("content-encoding", "Request bodies must not be compressed.")
        }
        let expected = operation.mediaTypes.isEmpty ? [MediaType.json] : operation.mediaTypes
        // Nearly all send it without parameters and in lower case.
        guard let type = request.first("content-type"),
            expected.contains(type) || expected.contains(self.essence(of: type))
        else {
            throw self.unsupported("content-type", "Send the body as \(expected[0]), and say so in Content-Type.")
        }
    }

    private static func unsupported(_ header: String, _ detail: String) -> Fault {
        Fault(.unsupportedMediaType, detail, problems: [Problem("/header/\(header)", "unsupported", detail)])
    }

    /// The media type without its parameters, in lower case.
    static func essence(of contentType: String) -> String {
        let essence = contentType.prefix { $0 != ";" }
        return essence.filter { $0 != " " && $0 != "\t" }.lowercased()
    }
}
