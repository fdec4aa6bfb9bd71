package import EasySetupFleetStore

/// On which of several stores each of the other runs is heard.
package struct RunLines: Sendable {
    private struct Run: Sendable {
        /// Until when the run counts as heard on each store.
        var heardUntil: [Int: Duration]
        var preferred: Int
    }

    private var runs: [RunID: Run] = [:]

    package init() {}

    /// Notes that a run was heard on a store.
    /// - Returns: the store on which it is to be spoken to from now on, the first of those on which it is heard; nil if
    ///   that is the one as before. Before anything was heard of a run it is the first store.
    package mutating func heard(_ id: RunID, on line: Int, until: Duration, now: Duration) -> Int? {
        if runs[id] == nil, runs.count >= EnvelopeLimits.runs {
            runs = runs.filter { $0.value.heardUntil.contains { $0.value > now } }
            // A run that finds no place is spoken to on the first store.
            guard runs.count < EnvelopeLimits.runs else { return nil }
        }
        var run = runs[id] ?? Run(heardUntil: [:], preferred: 0)
        run.heardUntil[line] = until
        let before = run.preferred
        run.preferred = run.heardUntil.filter { $0.value > now }.keys.min() ?? line
        runs[id] = run
        return run.preferred == before ? nil : run.preferred
    }
}
