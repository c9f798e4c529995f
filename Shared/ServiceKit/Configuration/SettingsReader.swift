internal import Configuration
internal import Contracts

/// Everything that is wrong with a configuration, at once.
public struct ConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    public let problems: [String]

    public init(_ problems: [String]) { self.problems = problems }

    public var description: String { self.problems.joined(separator: "\n") }

    /// What is wrong with one thing, so that the next can be looked at as well.
    public static func problems(_ check: () throws(ConfigurationErrors) -> Void) -> [String] {
        do {
            try check()
            return []
        } catch {
            return error.problems
        }
    }
}

/// The values of all settings and where each comes from.
public struct SettingValues: Sendable {
    struct Value: Sendable {
        let setting: Setting
        let text: String?
        let source: String
    }

    let values: [Value]

    private func text(_ key: String) -> String? {
        guard let value = self.values.first(where: { $0.setting.key == key }) else {
            preconditionFailure("\(key) is not a declared setting")
        }
        return value.text
    }

    /// The values are checked before this exists, so reading one cannot fail.
    public func string(_ key: String) -> String? { self.text(key) }
    public func int(_ key: String) -> Int? { self.text(key).flatMap { Int($0) } }
    public func bool(_ key: String) -> Bool { self.text(key) == "true" }
    public func addresses(_ key: String) -> [Address] { self.list(key).compactMap { Address($0) } }
    public func list(_ key: String) -> [String] { self.text(key)?.split(separator: ",").map(String.init) ?? [] }
}

/// Reads settings from flags, the environment and a JSON file, in this order of precedence, and finds every problem
/// before it reports any.
struct SettingsReader {
    /// A secret's file is a line, not a document.
    static let secretFileBytesMax = 64 * 1024
    static let fileBytesMax = 1_024 * 1_024
    /// The options that are no settings.
    static let commands = ["--help", "--print-config", "--migrate", "--version"]
    static let fileFlag = "--config"

    private struct Source {
        let name: String
        let provider: any ConfigProvider
    }

    private let known: [Setting]
    private var sources: [Source] = []
    private var problems: [String] = []

    /// - Parameter arguments: as `CommandLine.arguments`, the program's name first.
    static func read(
        _ settings: [Setting],
        arguments: [String],
        environment: [String: String]
    ) async throws(ConfigurationErrors) -> SettingValues {
        let (values, problems) = await self.collect(settings, arguments: arguments, environment: environment)
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        return values
    }

    /// The values as far as they could be read, and what is wrong, so that a caller can look for more. What is `known` besides may
    /// be given and is passed over.
    static func collect(
        _ settings: [Setting],
        knowing known: [Setting] = [],
        arguments: [String],
        environment: [String: String]
    ) async -> (values: SettingValues, problems: [String]) {
        var reader = SettingsReader(known: settings + known)
        reader.checkArguments(arguments)
        await reader.open(arguments: arguments, environment: environment)
        var values: [SettingValues.Value] = []
        for setting in settings { values.append(reader.value(of: setting)) }
        return (SettingValues(values: values), reader.problems)
    }

    private init(known: [Setting]) { self.known = known }

    // MARK: Sources

    /// An option that nobody knows is most likely a misspelt one, and must not be passed over.
    private mutating func checkArguments(_ arguments: [String]) {
        var known = Set(Self.commands + [Self.fileFlag])
        for setting in self.known {
            known.insert(setting.flag)
            if setting.isSecret { known.insert(setting.fileSetting.flag) }
        }
        var mayTakeValue = false
        for argument in arguments.dropFirst() {
            guard argument.hasPrefix("-") else {
                if !mayTakeValue { self.problems.append("\(argument): unexpected argument") }
                mayTakeValue = false
                continue
            }
            let name = argument.prefix { $0 != "=" }
            if !known.contains(String(name)) { self.problems.append("\(name): unknown option; --help lists them") }
            mayTakeValue = !argument.contains("=") && !Self.commands.contains(argument)
        }
    }

    private mutating func open(arguments: [String], environment: [String: String]) async {
        let flags = CommandLineArgumentsProvider(arguments: arguments)
        let variables = EnvironmentVariablesProvider(environmentVariables: environment)
        self.sources = [
            Source(name: "command line", provider: flags), Source(name: "environment", provider: variables),
        ]
        let path = Setting("config", .text, "")
        guard let file = self.firstText(of: path)?.text else { return }
        do {
            // The provider takes its path from a configuration, so nothing here needs a file path type.
            let path = InMemoryProvider(values: ["filePath": ConfigValue(.string(file), isSecret: false)])
            let provider = try await FileProvider<JSONSnapshot>(config: ConfigReader(provider: path))
            self.sources.append(Source(name: file, provider: provider))
            try self.checkKeys(of: file)
        } catch {
            self.problems.append("\(Self.fileFlag): cannot read \(file): \(error)")
        }
    }

    /// A key that nobody reads is most likely a misspelt one, as on the command line.
    private mutating func checkKeys(of file: String) throws {
        var known: Set<String> = []
        for setting in self.known {
            known.insert(setting.key)
            if setting.isSecret { known.insert(setting.fileSetting.key) }
        }
        let json = try JSON(parsing: try TextFile.bytes(file, bytesMax: Self.fileBytesMax))
        for key in Self.keys(of: json, below: "") where !known.contains(key) {
            self.problems.append("\(key): unknown key in \(file); --help lists the settings")
        }
    }

    private static func keys(of json: JSON, below path: String) -> [String] {
        guard let object = json.object else { return [path] }
        return object.members.flatMap { self.keys(of: $0.value, below: path.isEmpty ? $0.key : "\(path).\($0.key)") }
    }

    // MARK: Values

    private mutating func value(of setting: Setting) -> SettingValues.Value {
        var found = self.firstText(of: setting)
        if setting.isSecret, let path = self.firstText(of: setting.fileSetting) {
            if found != nil {
                self.problems.append("\(setting.flag): given both as a value and as a file")
            } else if let secret = self.secret(in: path.text, for: setting) {
                found = (secret, "file named by \(path.source)")
            }
        }
        guard let found else {
            if setting.isRequired, setting.defaultText == nil {
                let orFile = setting.isSecret ? " (or \(setting.fileSetting.variable))" : ""
                self.problems.append("\(setting.flag): is required; set it or \(setting.variable)\(orFile)")
            }
            return SettingValues.Value(setting: setting, text: setting.defaultText, source: "default")
        }
        if let complaint = setting.complaint(about: found.text) {
            // A secret's value is not repeated: this text goes to a terminal or a log.
            let shown = setting.isSecret ? "the value" : "\"\(found.text)\""
            self.problems.append("\(setting.flag): \(shown) from the \(found.source) \(complaint)")
        }
        return SettingValues.Value(setting: setting, text: found.text, source: found.source)
    }

    private func firstText(of setting: Setting) -> (text: String, source: String)? {
        for source in self.sources {
            if let text = Self.text(of: setting, in: source.provider) { return (text, source.name) }
        }
        return nil
    }

    /// Asks for every shape a source may have the value in: a file has numbers and lists, and the command line splits
    /// at commas, which belong to the value here (`host=a,b,c`).
    private static func text(of setting: Setting, in provider: any ConfigProvider) -> String? {
        let key = AbsoluteConfigKey(setting.components)
        if setting.kind == .flag, case .bool(let flag)? = try? provider.value(forKey: key, type: .bool).value?.content {
            return flag ? "true" : "false"
        }
        if case .string(let text)? = try? provider.value(forKey: key, type: .string).value?.content { return text }
        if case .int(let number)? = try? provider.value(forKey: key, type: .int).value?.content {
            return String(number)
        }
        if case .double(let number)? = try? provider.value(forKey: key, type: .double).value?.content {
            return number.description
        }
        if case .stringArray(let texts)? = try? provider.value(forKey: key, type: .stringArray).value?.content {
            return texts.joined(separator: ",")
        }
        return nil
    }

    private mutating func secret(in path: String, for setting: Setting) -> String? {
        do {
            let text = try TextFile.read(path, bytesMax: Self.secretFileBytesMax)
            return String(text.reversed().drop { $0.isWhitespace }.reversed())
        } catch {
            self.problems.append("\(setting.fileSetting.flag): cannot read \(path): \(error)")
            return nil
        }
    }
}
