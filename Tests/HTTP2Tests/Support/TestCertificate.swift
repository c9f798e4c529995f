internal import Foundation
internal import HTTP2

/// A self-signed certificate for `localhost` and `127.0.0.1`, made for these tests and used nowhere else.
struct TestCertificate {
    let tls: HTTPServerTLS

    /// Writes the files into a folder of their own.
    init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("http2-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = folder.appendingPathComponent("certificate.pem")
        let key = folder.appendingPathComponent("key.pem")
        try Self.certificate.write(to: certificate, atomically: true, encoding: .utf8)
        try Self.key.write(to: key, atomically: true, encoding: .utf8)
        self.tls = HTTPServerTLS(certificateChainFile: certificate.path, privateKeyFile: key.path)
    }

    func remove() {
        let folder = URL(fileURLWithPath: self.tls.certificateChainFile).deletingLastPathComponent()
        try? FileManager.default.removeItem(at: folder)
    }

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBnDCCAUGgAwIBAgIUOAMfOC31aux+xGbb1umn3wwy1lgwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAwMzMxM1oYDzIxMjYxMDMw
        MDAzMzEzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAT/7tIwo+cdSpELCp+H3evlpvypUDXcb73GfBJug59EuaHFjIilEiyp
        dEVv5fQEZ1QdGFHp97evsvX5hG5T//aio28wbTAdBgNVHQ4EFgQUh+LL6PHKhcsn
        TLfBWB949BMRM+0wHwYDVR0jBBgwFoAUh+LL6PHKhcsnTLfBWB949BMRM+0wDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSQAwRgIhAI3KGHoSVpPt5IhnKOhdUryiQc5GTLAPSxKHQ6J/GZC1AiEA
        vT9xz7lIPjGlmNY/KIpV+2L4FEHcZ31Xwoh43vZBgzA=
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLBiPdyhbV25xfESg
        1RVV/S2W9vmz74d0YiL0QBHxIRChRANCAAT/7tIwo+cdSpELCp+H3evlpvypUDXc
        b73GfBJug59EuaHFjIilEiypdEVv5fQEZ1QdGFHp97evsvX5hG5T//ai
        -----END PRIVATE KEY-----
        """
}
