internal import CArgon2

/// Argon2id as libargon2 computes it, in the PHC string form.
struct Argon2: Hashable, Sendable {
    /// What a hash costs. `memoryKiB` and `iterations` are OWASP's floor unless configured higher.
    struct Cost: Hashable, Sendable {
        var memoryKiB: UInt32
        var iterations: UInt32

        static let standard = Cost(memoryKiB: 19_456, iterations: 2)
    }

    static let saltBytes = 16
    static let tagBytes = 32
    private static let lanes: UInt32 = 1

    /// libargon2's reason for refusing, for the log.
    struct Failure: Error, Hashable {
        let code: Int32
    }

    static func hash(_ secret: [UInt8], salt: [UInt8], _ cost: Cost) throws(Failure) -> String {
        let length = argon2_encodedlen(
            cost.iterations,
            cost.memoryKiB,
            Self.lanes,
            UInt32(salt.count),
            UInt32(Self.tagBytes),
            Argon2_id
        )
        var encoded = [CChar](repeating: 0, count: Int(length))
        let code = argon2id_hash_encoded(
            cost.iterations,
            cost.memoryKiB,
            Self.lanes,
            secret,
            secret.count,
            salt,
            salt.count,
            Self.tagBytes,
            &encoded,
            encoded.count
        )
        guard code == ARGON2_OK.rawValue else { throw Failure(code: code) }
        return String(decoding: encoded.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Compares in constant time.
    static func verify(_ encoded: String, _ secret: [UInt8]) -> Bool {
        argon2id_verify(encoded, secret, secret.count) == ARGON2_OK.rawValue
    }

    /// What a stored hash has cost: `$argon2id$v=19$m=19456,t=2,p=1$…`.
    static func cost(of encoded: String) -> Cost? {
        let parts = encoded.split(separator: "$")
        guard parts.count == 5, parts[0] == "argon2id" else { return nil }
        var numbers: [Substring: UInt32] = [:]
        for pair in parts[2].split(separator: ",") {
            let halves = pair.split(separator: "=")
            guard halves.count == 2, let number = UInt32(halves[1]) else { return nil }
            numbers[halves[0]] = number
        }
        guard let memory = numbers["m"], let iterations = numbers["t"] else { return nil }
        return Cost(memoryKiB: memory, iterations: iterations)
    }
}
