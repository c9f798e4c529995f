/// What `--help` and `--print-config` print.
enum ConfigurationText {
    static let maskedSecret = "********"

    static func help(service: String, settings: [Setting]) -> String {
        var text = """
            usage: \(service) [--config FILE] [options]

            Settings are taken from options, then from the environment, then from the JSON file. `pool.read-connections` is
            --pool-read-connections, POOL_READ_CONNECTIONS and {"pool": {"read-connections": …}}. A secret may also be given
            as the path of a file that holds it, with -file (or _FILE) after its name.

              --config FILE          JSON file with settings (CONFIG)
              --print-config         print every setting and where it comes from, secrets masked
              --migrate              bring the database up to date and end
              --version              print the version and end
              --help                 print this and end

            """
        for setting in settings {
            text += "\n  \(setting.flag) \(self.placeholder(setting))\n      \(setting.help)"
            text += " (\(setting.variable)\(self.defaultNote(setting)))"
        }
        text += """


            exit codes: 0 ended as asked; 1 failed, or ended at once by a second signal; 78 the configuration is wrong.

            """
        return text
    }

    /// Every setting, its value and its source, in columns.
    static func printed(_ values: SettingValues) -> String {
        let keyWidth = values.values.map(\.setting.key.count).max() ?? 0
        let shown = values.values.map { self.shown($0) }
        let valueWidth = min(shown.map(\.count).max() ?? 0, 48)
        return zip(values.values, shown).map { value, text in
            "\(self.padded(value.setting.key, keyWidth)) = \(self.padded(text, valueWidth))  # \(value.source)\n"
        }.joined()
    }

    private static func shown(_ value: SettingValues.Value) -> String {
        guard let text = value.text else { return "(not set)" }
        return value.setting.isSecret ? self.masked(text) : text
    }

    /// A URL shows everything but its password, since what one needs to see is where it points.
    static func masked(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return self.maskedSecret }
        let rest = text[scheme.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var visible = rest[..<authorityEnd]
        // A password may hold an unescaped "@" or "/": what stands before the very last "@" is never shown.
        if let at = rest.lastIndex(of: "@") {
            guard at < authorityEnd else { return self.maskedSecret }
            let user = visible[..<at].prefix { $0 != ":" }
            visible = visible[visible.index(after: at)...]
            return text[..<scheme.upperBound] + "\(user):\(self.maskedSecret)@\(visible)"
                + self.path(rest[authorityEnd...])
        }
        return text[..<scheme.upperBound] + visible + self.path(rest[authorityEnd...])
    }

    /// The query may hold a password too.
    private static func path(_ text: Substring) -> String {
        let path = text.prefix { $0 != "?" && $0 != "#" }
        return path.count == text.count ? String(path) : "\(path)?\(self.maskedSecret)"
    }

    private static func placeholder(_ setting: Setting) -> String {
        switch setting.kind {
        case .text: "TEXT"
        case .number(let range): "\(range.lowerBound)…\(range.upperBound)"
        case .flag: "[true|false]"
        case .choice(let choices): choices.joined(separator: "|")
        case .addresses: "HOST:PORT,…"
        case .paths: "PATH,…"
        }
    }

    private static func defaultNote(_ setting: Setting) -> String {
        if let text = setting.defaultText { return "; default \(text)" }
        return setting.isRequired ? "; required" : ""
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
