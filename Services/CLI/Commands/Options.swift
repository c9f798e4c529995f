internal import ArgumentParser
internal import HTTP2

/// Where to, and as whom: what every command takes.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "Address of the gateway (also THROUGHLINE_URL).")
    var url: String?

    @Option(help: "Name of the saved sign-in to use.")
    var profile: String = ProfileStore.defaultName

    @Option(help: "PEM file with the authorities to trust for https.", completion: .file(extensions: ["pem"]))
    var authority: String?

    @Flag(help: "Do not verify the server's certificate (development only).")
    var insecure = false

    var security: HTTPClientSecurity {
        if self.insecure {
            .insecure
        } else if let authority {
            .trustRoots(pemFile: authority)
        } else {
            .systemRoots
        }
    }

    /// The address by precedence: option, environment, profile, this machine.
    func endpoint(of saved: Profile? = nil) throws(CLIFailure) -> Endpoint {
        guard let text = self.url ?? Environment["THROUGHLINE_URL"] ?? saved?.url else {
            return .local
        }
        guard let endpoint = Endpoint(text) else {
            throw CLIFailure(.usage, "\(text) is not an address like https://host:port")
        }
        return endpoint
    }

    /// A client without a credential.
    func anonymousClient() throws(CLIFailure) -> APIClient {
        APIClient(endpoint: try self.endpoint(), security: self.security)
    }

    /// A client with the credential of the environment or of the profile; a saved session is refreshed when it is over.
    func signedInClient() async throws(CLIFailure) -> APIClient {
        if let token = Environment["THROUGHLINE_TOKEN"] {
            return APIClient(endpoint: try self.endpoint(), security: self.security, token: token, patience: .zero)
        }
        guard let saved = try ProfileStore.standard.load(self.profile) else {
            throw CLIFailure(.notPermitted, "not signed in: use `throughline login`, or set THROUGHLINE_TOKEN")
        }
        let endpoint = try self.endpoint(of: saved)
        return APIClient(
            endpoint: endpoint,
            security: self.security,
            token: saved.accessToken,
            patience: .zero,
            refresh: Refresh(profile: self.profile, saved: saved)
        )
    }
}

/// How answers are printed.
struct OutputOptions: ParsableArguments {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    @Option(help: "How to print the answer.")
    var output: Format = .table

    @Option(help: "Columns of a table, separated by commas.")
    var columns: String?
}
