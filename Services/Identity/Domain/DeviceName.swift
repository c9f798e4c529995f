/// What a program says of itself, in words by which its owner knows it again: `Firefox on Windows`. Anybody may say anything there, so
/// nothing is decided by it.
public enum DeviceName {
    public static let lengthMax = 60
    public static let unknown = "Unknown program"

    /// By what tells them, the more particular first: every browser says that it is also those before it.
    private static let browsers = [
        ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"), ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ]

    private static let systems = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
        ("Macintosh", "Mac"), ("Linux", "Linux"),
    ]

    public static func words(_ userAgent: String?) -> String {
        guard let userAgent, let product = userAgent.split(whereSeparator: { $0 == "/" || $0 == " " }).first else {
            return self.unknown
        }
        func first(_ table: [(mark: String, name: String)]) -> String? {
            table.first { userAgent.contains($0.mark) }?.name
        }
        let isBrowser = product == "Mozilla"
        let program = isBrowser ? first(self.browsers) ?? "Browser" : String(product)
        return String((first(self.systems).map { "\(program) on \($0)" } ?? program).prefix(self.lengthMax))
    }
}
