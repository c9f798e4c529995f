public import Vocabulary

/// Cursors of lists that are not a resource's.
extension CursorSigner {
    /// A cursor that says `position`, with the last row's id, for the list that `query` identifies.
    public func seal(position: String, id: Identifier, for query: String) -> String {
        self.seal(Cursor(value: position, id: id), for: [query])
    }

    /// The position in a cursor; `nil` for one that is not ours or belongs to another list.
    public func position(in text: String, for query: String) -> String? {
        self.open(text, for: [query])?.value
    }
}
