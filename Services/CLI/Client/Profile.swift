internal import Contracts
internal import Glibc

/// Who the user of this machine is signed in as, and where: one entry of the credentials file.
struct Profile: Hashable, Sendable {
    var url: String
    var accessToken: String
    var refreshToken: String?

    init(url: String, accessToken: String, refreshToken: String?) {
        self.url = url
        self.accessToken = accessToken
        self.refreshToken = refreshToken
    }

    /// From the answer of a sign-up, a sign-in or a refresh: the session itself, or an object that holds it.
    init?(url: String, answer: JSON) {
        let session = answer["session"] ?? answer
        guard let token = session["access_token"]?.string else {
            return nil
        }
        self.init(url: url, accessToken: token, refreshToken: session["refresh_token"]?.string)
    }
}

/// `~/.config/throughline/credentials.json`, readable by its owner only.
struct ProfileStore: Sendable {
    static let defaultName = "default"

    let folder: String

    init(folder: String) {
        self.folder = folder
    }

    /// Where XDG says, below the home folder.
    static var standard: ProfileStore {
        let base = Environment["XDG_CONFIG_HOME"] ?? "\(Environment["HOME"] ?? "/root")/.config"
        return ProfileStore(folder: "\(base)/throughline")
    }

    private var path: String { "\(self.folder)/credentials.json" }

    func load(_ name: String) throws(CLIFailure) -> Profile? {
        let entry = try self.all()[name]
        guard let entry, let url = entry["url"]?.string, let token = entry["access_token"]?.string else {
            return nil
        }
        return Profile(url: url, accessToken: token, refreshToken: entry["refresh_token"]?.string)
    }

    /// Keeps the profile under the name; nil forgets it.
    func save(_ profile: Profile?, as name: String) throws(CLIFailure) {
        var profiles = try self.all()
        if let profile {
            var entry: JSONObject = ["url": .string(profile.url), "access_token": .string(profile.accessToken)]
            entry["refresh_token"] = profile.refreshToken.map { .string($0) }
            profiles[name] = .object(entry)
        } else {
            profiles[name] = nil
        }
        Files.makeFolder(self.folder)
        try Files.writePrivately(JSON.object(["profiles": .object(profiles)]).bytes, to: self.path)
    }

    private func all() throws(CLIFailure) -> JSONObject {
        guard Files.exists(self.path) else {
            return [:]
        }
        let content = try Files.read(self.path)
        guard let profiles = (try? JSON(parsing: content))?["profiles"]?.object else {
            throw CLIFailure(.failure, "\(self.path) is damaged: delete it and sign in again")
        }
        return profiles
    }
}

/// Environment variables; an empty one counts as absent.
enum Environment {
    static subscript(name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else {
            return nil
        }
        return String(cString: value)
    }
}
