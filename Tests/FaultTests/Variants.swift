extension FaultRun {
    /// This run with a fault, at every boundary of a pairing without one.
    ///
    /// - Parameters:
    ///   - units: the units of the device's connection in a pairing without a fault.
    ///   - part: takes one case of so many, such that each boundary meets some faults and each fault some boundaries.
    func variants(
        at units: [(direction: Direction, name: String)],
        _ faults: [Fault],
        part: Int = 1
    ) -> [(row: String, run: FaultRun)] {
        var boundaries: [(name: String, boundary: Boundary)] = [("connect", .connecting)]
        var counts: [Direction: Int] = [:]
        for unit in units {
            let number = counts[unit.direction, default: 0]
            counts[unit.direction] = number + 1
            boundaries.append(("\(unit.direction.arrow)\(number) \(unit.name)", .unit(unit.direction, number)))
        }
        var runs: [(row: String, run: FaultRun)] = []
        for (row, (name, boundary)) in boundaries.enumerated() {
            for (column, fault) in faults.enumerated() {
                if boundary == .connecting, !fault.fitsConnecting { continue }
                if name.hasSuffix("upgrade"), case .corrupt(let part) = fault, part != .payload { continue }
                if (row + column) % part != 0 { continue }
                var run = self
                run.plan = FaultProxy.Plan(boundary: boundary, fault: fault)
                runs.append(("\(victim.rawValue) \(name)", run))
            }
        }
        return runs
    }
}
