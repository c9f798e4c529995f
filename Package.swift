// swift-tools-version: 6.2
import PackageDescription

// Products of other packages, by the short names that targets use.
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// What every service's handlers may use. A service never imports another service.
let serviceDependencies: [Target.Dependency] = [
    "Vocabulary", "Contracts", "Wire", "Postgres", "EventLog", "Resources", "ServiceKit",
]

func service(_ name: String, _ folder: String, and more: [Target.Dependency] = []) -> Target {
    .target(
        name: "\(name)Service",
        dependencies: serviceDependencies + more,
        path: "Services/\(folder)/Service",
        resources: [.embedInCode("Migrations")]
    )
}

func domain(_ name: String) -> Target {
    .target(name: "\(name)Domain", dependencies: ["Vocabulary"], path: "Services/\(name)/Domain")
}

func executable(_ name: String, _ service: String, _ folder: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [.byName(name: service), "ServiceKit"],
        path: "Services/\(folder)/Main"
    )
}

let package = Package(
    name: "throughline",
    products: [
        .executable(name: "identity", targets: ["identity"]),
        .executable(name: "crm", targets: ["crm"]),
        .executable(name: "delivery", targets: ["delivery"]),
        .executable(name: "revenue", targets: ["revenue"]),
        .executable(name: "timeline", targets: ["timeline"]),
        .executable(name: "gateway", targets: ["gateway"]),
        .executable(name: "throughline", targets: ["throughline"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration.git",
            exact: "1.4.0",
            traits: ["CommandLineArguments", "JSON"]
        ),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", exact: "2.1.1"),
    ],
    targets: [
        // Shared: each target does one thing, and none is called Common.
        .target(name: "Vocabulary", path: "Shared/Vocabulary"),
        .target(
            name: "Contracts",
            dependencies: ["Vocabulary"],
            path: "Shared/Contracts",
            exclude: ["Protocol/PROTOCOL.md"]
        ),
        .target(
            name: "Wire",
            dependencies: ["Contracts", "Vocabulary", nioCore, nioPosix, nioTLS, nioSSL, crypto, deque],
            path: "Shared/Wire"
        ),
        .systemLibrary(
            name: "CPostgres",
            path: "Shared/CPostgres",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]
        ),
        .systemLibrary(name: "CEpoll", path: "Shared/CEpoll"),
        .target(
            name: "Postgres",
            dependencies: ["CPostgres", "CEpoll", "Vocabulary", deque, crypto],
            path: "Shared/Postgres"
        ),
        .target(
            name: "EventLog",
            dependencies: ["Postgres", "Contracts", "Vocabulary", logging],
            path: "Shared/EventLog",
            resources: [.embedInCode("Migrations")]
        ),
        .target(
            name: "Resources",
            dependencies: ["EventLog", "Postgres", "Contracts", "Vocabulary", crypto],
            path: "Shared/Resources"
        ),
        .systemLibrary(
            name: "CNghttp2",
            path: "Shared/CNghttp2",
            pkgConfig: "libnghttp2",
            providers: [.apt(["libnghttp2-dev"])]
        ),
        .systemLibrary(name: "CZlib", path: "Shared/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "HTTP2",
            dependencies: ["CNghttp2", "CZlib", nioCore, nioPosix, nioHTTP1, nioTLS, nioSSL],
            path: "Shared/HTTP2"
        ),
        .target(name: "Telemetry", dependencies: ["Contracts", "Vocabulary", logging], path: "Shared/Telemetry"),
        .target(
            name: "ServiceKit",
            dependencies: [
                "Contracts", "Vocabulary", "Wire", "Telemetry", "Postgres", "EventLog", "Resources",
                configuration, lifecycle, signals, logging, nioCore, nioPosix, nioHTTP1, crypto,
            ],
            path: "Shared/ServiceKit"
        ),
        .target(
            name: "Mail",
            dependencies: [
                "Postgres", "Vocabulary", "Contracts", "Resources", "ServiceKit", "Telemetry", nioCore, nioPosix,
                nioTLS, nioSSL, crypto, mustache, logging,
            ],
            path: "Shared/Mail",
            resources: [.embedInCode("Migrations")]
        ),
        .target(
            name: "TestKit",
            dependencies: ["Contracts", "Vocabulary", "Postgres", "EventLog", "Resources", "Wire"],
            path: "Shared/TestKit"
        ),

        // Services: Domain holds pure rules, Service handlers and SQL, Main eight lines that start it.
        domain("Identity"), domain("CRM"), domain("Delivery"), domain("Revenue"), domain("Timeline"),
        .systemLibrary(
            name: "CArgon2",
            path: "Services/Identity/CArgon2",
            pkgConfig: "libargon2",
            providers: [.apt(["libargon2-dev"])]
        ),
        .systemLibrary(
            name: "CQrencode",
            path: "Services/Identity/CQrencode",
            pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]
        ),
        service("Identity", "Identity", and: ["IdentityDomain", "CArgon2", "CQrencode", "Mail", crypto, mustache]),
        service("CRM", "CRM", and: ["CRMDomain", crypto]),
        service("Delivery", "Delivery", and: ["DeliveryDomain"]),
        service("Revenue", "Revenue", and: ["RevenueDomain", logging]),
        service("Timeline", "Timeline", and: ["TimelineDomain", crypto]),
        .target(
            name: "GatewayService",
            dependencies: [
                "Vocabulary", "Contracts", "Wire", "HTTP2", "Telemetry", "ServiceKit", crypto, logging, lifecycle,
                nioCore,
            ],
            path: "Services/Gateway/Service"
        ),
        executable("identity", "IdentityService", "Identity"),
        executable("crm", "CRMService", "CRM"),
        executable("delivery", "DeliveryService", "Delivery"),
        executable("revenue", "RevenueService", "Revenue"),
        executable("timeline", "TimelineService", "Timeline"),
        executable("gateway", "GatewayService", "Gateway"),
        .executableTarget(
            name: "throughline",
            dependencies: ["Vocabulary", "Contracts", "HTTP2", arguments, nioCore, nioPosix, nioSSL],
            path: "Services/CLI"
        ),

        // Tests mirror the sources file for file; Tests/SystemTests (Python) runs the real processes.
        .testTarget(name: "VocabularyTests", dependencies: ["Vocabulary"]),
        .testTarget(name: "ContractsTests", dependencies: ["Contracts", "Vocabulary"], exclude: ["Blessed"]),
        .testTarget(
            name: "WireTests",
            dependencies: [
                "Wire", "Contracts", "Vocabulary", "TestKit", nioCore, nioPosix, nioEmbedded, nioSSL, crypto,
            ]
        ),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "Vocabulary", "TestKit"]),
        .testTarget(
            name: "EventLogTests",
            dependencies: ["EventLog", "Postgres", "Contracts", "Vocabulary", "TestKit", logging]
        ),
        .testTarget(
            name: "ResourcesTests",
            dependencies: ["Resources", "EventLog", "Postgres", "Contracts", "Vocabulary", "TestKit"]
        ),
        .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2", "TestKit", nioCore, nioPosix, nioEmbedded, nioSSL]),
        .testTarget(
            name: "MailTests",
            dependencies: [
                "Mail", "Postgres", "Contracts", "Vocabulary", "ServiceKit", "Telemetry", "TestKit", nioCore,
                nioEmbedded, nioPosix, nioTLS,
            ]
        ),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "Contracts", "Vocabulary", logging]),
        .testTarget(
            name: "ServiceKitTests",
            dependencies: [
                "ServiceKit", "Telemetry", "Contracts", "EventLog", "Vocabulary", "Wire", "Postgres", logging,
                lifecycle,
                nioCore, nioPosix,
            ]
        ),
        .testTarget(name: "IdentityDomainTests", dependencies: ["IdentityDomain", "Vocabulary"]),
        .testTarget(name: "CRMDomainTests", dependencies: ["CRMDomain", "Vocabulary"]),
        .testTarget(name: "DeliveryDomainTests", dependencies: ["DeliveryDomain", "Vocabulary"]),
        .testTarget(name: "RevenueDomainTests", dependencies: ["RevenueDomain", "Vocabulary"]),
        .testTarget(name: "TimelineDomainTests", dependencies: ["TimelineDomain", "Vocabulary"]),
        .testTarget(
            name: "IdentityServiceTests",
            dependencies: [
                "IdentityService", "IdentityDomain", "Contracts", "Vocabulary", "Postgres", "EventLog", "Resources",
                "Mail", "TestKit",
            ]
        ),
        .testTarget(
            name: "CRMServiceTests",
            dependencies: [
                "CRMService", "ServiceKit", "Telemetry", "Contracts", "Vocabulary", "Postgres", "EventLog", "Resources",
                "TestKit", logging,
            ]
        ),
        .testTarget(
            name: "DeliveryServiceTests",
            dependencies: [
                "DeliveryService", "DeliveryDomain", "ServiceKit", "Contracts", "Vocabulary", "Postgres", "EventLog",
                "Resources", "TestKit", logging,
            ]
        ),
        .testTarget(
            name: "RevenueServiceTests",
            dependencies: [
                "RevenueService", "RevenueDomain", "ServiceKit", "Telemetry", "Contracts", "Vocabulary", "Postgres",
                "EventLog",
                "Resources", "TestKit", logging,
            ]
        ),
        .testTarget(
            name: "TimelineServiceTests",
            dependencies: [
                "TimelineService", "Contracts", "Vocabulary", "Postgres", "EventLog", "Resources", "TestKit",
            ]
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "GatewayService", "TestKit", "Contracts", "Vocabulary", "Wire", "HTTP2", "Telemetry", "ServiceKit",
                logging,
                lifecycle,
                nioCore, nioPosix,
            ],
            exclude: ["Golden"]
        ),
        .testTarget(name: "CLITests", dependencies: ["throughline", "Contracts", "HTTP2", nioCore, nioPosix]),
        .testTarget(name: "HouseTests"),

        // The load side of deploy/bench; its peers are in packages and files of their own beside it.
        .executableTarget(
            name: "bench-driver",
            dependencies: ["Contracts", "Vocabulary", "Wire", "Postgres", "HTTP2", arguments, nioCore, nioPosix],
            path: "Tests/Benchmarks/Driver"
        ),
    ],
    swiftLanguageModes: [.v6]
)

// One loop, one set of settings: a target cannot forget them.
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
    ]
}
