/// All results of a run.
struct Results {
    /// The result of one load.
    struct LoadRow {
        var subject: Subject
        /// The relay's use of cores; nil where no layouts are compared.
        var layout: Layout?
        var pace: Load.Pace
        var result: LoadResult

        var name: String {
            let half = if case .perSecond = pace { ", half load" } else { "" }
            return subject.title + (layout.map { ", \($0.title)" } ?? "") + half
        }

        /// The number of pairings in flight; nil at half load.
        var inFlight: Int? {
            if case .inFlight(let count) = pace { count } else { nil }
        }

        fileprivate func isSame(as other: LoadRow) -> Bool {
            subject == other.subject && layout == other.layout && inFlight == other.inFlight
        }

        /// The server's cost of a pairing, by which loads are sorted; infinite when no pairing ended.
        fileprivate var cost: Double { result.pairings > 0 ? result.serverCost : .infinity }
    }

    /// The ways in which relays can use the machine's cores.
    enum Layout: String, CaseIterable {
        /// One relay with one core.
        case single
        /// One relay with two cores.
        case shared
        /// Two independent relays with one core and half of the pairings each: the throughput of two cores on this
        /// machine when nothing is shared.
        case apart

        var title: String {
            switch self {
            case .single: "1 core"
            case .shared: "2 cores"
            case .apart: "2 relays"
            }
        }

        var relays: Int { self == .apart ? 2 : 1 }
        /// The number of cores of each relay.
        var cores: Int { self == .shared ? 2 : 1 }
    }

    /// The result of one crowd.
    struct CrowdRow {
        var subject: Subject
        var count: Int
        /// The time that the crowd took to form, in seconds.
        var seconds: Double
        var before: ProcessFigures
        var full: ProcessFigures
        var after: ProcessFigures
        /// The pairings before the crowd came.
        var empty: LoadResult
        /// The pairings while the crowd waited.
        var load: LoadResult

        /// The resident memory of a waiting device, in bytes.
        var resident: Double { Double(full.resident - before.resident) / Double(count) }
        var proportional: Double? {
            guard let full = full.proportional, let before = before.proportional else { return nil }
            return Double(full - before) / Double(count)
        }
        /// The growth of the server's memory from before the crowd came to after it has left, as a share of the memory
        /// before.
        var left: Double { Double(after.resident) / Double(before.resident) - 1 }
        /// The memory that the server keeps after the crowd has left, as a share of the memory that the crowd took.
        var kept: Double { Double(after.resident - before.resident) / Double(max(1, full.resident - before.resident)) }
        /// The growth of a pairing's cost while the crowd waits, as a share of the cost before.
        var growth: Double { load.serverCost / max(empty.serverCost, 0.001) - 1 }
    }

    /// A measurement that was left out, and the reason.
    struct LeftOut {
        var subject: Subject
        var why: String
        /// Whether the measurement was tried and failed.
        var isFailure: Bool
    }

    var loads: [LoadRow] = []
    /// The loads, each only once. Of a load that was measured several times, this is the one with the median cost of a
    /// pairing, because a shared machine has slow minutes.
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

    /// Whether a measurement failed, or a pairing at the relay or the bare forwarder. Those at other servers may fail.
    var hasFailed: Bool {
        leftOut.contains(where: \.isFailure)
            || loads.contains { $0.subject.transport != nil && $0.result.failed > 0 }
    }
}
