internal import Glibc

/// What the kernel says about this process, read from `/proc/self` when scraped.
public enum ProcessMetrics {
    /// Declares `process_*` and `throughline_build_info`.
    public static func register(in registry: MetricsRegistry, service: String, version: String) {
        registry.observed("process_cpu_seconds_total", help: "User and system time spent.", kind: .counter) {
            self.statistics.map { [Sample($0.cpuSeconds)] } ?? []
        }
        registry.observed("process_resident_memory_bytes", help: "Memory in RAM.", kind: .gauge) {
            self.statistics.map { [Sample($0.residentBytes)] } ?? []
        }
        registry.observed("process_virtual_memory_bytes", help: "Size of the address space.", kind: .gauge) {
            self.statistics.map { [Sample($0.virtualBytes)] } ?? []
        }
        registry.observed("process_threads", help: "Threads of the operating system.", kind: .gauge) {
            self.statistics.map { [Sample($0.threads)] } ?? []
        }
        registry.observed("process_start_time_seconds", help: "When the process started, since 1970.", kind: .gauge) {
            self.startTime.map { [Sample($0)] } ?? []
        }
        registry.observed("process_open_fds", help: "Open file descriptors.", kind: .gauge) {
            self.openDescriptors.map { [Sample(Double($0))] } ?? []
        }
        registry.observed("process_max_fds", help: "Limit of open file descriptors.", kind: .gauge) {
            [Sample(self.descriptorsMax)]
        }
        registry.observed(
            "throughline_build_info",
            help: "Always 1; the labels say what runs.",
            kind: .gauge,
            labels: ["service", "version"]
        ) { [Sample(1, labels: [service, version])] }
    }

    struct Statistics {
        let cpuSeconds: Double
        let threads: Double
        let startTicks: Double
        let virtualBytes: Double
        let residentBytes: Double
    }

    /// `/proc/self/stat`: the fields follow the command's name, which may itself hold spaces and parentheses.
    static var statistics: Statistics? {
        guard let text = self.file("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        func field(_ number: Int) -> Double? {
            // proc(5) counts from 1 and the first field after the name is number 3.
            fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil
        }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let pages = field(24)
        else { return nil }
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        return Statistics(
            cpuSeconds: (user + system) / ticksPerSecond,
            threads: threads,
            startTicks: start / ticksPerSecond,
            virtualBytes: virtual,
            residentBytes: pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        )
    }

    /// The kernel gives the start since boot; `btime` is the boot since 1970.
    static var startTime: Double? {
        guard let statistics = self.statistics, let text = self.file("/proc/stat") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("btime ") {
            return Double(line.dropFirst("btime ".count)).map { $0 + statistics.startTicks }
        }
        return nil
    }

    /// How many file descriptors are open, without the one that counts them.
    public static var openDescriptors: Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return max(0, count - 3)  // ".", ".." and the directory itself
    }

    private static var descriptorsMax: Double {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return Double(limit.rlim_cur)
    }

    /// Memory in RAM now, in bytes.
    public static var residentBytes: Int? { self.statistics.map { Int($0.residentBytes) } }

    private static func file(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
