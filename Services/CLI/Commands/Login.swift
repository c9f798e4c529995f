internal import ArgumentParser
internal import Contracts

/// Signs in and saves the session under the profile's name.
struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sign in and remember the session.")

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "E-mail address of the user.")
    var email: String

    @Option(help: "File with the password; asked for when not given.", completion: .file())
    var passwordFile: String?

    func run() async throws {
        try await reportingFailures {
            let client = try self.connection.anonymousClient()
            let password = try Password.read(from: self.passwordFile)
            let answer = try await client.post(
                "/v1/sessions",
                ["email": .string(self.email), "password": .string(password)]
            )
            guard let profile = Profile(url: client.endpoint.description, answer: answer) else {
                throw CLIFailure(.failure, "the answer of the sign-in holds no session")
            }
            try ProfileStore.standard.save(profile, as: self.connection.profile)
            await client.close()
            Terminal.line("Signed in to \(client.endpoint) as \(self.email).")
        }
    }
}

/// Ends the session on the server and forgets it here.
struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sign out and forget the session.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await reportingFailures {
            guard try ProfileStore.standard.load(self.connection.profile) != nil else {
                Terminal.line("Nobody was signed in.")
                return
            }
            let client = try await self.connection.signedInClient()
            do throws(CLIFailure) {
                _ = try await client.call("DELETE", "/v1/sessions/current")
            } catch  where error.kind == .notPermitted {
                // The session has ended already, which is what was asked for.
            }
            try ProfileStore.standard.save(nil, as: self.connection.profile)
            await client.close()
            Terminal.line("Signed out.")
        }
    }
}

/// Shows who the credential stands for.
struct WhoAmI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Show the user, the organization and the role of the credential."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reportingFailures {
            let client = try await self.connection.signedInClient()
            let me = try await client.get("/v1/me")
            await client.close()
            if self.output.output == .json {
                Terminal.line(me.description)
                return
            }
            let user = me["user"] ?? me
            let organization = me["organization"]
            Terminal.line("\(user["name"]?.string ?? "") <\(user["email"]?.string ?? "")>")
            let role = me["role"]?.string ?? me["member"]?["role"]?.string ?? ""
            Terminal.line("\(role) of \(organization?["name"]?.string ?? "") (\(organization?["id"]?.string ?? ""))")
        }
    }
}

/// Where a password comes from: a file's first line, or the terminal.
enum Password {
    static func read(from file: String?) throws(CLIFailure) -> String {
        guard let file else {
            return try Terminal.password("Password: ")
        }
        let content = try Files.read(file)
        return String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
