internal import ArgumentParser
internal import Contracts

/// The command-line client: everything it does goes through the public HTTP/2 API, as any other client's work would.
@main
struct Throughline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throughline",
        abstract: "The back office of a professional-services firm, from first lead to cash in the bank.",
        discussion: """
            The address comes from --url, THROUGHLINE_URL or the profile; the credential from THROUGHLINE_TOKEN or the \
            profile. Exit codes: 0 done, 1 failure, 64 wrong usage, 65 refused data, 69 unavailable, 77 not permitted. \
            Shell completion: throughline --generate-completion-script bash|zsh|fish.
            """,
        version: Build.version,
        subcommands: [
            Login.self, Logout.self, WhoAmI.self,
            Get.self, List.self, Create.self, Tail.self,
            Demo.self,
        ]
    )
}
