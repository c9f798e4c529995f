internal import Contracts

/// A plan as `EXPLAIN (FORMAT JSON)` tells it, and what is wrong with it where much is stored.
struct QueryPlan {
    /// What a statement may take, in the planner's units: about five hundred rows, each on a page of its own. A page of fifty takes a
    /// tenth of that, or half where a filter leaves out most of what its index has; all thousand rows of an ordinary organization
    /// take more.
    static let costMax = 2_000.0
    /// Up to this, a table is read whole because it has a few pages: next month's, in which nothing is yet.
    static let wholeCostMax = 100.0
    /// Rows that may be put in order: no more than may be read.
    static let sortedRowsMax: Int64 = 500
    /// Months that a page of the last 62 days looks into, with the two that are made ahead.
    static let monthsMax = 6
    /// What the server adds to a plan for the values at hand, for the work of planning it (PostgreSQL's plancache.c).
    static let planningCost = 10.0

    private let nodes: [JSON]

    init(_ text: String) throws {
        self.nodes = Self.nodes(under: try JSON(parsing: Array(text.utf8)).array?.first?["Plan"] ?? .null)
    }

    private static func nodes(under node: JSON) -> [JSON] {
        [node] + (node["Plans"]?.array ?? []).flatMap { Self.nodes(under: $0) }
    }

    /// Why the plan does not hold for ever. A count may take as long as there are rows.
    func faults(isCounting: Bool) -> [String] {
        self.nodes.compactMap(Self.fault(of:))
            + (isCounting || self.cost <= Self.costMax ? [] : ["costs \(Int(self.cost))"])
    }

    /// Whether the server would keep this plan for any values rather than plan anew each time, as it did in `custom`.
    func isPreferred(to custom: QueryPlan) -> Bool { self.cost < custom.cost + Self.planningCost }

    private var cost: Double { self.nodes.first.map(Self.cost(of:)) ?? .infinity }

    /// How many partitions it looks into, where the table has one for each month.
    var months: Int {
        Set(self.nodes.compactMap { $0["Relation Name"]?.string }.filter { $0.contains(/_\d{4}_\d{2}$/) }).count
    }

    private static func fault(of node: JSON) -> String? {
        switch node["Node Type"]?.string {
        case "Seq Scan" where Self.cost(of: node) > Self.wholeCostMax:
            "reads all of \(node["Relation Name"]?.string ?? "")"
        case "Index Scan", "Index Only Scan", "Bitmap Index Scan":
            // Without an equality it goes from one end of the index to the other, through all organizations.
            node["Index Cond"]?.string?.contains(" = ") == true
                ? nil : "goes through all of \(node["Index Name"]?.string ?? "")"
        case "Sort", "Incremental Sort":
            Self.rows(of: node["Plans"]?.array?.first) <= Self.sortedRowsMax
                ? nil : "sorts \(Self.rows(of: node["Plans"]?.array?.first)) rows"
        default: nil
        }
    }

    private static func cost(of node: JSON) -> Double { Double(node["Total Cost"]?.number?.text ?? "") ?? .infinity }
    private static func rows(of node: JSON?) -> Int64 { node?["Plan Rows"]?.int64 ?? .max }
}
