internal import Glibc

/// A bar that is redrawn in place on a terminal; elsewhere, one line at the end.
struct ProgressBar {
    static let width = 30

    let title: String
    let total: Int
    private(set) var done = 0

    init(_ title: String, total: Int) {
        self.title = title
        self.total = total
    }

    mutating func advance(by count: Int) {
        self.done += count
        if Terminal.isInteractive(STDOUT_FILENO) {
            Terminal.write("\r" + self.text + (self.done >= self.total ? "\n" : ""))
        } else if self.done >= self.total {
            Terminal.line(self.text)
        }
    }

    private var text: String {
        let filled = self.total == 0 ? ProgressBar.width : ProgressBar.width * min(self.done, self.total) / self.total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: ProgressBar.width - filled)
        let name = self.title + String(repeating: " ", count: max(0, 18 - self.title.count))
        return "\(name) \(bar) \(Terminal.grouped(Int64(self.done))) of \(Terminal.grouped(Int64(self.total)))"
    }
}
