public import Contracts

extension JSONWriter {
    /// Begins a page of a list; its objects follow.
    public mutating func beginPage() {
        self.beginObject()
        self.key("data")
        self.beginArray()
    }

    /// - Parameter next: the cursor of the page after this one, where there is one.
    public mutating func endPage(next: String?, total: Int64? = nil) {
        self.endArray()
        self.key("next_cursor")
        if let next { self.string(next) } else { self.null() }
        self.key("has_more")
        self.bool(next != nil)
        if let total {
            self.key("total")
            self.int(total)
        }
        self.endObject()
    }
}
