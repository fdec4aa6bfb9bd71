/// All that a run has measured.
struct Results {
    /// One load.
    struct LoadRow {
        var subject: Subject
        /// How the relay had the cores, where that is what is compared.
        var layout: Layout?
        var pace: Load.Pace
        var result: LoadResult

        var name: String {
            let half = if case .perSecond = pace { ", half load" } else { "" }
            return subject.title + (layout.map { ", \($0.title)" } ?? "") + half
        }

        /// Nil at half load.
        var inFlight: Int? {
            if case .inFlight(let count) = pace { count } else { nil }
        }

        fileprivate func isSame(as other: LoadRow) -> Bool {
            subject == other.subject && layout == other.layout && inFlight == other.inFlight
        }

        /// Of its pairings, for an order: the most where there were none.
        fileprivate var cost: Double { result.pairings > 0 ? result.serverCost : .infinity }
    }

    /// How relays have the machine's cores.
    enum Layout: String, CaseIterable {
        /// One relay, one core.
        case single
        /// One relay with two cores.
        case shared
        /// Two relays that know nothing of each other, one core each, with half of the pairings each: what two cores do on this machine
        /// when nothing is shared.
        case apart

        var title: String {
            switch self {
            case .single: "1 core"
            case .shared: "2 cores"
            case .apart: "2 relays"
            }
        }

        var relays: Int { self == .apart ? 2 : 1 }
        /// Of each.
        var cores: Int { self == .shared ? 2 : 1 }
    }

    /// One crowd.
    struct CrowdRow {
        var subject: Subject
        var count: Int
        /// For all of them to come.
        var seconds: Double
        var before: ProcessFigures
        var full: ProcessFigures
        var after: ProcessFigures
        /// Pairings before they came, and while they waited.
        var empty: LoadResult
        var load: LoadResult

        /// Bytes each.
        var resident: Double { Double(full.resident - before.resident) / Double(count) }
        var proportional: Double? {
            guard let full = full.proportional, let before = before.proportional else { return nil }
            return Double(full - before) / Double(count)
        }
        /// By what share of what was before there is more when they have gone.
        var left: Double { Double(after.resident) / Double(before.resident) - 1 }
        /// What is left when they have gone, as a share of what they took.
        var kept: Double { Double(after.resident - before.resident) / Double(max(1, full.resident - before.resident)) }
        /// By what share a pairing costs more while they wait.
        var growth: Double { load.serverCost / max(empty.serverCost, 0.001) - 1 }
    }

    /// What was not measured, and why.
    struct LeftOut {
        var subject: Subject
        var why: String
        /// Whether it was tried and went wrong.
        var isFailure: Bool
    }

    var loads: [LoadRow] = []
    /// Where a load was measured several times, only the one in the middle by what a pairing cost: a shared machine has slow minutes.
    var middleLoads: [LoadRow] {
        var kinds: [[LoadRow]] = []
        for row in loads {
            if let kind = kinds.firstIndex(where: { $0[0].isSame(as: row) }) {
                kinds[kind].append(row)
            } else {
                kinds.append([row])
            }
        }
        return kinds.map { rows in rows.sorted { $0.cost < $1.cost }[rows.count / 2] }
    }
    var crowds: [CrowdRow] = []
    var devices: Devices?
    var leftOut: [LeftOut] = []
}
