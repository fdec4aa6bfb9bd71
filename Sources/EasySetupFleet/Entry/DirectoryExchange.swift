package import EasySetupFleetStore
package import EasySetupRelayCore

/// The questions of a `Rendezvous` to the directory as those of a store, and the store's answers as those of the
/// directory.
package struct DirectoryExchange: Hashable, Sendable {
    /// The run that the relay is, and the one that it was before it slept.
    package var run: RunID
    package var former: RunID?

    package init(run: RunID, former: RunID? = nil) {
        (self.run, self.former) = (run, former)
    }

    /// A room that was taken over, and the run that had it, which is told so.
    package struct Taken: Hashable, Sendable {
        package let from: RunID
        package let item: LooseItem
    }

    /// The question to the store.
    /// - Parameter name: the room's name (``FleetKeys/names(of:_:)``).
    package func question(_ question: DirectoryQuestion, name: RoomName) -> StoreQuestion {
        func registration(_ attempt: UInt32) -> Registration {
            Registration(offer: question.offer.bytes, run: run, attempt: attempt)
        }
        return switch question.wish {
        case .look: .find(name)
        case .take(let attempt, let isAttach):
            .take(TakeRequest(name, registration(attempt), former: former, isAttach: isAttach))
        // A room whose offerer has not come back yet was attached to by its offer alone.
        case .claim: .claim(name, registration(0))
        }
    }

    /// The directory's answer, and who is to be told because of it.
    package func answer(
        _ question: DirectoryQuestion,
        _ answer: Result<StoreAnswer, StoreFailure>
    ) -> (DirectoryAnswer, Taken?) {
        guard case .success(let answer) = answer else { return (.silent, nil) }
        switch answer {
        case .claimed(let isOurs): return (isOurs ? .mine(hasSlot: true) : .others(attempt: 0), nil)
        case .found(let rooms): return (found(question, rooms), nil)
        case .taken(let outcome): return taken(question, outcome)
        case .published: return (.silent, nil)
        }
    }

    private func found(_ question: DirectoryQuestion, _ rooms: FoundRooms) -> DirectoryAnswer {
        let isLost = rooms.withoutSlot?.offer == question.offer.bytes
        guard let there = isLost ? rooms.withoutSlot : rooms.atSlot, there.offer == question.offer.bytes else {
            return .nobodys
        }
        return isOurs(there.run) ? .mine(hasSlot: !isLost) : .others(attempt: there.attempt)
    }

    private func taken(_ question: DirectoryQuestion, _ outcome: TakeOutcome) -> (DirectoryAnswer, Taken?) {
        switch outcome.verdict {
        case .newer(let there): return (.others(attempt: there.attempt), nil)
        case .mine(let before):
            let answer = DirectoryAnswer.mine(hasSlot: outcome.hasSlot)
            guard let before, !isOurs(before.run), case .take(let attempt, _) = question.wish else {
                return (answer, nil)
            }
            let item = LooseItem.taken(offer: question.offer.bytes, attempt: attempt)
            return (answer, Taken(from: before.run, item: item))
        }
    }

    private func isOurs(_ other: RunID) -> Bool { other == run || other == former }
}
