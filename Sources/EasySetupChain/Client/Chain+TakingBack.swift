extension Chain {
    /// Takes a membership back that nobody got, on the device with the seed that has made it: its note goes, so that
    /// ``absentDevices()`` has no such device. One that another device may have is removed by ``remove(_:unlisted:)`` instead.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed; the errors of ``put(_:in:_:)``.
    public func takeBack(_ membership: Membership) async throws(ChainError) {
        guard case .seed = holder else { throw .notHeld }
        try await refresh(.collections)
        let notes = notedCertificates.filter { $0.certificate == membership.certificate }.map(\.object)
        if !notes.isEmpty { try await write(notes.map { ($0, .delete) }, in: .collections) }
    }
}
