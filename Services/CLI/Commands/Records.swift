internal import ArgumentParser
internal import Contracts

/// One record, or whatever else answers at a path.
struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read one record.",
        discussion: "PATH is relative to /v1: `throughline get deals/0198…` or `throughline get pipeline`."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Path of the record.")
    var path: String

    @Argument(help: "Query parameters as key=value.")
    var query: [String] = []

    func run() async throws {
        try await reportingFailures {
            let client = try await self.connection.signedInClient()
            let answer = try await client.get(try APIPath.make(self.path, query: self.query))
            await client.close()
            Printer(self.output).show(answer)
        }
    }
}

/// The rows of a list, page by page.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read a list.",
        discussion: "Filters and sorting as the API has them: `throughline list deals stage=won sort=-amount_minor`."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Path of the list.")
    var path: String

    @Argument(help: "Filters as key=value.")
    var query: [String] = []

    @Option(help: "How many rows at most.")
    var rows: Int = 50

    func run() async throws {
        try await reportingFailures {
            let client = try await self.connection.signedInClient()
            let path = try APIPath.make(self.path, query: self.query)
            let found = try await client.rows(path, max: self.rows)
            await client.close()
            Printer(self.output).show(.array(found))
        }
    }
}

/// A new record.
struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create a record, or run a verb.",
        discussion: """
            Values are JSON where they read as JSON and text otherwise; `amount_minor=1000` is a number, \
            `name=Acme` a text, `'name="1000"'` a text again. A path with a verb runs it: \
            `throughline create deals/0198…/advance stage=qualified`.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Path of the collection or verb.")
    var path: String

    @Argument(help: "Fields as key=value.")
    var fields: [String] = []

    @Option(help: "The whole body as JSON, or @FILE.")
    var data: String?

    @Option(help: "Idempotency key; a fresh one when not given.")
    var key: String?

    func run() async throws {
        try await reportingFailures {
            let body = try self.body()
            let client = try await self.connection.signedInClient()
            let answer = try await client.post(try APIPath.make(self.path, query: []), body, key: self.key)
            await client.close()
            Printer(self.output).show(answer)
        }
    }

    private func body() throws(CLIFailure) -> JSON {
        var members: JSONObject = [:]
        if let data {
            let text = data.hasPrefix("@") ? try Files.read(String(data.dropFirst())) : Array(data.utf8)
            do {
                guard let given = try JSON(parsing: text).object else {
                    throw CLIFailure(.usage, "--data is not a JSON object")
                }
                members = given
            } catch let fault as JSONFault {
                throw CLIFailure(.usage, "--data is not JSON: \(fault)")
            } catch {
                throw CLIFailure(.usage, "--data: \(error)")
            }
        }
        for field in self.fields {
            let (name, value) = try APIPath.pair(field)
            members[name] = (try? JSON(parsing: Array(value.utf8))) ?? .string(value)
        }
        return .object(members)
    }
}
