internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import Synchronization

/// `grpc-echo server PORT` echoes bytes; `grpc-echo client PORT COUNT CONCURRENCY BYTES` calls it and prints one line of JSON.
@main
struct GRPCEcho {
    static let method = MethodDescriptor(fullyQualifiedService: "bench.Echo", method: "Call")

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        switch (arguments.first, numbers.count) {
        case ("server", 1):
            try await Self.serve(port: numbers[0])
        case ("client", 4):
            try await Self.load(port: numbers[0], count: numbers[1], concurrency: numbers[2], bytes: numbers[3])
        default:
            print("usage: grpc-echo server PORT | grpc-echo client PORT COUNT CONCURRENCY BYTES")
        }
    }

    private static func serve(port: Int) async throws {
        let transport = HTTP2ServerTransport.Posix(
            address: .ipv4(host: "127.0.0.1", port: port),
            transportSecurity: .plaintext
        )
        try await GRPCServer(transport: transport, services: [EchoService()]).serve()
    }

    private static func load(port: Int, count: Int, concurrency: Int, bytes: Int) async throws {
        let transport = try HTTP2ClientTransport.Posix(
            target: .ipv4(address: "127.0.0.1", port: port),
            transportSecurity: .plaintext
        )
        try await withGRPCClient(transport: transport) { client in
            let warmUp = max(concurrency, count / 10)
            _ = try await Self.round(client, count: warmUp, concurrency: concurrency, bytes: bytes)
            let (latencies, elapsed) = try await Self.round(
                client,
                count: count,
                concurrency: concurrency,
                bytes: bytes
            )
            let sorted = latencies.sorted()
            let rate = Double(sorted.count) / (elapsed / .seconds(1))
            let (p50, p99) = (sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
            print(
                #"{"count":\#(sorted.count),"sent":\#(sorted.count + warmUp),"rate":"\#(rate)","p50_ms":"\#(p50 / .milliseconds(1))","#
                    + #""p99_ms":"\#(p99 / .milliseconds(1))"}"#
            )
        }
    }

    private static func round(
        _ client: GRPCClient<HTTP2ClientTransport.Posix>,
        count: Int,
        concurrency: Int,
        bytes: Int
    ) async throws -> ([Duration], Duration) {
        let left = Countdown(count)
        let clock = ContinuousClock()
        let began = clock.now
        let body = [UInt8](repeating: UInt8(ascii: "a"), count: bytes)
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<concurrency {
                group.addTask {
                    var own: [Duration] = []
                    while left.take() {
                        let start = clock.now
                        let answered = try await client.unary(
                            request: ClientRequest(message: body),
                            descriptor: Self.method,
                            serializer: BytesSerializer(),
                            deserializer: BytesDeserializer(),
                            options: .defaults
                        ) { (response: ClientResponse<[UInt8]>) in try response.message.count }
                        precondition(answered == bytes)
                        own.append(clock.now - start)
                    }
                    return own
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return (latencies, clock.now - began)
    }
}

/// What is left to do, taken from by all workers.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { self.left = Atomic(count) }

    func take() -> Bool { self.left.subtract(1, ordering: .relaxed).oldValue > 0 }
}

private struct EchoService: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: GRPCEcho.method,
            deserializer: BytesDeserializer(),
            serializer: BytesSerializer()
        ) { request, _ in
            let one = try await ServerRequest(stream: request)
            return StreamingServerResponse(single: ServerResponse(message: one.message))
        }
    }
}

/// Bytes as they are: what protobuf costs is left out of the comparison.
private struct BytesSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }
}

private struct BytesDeserializer: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { [UInt8]($0) }
    }
}
