internal import Foundation
internal import Glibc
internal import Synchronization

/// A private PostgreSQL of this process: its own data, loopback port and socket, gone with the process.
///
/// It runs as an unprivileged user, since PostgreSQL refuses root, without fsync, since nothing in it is to be kept.
public final class ServerProcess: Sendable {
    /// What went wrong in preparing or starting the server, with its output.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let port: Int
    private let folder: URL
    private let process = Mutex<pid_t?>(nil)

    private static let binaries = "/usr/lib/postgresql/15/bin"
    private static let user = "postgres"
    private static let startSecondsMax = 30

    /// Makes a data folder beside the package's other run-time files and starts a server on it.
    public init(under path: String) throws {
        let root = URL(filePath: path)
        let template = root.appending(path: "template")
        try Self.prepare(root, template)
        self.folder = root.appending(path: "\(getpid())-\(UInt32.random(in: .min ... .max))")
        self.port = try Self.freePort()
        try Self.run(["cp", "-a", template.path, self.folder.path])
        try self.start()
    }

    /// A superuser's URL of one database.
    public func url(database: String, user: String? = nil) -> String {
        "postgresql://\(user ?? Self.user)@127.0.0.1:\(self.port)/\(database)"
    }

    /// Ends the server at once, as a crash does, and returns when it is gone.
    public func stop() {
        let pid = self.process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let pid else { return }
        kill(pid, SIGQUIT)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    /// Starts a stopped server on the second timeline, as if a standby of it had been promoted.
    public func startPromoted() throws {
        let segment = "0000000200000000000000A0"
        let reset = ["\(Self.binaries)/pg_resetwal", "-f", "-l", segment, "-D", self.folder.path]
        try Self.run(Self.unprivileged([]) + reset)
        try self.start()
    }

    /// Stops the server and removes its data.
    public func remove() {
        self.stop()
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// Starts the server on its data and returns when it accepts connections.
    public func start() throws {
        let log = self.folder.appending(path: "server.log").path
        let settings = [
            "port=\(self.port)", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off",
            "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB",
            "autovacuum=off", "max_wal_senders=0", "wal_level=minimal", "timezone=UTC",
        ]
        let server = ["\(Self.binaries)/postgres", "-D", self.folder.path] + settings.flatMap { ["-c", $0] }
        // The server is told to end when the thread that started it does, so that none outlives a crashed test run.
        let command = Self.unprivileged(["--pdeathsig", "QUIT"]) + server
        let started = DispatchSemaphore(value: 0)
        let pid = Mutex<pid_t>(-1)
        let thread = Thread {
            pid.withLock { $0 = Self.spawn(command, output: log) }
            started.signal()
            while true { sleep(.max) }
        }
        thread.name = "test-postgres"
        thread.start()
        started.wait()
        let child = pid.withLock { $0 }
        guard child > 0 else { throw Failure(description: "cannot start \(command[0])") }
        self.process.withLock { $0 = child }
        try self.waitUntilReady(log)
    }

    private func waitUntilReady(_ log: String) throws {
        let until = Date(timeIntervalSinceNow: Double(Self.startSecondsMax))
        while Date() < until {
            let arguments = ["-q", "-h", "127.0.0.1", "-p", "\(self.port)", "-d", "postgres", "-U", Self.user]
            if (try? Self.run(["\(Self.binaries)/pg_isready"] + arguments)) != nil { return }
            usleep(20_000)
        }
        let output = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw Failure(description: "the test server did not start: \(output.suffix(2_000))")
    }

    // MARK: Preparation

    /// Makes the folder that every run's data is copied from, and removes what dead runs have left.
    private static func prepare(_ root: URL, _ template: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: root, withIntermediateDirectories: true)
        let lock = open(root.appending(path: "lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw Failure(description: "cannot lock \(root.path)") }
        defer { close(lock) }
        for name in try files.contentsOfDirectory(atPath: root.path) {
            guard let pid = name.split(separator: "-").first.flatMap({ pid_t($0) }), kill(pid, 0) != 0 else { continue }
            try? files.removeItem(at: root.appending(path: name))
        }
        guard !files.fileExists(atPath: template.appending(path: "PG_VERSION").path) else { return }
        try? files.removeItem(at: template)
        let draft = root.appending(path: "draft")
        try? files.removeItem(at: draft)
        try files.createDirectory(at: draft, withIntermediateDirectories: false)
        if getuid() == 0 { try Self.run(["chown", "\(Self.user):", draft.path]) }
        let options = ["-U", Self.user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        try Self.run(Self.unprivileged([]) + ["\(Self.binaries)/initdb", "-D", draft.path] + options)
        try files.moveItem(at: draft, to: template)
    }

    private static func unprivileged(_ options: [String]) -> [String] {
        let identity = getuid() == 0 ? ["--reuid", Self.user, "--regid", Self.user, "--clear-groups"] : []
        guard !(identity + options).isEmpty else { return [] }
        return ["setpriv"] + identity + options
    }

    /// Below the ports that the system gives to outgoing connections: a client that tries to reach a stopped server could
    /// otherwise be given the server's own port, and connect to itself.
    private static let ports = 12_000..<28_000

    private static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: Self.ports)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let outcome = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(listener, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if outcome == 0 { return port }
        }
        throw Failure(description: "no free port in \(Self.ports)")
    }

    // MARK: Processes

    /// Runs a command to its end. What it prints is part of the failure.
    private static func run(_ command: [String]) throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "throughline-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: log) }
        let pid = Self.spawn(command, output: log)
        guard pid > 0 else { throw Failure(description: "cannot run \(command[0])") }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let output = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw Failure(description: "\(command.joined(separator: " ")) failed: \(output)")
        }
    }

    /// `posix_spawn` and not Foundation's `Process`: the child's parent must be the calling thread.
    private static func spawn(_ command: [String], output: String) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o666)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var pid: pid_t = -1
        return posix_spawnp(&pid, command[0], &actions, nil, arguments, environ) == 0 ? pid : -1
    }
}
