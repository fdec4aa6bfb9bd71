import HeapModule

/// Virtual time, and what happens when. What is due at the same moment happens in the order in which it was put here.
final class Scheduler {
    private struct Entry: Comparable {
        let at: Duration
        let order: Int
        let body: () -> Void

        static func < (one: Entry, other: Entry) -> Bool { (one.at, one.order) < (other.at, other.order) }
        static func == (one: Entry, other: Entry) -> Bool { one.order == other.order }
    }

    private(set) var now: Duration = .zero
    /// How much has happened.
    private(set) var count = 0
    private var entries = Heap<Entry>()
    private var order = 0

    var next: Duration? { entries.min?.at }

    func at(_ time: Duration, _ body: @escaping () -> Void) {
        order += 1
        entries.insert(Entry(at: max(time, now), order: order, body: body))
    }

    /// Lets the next thing happen; false when there is none up to `end`, where time then stands.
    func step(until end: Duration) -> Bool {
        guard let next, next <= end, let entry = entries.popMin() else {
            now = max(now, end)
            return false
        }
        now = entry.at
        count += 1
        entry.body()
        return true
    }
}

/// A device's own clock, which goes on while the device sleeps: another start than the world's, and a little faster or
/// slower.
package struct DeviceClock: Sendable {
    package var offset: Duration
    package var partsPerMillion: Int

    package init(offset: Duration = .seconds(5_000), partsPerMillion: Int = 0) {
        self.offset = offset
        self.partsPerMillion = partsPerMillion
    }

    func local(_ time: Duration) -> Duration {
        partsPerMillion == 0 ? offset + time : offset + time + time * partsPerMillion / 1_000_000
    }

    /// When the world's time has come for a moment of this clock's; never early.
    func world(_ moment: Duration) -> Duration {
        guard partsPerMillion != 0 else { return moment - offset }
        return (moment - offset) * 1_000_000 / (1_000_000 + partsPerMillion) + .microseconds(1)
    }
}
