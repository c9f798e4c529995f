/// The processes of an installation and the ports they use unless told otherwise.
public enum ServiceDirectory {
    /// The services that answer over Wire, in the order of their ports.
    public static let services = ["identity", "crm", "delivery", "revenue", "timeline"]
    static let wirePortFirst = 7101
    static let gatewayAdminPort = 7200
    static let adminPortFirst = 7201
    static let loopback = "127.0.0.1"

    /// Where a service listens for Wire.
    public static func wirePort(of service: String) -> Int? {
        self.services.firstIndex(of: service).map { self.wirePortFirst + $0 }
    }

    /// Where a process answers probes.
    public static func adminPort(of process: String) -> Int? {
        if process == "gateway" { return self.gatewayAdminPort }
        return self.services.firstIndex(of: process).map { self.adminPortFirst + $0 }
    }
}
