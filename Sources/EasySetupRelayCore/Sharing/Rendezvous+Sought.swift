import EasySetupRelayProtocol

/// Devices that wait for what other relays or the directory say of their rooms. In the model `Protocol/model/fleet.pml`
/// these are at their entry, in the places `place_sought` and `place_asked`.
extension Rendezvous {
    /// Whether a device has a meeting or is an offerer, so that it comes back with its token.
    package func hasMeeting(_ connection: ConnectionID) -> Bool {
        switch connections[connection]?.phase {
        case .offerer?: true
        case .visitor(let offer)?: rooms[offer]?.meeting(of: connection) != nil
        case .new?, .sought?, .early?, nil: false
        }
    }

    /// Handles what came of seeking a device's room (``Action/seek(_:)``). A device that has gone meanwhile is ignored.
    package mutating func sought(_ connection: ConnectionID, _ outcome: SoughtOutcome, _ turn: inout Turn) {
        guard let phase = connections[connection]?.phase else { return }
        switch (phase, outcome) {
        case (.sought, .elsewhere), (.early, .elsewhere): forget(connection)
        case (.sought, .goodbye), (.early, .goodbye): sendElsewhere(connection, &turn)
        case (.sought, .waits): wait(connection, &turn)
        case (.sought, .nobody(let isProof)): enterAgain(connection, .nobody(isProof: isProof), &turn)
        case (.sought, .took(let answer)): enterAgain(connection, .took(answer), &turn)
        case (.early, _), (.new, _), (.offerer, _), (.visitor, _): break
        }
    }

    /// Decides about a device that is sought if its room, or its end, is here by now. False if it is not; the device is
    /// then sought on.
    package mutating func enterIfHere(_ connection: ConnectionID, _ turn: inout Turn) -> Bool {
        guard let waiting = others?.waiting[connection.number], waiting.question == nil, isHere(waiting.frame) else {
            return false
        }
        enterAgain(connection, .nothing, &turn)
        return true
    }

    private func isHere(_ frame: DeviceFrame) -> Bool {
        switch frame {
        case .visit(let slot, _): return slots[slot] != nil
        case .attachOfferer(let token, _, _), .attachVisitor(let token, _, _, _):
            guard let claims = try? TokenClaims(checking: token, keys: keys) else { return false }
            return rooms[claims.offer] != nil || tombstones[claims.slot]?.offer == claims.offer
        case .offer, .message, .ack, .seat, .close, .leave: return false
        }
    }

    /// Handles the directory's answer to a question (``Action/ask(_:)``).
    package mutating func answered(_ question: DirectoryQuestion, _ answer: DirectoryAnswer, _ turn: inout Turn) {
        switch question.asker {
        case .device(let connection):
            guard let waiting = others?.waiting[connection.number], waiting.question == question else { return }
            let asked: Admitted.Asked =
                switch question.wish {
                case .look, .claim: .looked(answer)
                case .take: .took(answer)
                }
            enterAgain(connection, asked, &turn)
        case .room: answeredForRoom(question, answer, &turn)
        case .stock: answeredForStock(question, answer, turn.now.monotonic)
        }
    }

    /// Decides once more about a device's first frame, with an answer.
    private mutating func enterAgain(_ connection: ConnectionID, _ asked: Admitted.Asked, _ turn: inout Turn) {
        guard let known = connections[connection], let waiting = others?.waiting[connection.number] else { return }
        var admitted = waiting.admitted
        admitted.asked = asked
        let start = turn.actions.count
        enter(connection, known.prefix, waiting.frame, admitted, &turn)
        switch connections[connection]?.phase {
        case .sought?: break
        case .new?, .early?, .offerer?, .visitor?, nil: others?.waiting[connection.number] = nil
        }
        if let message, !admitted.hasHeard { turn.tell(message, to: connection, from: start) }
    }

    /// Lets a device wait for its room. One that typed a code hears once that it is in line, because in a line a device
    /// waits for as long as it has to.
    private mutating func wait(_ connection: ConnectionID, _ turn: inout Turn) {
        guard let waiting = others?.waiting[connection.number], !waiting.isInLine else { return }
        guard waiting.frame.isOfStranger else { return enterAgain(connection, .nobody(isProof: false), &turn) }
        var admitted = waiting.admitted
        let start = turn.actions.count
        turn.send(.inLine(position: 1), to: connection)
        if let message, !admitted.hasHeard { turn.tell(message, to: connection, from: start) }
        admitted.hasHeard = true
        others?.waiting[connection.number] = Others.Waiting(
            frame: waiting.frame,
            admitted: admitted,
            question: waiting.question,
            isInLine: true
        )
    }

    /// Handles a frame of a device that waits. It may only leave the line.
    mutating func soughtSent(_ frame: DeviceFrame, _ connection: ConnectionID, _ turn: inout Turn) {
        let waiting = others?.waiting[connection.number]
        guard case .leave = frame, let waiting, waiting.isInLine || waiting.admitted.hasHeard else {
            return refuse(connection, .badOrder, &turn)
        }
        turn.close(connection)
        forget(connection)
    }

    /// Handles the end of a device's wait.
    mutating func soughtTooLong(_ connection: ConnectionID, _ turn: inout Turn) {
        guard case .visit? = others?.waiting[connection.number]?.frame else { return sendElsewhere(connection, &turn) }
        enterAgain(connection, .nobody(isProof: false), &turn)
    }

    /// Lets all devices that wait come again.
    mutating func dismissSought(_ turn: inout Turn) {
        // They are sorted, so that the order of the frames is the same in each run.
        for number in (others?.waiting.keys).map(Array.init)?.sorted() ?? [] {
            sendElsewhere(ConnectionID(number: number), &turn)
        }
    }
}
