internal import Glibc

/// The user's terminal: colours only where one is (and NO_COLOR is not set), passwords without echo.
enum Terminal {
    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
    }

    static func isInteractive(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1
    }

    static func styled(_ text: String, _ style: Style, on descriptor: Int32 = STDOUT_FILENO) -> String {
        guard Terminal.isInteractive(descriptor), Environment["NO_COLOR"] == nil else {
            return text
        }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    /// Writes now: a line that waits in a buffer is no sign of progress.
    static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    static func line(_ text: String = "") {
        Terminal.write(text + "\n")
    }

    static func complain(_ text: String) {
        Terminal.write(Terminal.styled("error: ", .red, on: STDERR_FILENO) + text + "\n", to: STDERR_FILENO)
    }

    /// Asks on the terminal without showing what is typed; from a pipe it reads one line.
    static func password(_ prompt: String) throws(CLIFailure) -> String {
        guard Terminal.isInteractive(STDIN_FILENO) else {
            guard let line = readLine() else {
                throw CLIFailure(.usage, "no password on standard input")
            }
            return line
        }
        var settings = termios()
        tcgetattr(STDIN_FILENO, &settings)
        let before = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        defer {
            var restored = before
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &restored)
            Terminal.write("\n", to: STDERR_FILENO)
        }
        Terminal.write(prompt, to: STDERR_FILENO)
        guard let line = readLine() else {
            throw CLIFailure(.usage, "no password was given")
        }
        return line
    }

    /// Whole numbers with a comma at each thousand.
    static func grouped(_ number: Int64) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}
