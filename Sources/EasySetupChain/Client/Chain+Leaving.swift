import EasySetupSeed

extension Chain {
    // MARK: Leaving

    /// Deletes this device's record and its requests, so that it is none of the chain's devices any more. One without the seed
    /// says, signed, that it leaves; a device with the seed that reads it changes the keys. Leaving again does nothing.
    ///
    /// The app then deletes what the device has stored of the chain, the seed or the membership with it: until then the
    /// device can read and write as before, without the seed until the keys have changed. Before that, without the seed, it
    /// tells the service that gives out rights, if there is one (`CredentialsClient.leave()`). A device that others do not
    /// trust to do so is removed by one with the seed.
    public func leave() async throws(ChainError) {
        do throws(ChainError) {
            try await deleteRequests(answeredOnly: false)
        } catch {
            // A device that was left out of the new keys can't write there.
            guard error.code == .notHeld else { throw error }
        }
        try await refresh(.devices)
        switch holder {
        case .seed:
            try await write([(device.text, .delete)], in: .devices)
            try await refresh(.collections)
            try await write([(Self.holder(device), .delete)], in: .collections)
        case .membership(let membership):
            try await writeLeave(device, LeaveStatement.attributes(by: membership))
        }
    }

    /// Ends the membership that this device had before it got another one of the chain, or the seed. Otherwise it would stay
    /// among the chain's devices, and get each new key, though nobody has its keys any more. An app calls this before it forgets
    /// the old membership, or later. Ending it again does nothing.
    ///
    /// With the seed the former device is removed, as by ``remove(_:unlisted:)``. Without it its record says, signed by the old
    /// membership, that it has left.
    /// - Throws: the errors of ``leave()``.
    public func end(_ former: Membership) async throws(ChainError) {
        guard former.userID == userID else { return }
        try await end(former.device, LeaveStatement.attributes(by: former))
    }

    /// Ends a former membership of this device.
    /// - Parameter left: the attributes of its record that say so; nil where nobody has kept them, which only the seed can do
    ///   without.
    package func end(_ former: DeviceID, _ left: [String: [UInt8]]?) async throws(ChainError) {
        guard former != device else { return }
        switch holder {
        case .seed:
            do throws(ChainError) {
                try await remove(former)
            } catch {
                // Nothing was noted of it, or the keys of its collections are used up: then a person decides.
                guard [.objectMissing, .keysUsedUp].contains(error.code) else { throw error }
            }
        case .membership:
            guard let left else { return }
            try await refresh(.devices)
            try await writeLeave(former, left)
        }
    }

    private func writeLeave(_ device: DeviceID, _ left: [String: [UInt8]]) async throws(ChainError) {
        guard reader(.devices)?.state.object(device.text) != left else { return }
        try await write([(device.text, .put(left))], in: .devices)
    }

    /// Takes another device that has the seed off the list, on a device with the seed: one that is gone for good, and can't leave
    /// by itself. Its record and its note go.
    ///
    /// It is not shut out: it has the seed, and only a new one helps against that. If it is there after all, it joins again when it
    /// is used.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed; ``ChainError/Code/objectMissing`` if there is no such device with
    ///   the seed.
    public func unlist(_ gone: DeviceID) async throws(ChainError) {
        guard case .seed = holder else { throw .notHeld }
        try await refresh(.collections)
        guard notedHolders.contains(gone) else { throw .objectMissing }
        // The record first: a call that is stopped in between finds the note, and does the rest.
        if try await refreshKeys(.devices) { try await write([(gone.text, .delete)], in: .devices) }
        try await write([(Self.holder(gone), .delete)], in: .collections)
    }

    /// The chain.
    private var userID: UserID {
        switch holder {
        case .seed(let seed): seed.userID
        case .membership(let membership): membership.userID
        }
    }
}
