internal import ArgumentParser

/// Stories and data sets, played through the public API.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play the product's story, or load a firm to look at.",
        subcommands: [LeadToCash.self, Load.self, Seed.self]
    )
}
