public import Vocabulary

/// Puts events behind their causes.
///
/// Services are read side by side, so that an effect may enter the timeline before what caused it, and before what its cause's service
/// did earlier.
public enum CausalOrder {
    /// An event's id, what caused it, and when it happened by its service's clock.
    public typealias Event = (id: Identifier, cause: Identifier?, at: Instant)

    /// The places of the events such that each cause comes before its effects; otherwise they are in the order in which they happened,
    /// and those of the same moment in the order in which they came.
    ///
    /// A cause that is not among the events, such as a request, holds nothing back. Events that cause each other in a
    /// circle, which no honest service writes, are all there still.
    public static func order(_ events: [Event]) -> [Int] {
        let places = Dictionary(events.enumerated().map { ($1.id, $0) }) { first, _ in first }
        var isPlaced = [Bool](repeating: false, count: events.count)
        var order: [Int] = []
        order.reserveCapacity(events.count)
        let happened = events.indices.sorted { (events[$0].at, $0) < (events[$1].at, $1) }
        for place in happened where !isPlaced[place] {
            // From the event back to the first cause that has no place yet, then forward again.
            var path: [Int] = []
            var next: Int? = place
            while let current = next, !isPlaced[current] {
                isPlaced[current] = true
                path.append(current)
                next = events[current].cause.flatMap { places[$0] }
            }
            order.append(contentsOf: path.reversed())
        }
        return order
    }
}
