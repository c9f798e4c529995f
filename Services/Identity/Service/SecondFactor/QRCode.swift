internal import CQrencode

/// A text as a square of dark and light modules that a camera reads.
struct QRCode: Hashable, Sendable {
    /// Light modules around it, by which a camera finds its edges.
    static let marginModules = 4

    /// Modules in a row, and in a column.
    let width: Int
    /// Row by row, whether a module is dark.
    let isDark: [Bool]

    /// `nil` for a text that fits into none; damage to about a seventh of it may be made good.
    init?(_ text: String) {
        guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        self.width = width
        // The lowest bit of each module's byte is its colour; the others say what it is there for.
        self.isDark = UnsafeBufferPointer(start: code.pointee.data, count: width * width).map { $0 & 1 == 1 }
    }

    /// As an image: dark on light whatever is behind it, one line of the path for each run of dark modules.
    var svg: String {
        let side = self.width + 2 * Self.marginModules
        var path = ""
        for row in 0..<self.width {
            var column = 0
            while column < self.width {
                let run = self.isDark[(row * self.width + column)..<((row + 1) * self.width)].prefix { $0 }.count
                if run > 0 { path += "M\(column + Self.marginModules) \(row + Self.marginModules)h\(run)v1h-\(run)z" }
                column += run + 1
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" shape-rendering="crispEdges">\
            <path fill="#fff" d="M0 0h\(side)v\(side)H0z"/><path d="\(path)"/></svg>
            """
    }
}
