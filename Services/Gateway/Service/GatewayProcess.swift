internal import Contracts
internal import HTTP2
internal import NIOCore
public import ServiceKit
internal import Wire

/// The gateway as a process: its settings, and how it is put together from them.
public enum GatewayProcess {
    public static var definition: ProcessDefinition {
        ProcessDefinition(
            name: Gateway.name,
            version: Build.version,
            settings: GatewaySettings.settings,
            check: { GatewaySettings($0).problems },
            assemble: { try self.assemble($0) }
        )
    }

    static func assemble(_ environment: ProcessEnvironment) throws(ConfigurationErrors) -> AssembledProcess {
        let settings = GatewaySettings(environment.values)
        let security = try settings.wire.security()
        let identity = WireIdentity(
            service: Gateway.name,
            instance: environment.configuration.instance,
            build: Build.version
        )
        let gateway = Gateway(
            Gateway.Parts(
                services: ServiceDirectory.services,
                makeClient: { service, onConnect in
                    let addresses = settings.wire.peers[service] ?? []
                    var configuration = WireClientConfiguration(
                        identity: identity,
                        service: service,
                        addresses: addresses.map { WireAddress(host: $0.host, port: $0.port) },
                        security: security
                    )
                    configuration.measure(by: environment.metrics)
                    return WireClient(configuration, group: environment.group, onConnect: onConnect)
                },
                server: self.server(settings, drainSeconds: environment.configuration.drainSecondsMax),
                certificateLook: .seconds(settings.certificateLookSeconds),
                signer: try settings.signer(),
                limits: settings.limits,
                origins: settings.origins,
                deadlineMilliseconds: settings.deadlineMilliseconds,
                documentation: try settings.documentation(),
                hasMailbox: settings.hasMailbox,
                patience: .seconds(Int64(settings.patienceSeconds)),
                clock: environment.clock,
                metrics: environment.metrics,
                health: environment.health,
                group: environment.group,
                blockedLoops: { environment.monitor.blockedLoops },
                logger: environment.makeLogger("edge"),
                accessLog: environment.makeAccessLog("edge")
            )
        )
        return AssembledProcess(parts: [gateway.clients], background: gateway.background, servers: [gateway.edge])
    }

    static func server(_ settings: GatewaySettings, drainSeconds: Int) -> HTTPServerConfiguration {
        typealias Address = HTTPServerConfiguration.Address
        var limits = settings.edge
        limits.requestBodyBytesMax = settings.bodyBytesMax
        limits.drainTimeout = .seconds(Int64(drainSeconds))
        return HTTPServerConfiguration(
            cleartext: [Address(host: settings.http.host, port: settings.http.port)],
            secure: settings.https.map { [Address(host: $0.address.host, port: $0.address.port)] } ?? [],
            tls: settings.https?.tls,
            limits: limits,
            refusalResponse: TransportRefusals.response(_:to:)
        )
    }
}
