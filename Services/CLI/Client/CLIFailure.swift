internal import ArgumentParser
internal import Contracts
internal import HTTP2

/// Why a command did not end well: what to print, and the class of failure that the exit code tells a script.
struct CLIFailure: Error, CustomStringConvertible {
    /// The classes of sysexits.h, so that a script can tell a wrong value from a server that is away.
    enum Kind: Int32 {
        case failure = 1
        case usage = 64
        case refusedData = 65
        case unavailable = 69
        case notPermitted = 77
    }

    let kind: Kind
    let description: String
    /// What the server found wrong, one by one.
    private let problems: [JSON]

    init(_ kind: Kind, _ description: String, problems: [JSON] = []) {
        self.kind = kind
        self.description = description
        self.problems = problems
    }

    /// Whether the server takes no such header with this request. Nothing was done then.
    func refuses(header: String) -> Bool {
        self.problems.contains { $0["pointer"]?.string == "/header/\(header)" && $0["code"] == "not_supported" }
    }

    /// A problem+json answer, with each of its problems on a line of its own.
    init(_ method: String, _ path: String, problem response: HTTPResponse) {
        let problem = try? JSON(parsing: response.body)
        var lines = ["\(method) \(path): \(response.status) \(problem?["code"]?.string ?? "")"]
        if let detail = problem?["detail"]?.string ?? problem?["title"]?.string {
            lines.append("  \(detail)")
        }
        let problems = problem?["errors"]?.array ?? []
        for error in problems {
            let place = error["pointer"]?.string ?? ""
            lines.append("  \(place): \(error["detail"]?.string ?? error["code"]?.string ?? "")")
        }
        if let requestID = problem?["request_id"]?.string {
            lines.append("  request \(requestID)")
        }
        self.init(Kind(status: response.status), lines.joined(separator: "\n"), problems: problems)
    }

    init(_ fault: any Error, url: String) {
        self.init(.unavailable, "\(url) cannot be reached: \(fault)")
    }
}

extension CLIFailure.Kind {
    init(status: Int) {
        switch status {
        case 401, 403: self = .notPermitted
        case 400..<500 where status != 429: self = .refusedData
        case 429, 502, 503, 504: self = .unavailable
        default: self = .failure
        }
    }
}

/// Runs a command's body, printing its failure and ending with that failure's exit code.
func reportingFailures(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let failure as CLIFailure {
        Terminal.complain(failure.description)
        throw ExitCode(failure.kind.rawValue)
    }
}
