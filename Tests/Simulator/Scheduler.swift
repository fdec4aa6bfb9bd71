import HeapModule

/// Virtual time, and the events that will happen in it. Events at the same time run in the order in which they were
/// added.
final class Scheduler {
    private struct Entry: Comparable {
        let at: Duration
        let order: Int
        let body: () -> Void

        static func < (one: Entry, other: Entry) -> Bool { (one.at, one.order) < (other.at, other.order) }
        static func == (one: Entry, other: Entry) -> Bool { one.order == other.order }
    }

    private(set) var now: Duration = .zero
    /// The number of events that have run.
    private(set) var count = 0
    private var entries = Heap<Entry>()
    private var order = 0

    var next: Duration? { entries.min?.at }

    func at(_ time: Duration, _ body: @escaping () -> Void) {
        order += 1
        entries.insert(Entry(at: max(time, now), order: order, body: body))
    }

    /// Runs the next event. False when there is none up to `end`; the time is `end` then.
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

/// A device's own clock, which runs while the device sleeps. It started at another time than the world's clock, and
/// runs a little faster or slower.
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

    /// The world's time when this clock shows `moment`, or a little later; never earlier.
    func world(_ moment: Duration) -> Duration {
        guard partsPerMillion != 0 else { return moment - offset }
        return (moment - offset) * 1_000_000 / (1_000_000 + partsPerMillion) + .microseconds(1)
    }
}
