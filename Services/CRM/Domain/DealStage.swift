public import Vocabulary

extension Deal {
    /// Where a sale stands.
    public enum Stage: String, Lifecycle {
        case lead, qualified, proposal, negotiation, won, lost

        public static let subject = "The deal"

        /// One step forward, any step back among the open stages, and lost from each of them.
        public var successors: [Stage] {
            switch self {
            case .lead: [.qualified, .lost]
            case .qualified: [.proposal, .lead, .lost]
            case .proposal: [.negotiation, .qualified, .lead, .lost]
            case .negotiation: [.won, .proposal, .qualified, .lead, .lost]
            case .won: [.negotiation]
            case .lost: [.lead, .qualified, .proposal, .negotiation]
            }
        }

        public var isOpen: Bool {
            switch self {
            case .lead, .qualified, .proposal, .negotiation: true
            case .won, .lost: false
            }
        }

        /// What ``Deal/advance(to:probability:at:)`` may reach; losing and reopening are verbs of their own.
        public var advances: [Stage] {
            self.isOpen ? self.successors.filter { $0 != .lost } : []
        }

        /// The chance of winning, in percent, unless somebody knows better.
        public var probabilityPercent: Int {
            switch self {
            case .lead: 10
            case .qualified: 20
            case .proposal: 50
            case .negotiation: 80
            case .won: 100
            case .lost: 0
            }
        }
    }

    /// Why a sale was lost.
    public enum LostReason: String, CaseIterable, Sendable {
        case price, timing, competitor
        case noBudget = "no_budget"
        case noDecision = "no_decision"
        case other
    }
}
