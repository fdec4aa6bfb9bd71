import EasySetupFleet
import EasySetupFleetStore
import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol

/// The ways in which a relay that leaves a rule out differs.
extension FleetRelay {
    /// Notes a device's first frame, which a relay without a rule answers in another way.
    func note(_ frame: DeviceFrame, _ id: ConnectionID) {
        if noted[id] == nil { noted[id] = frame }
    }

    /// Whether the relay does something else than to send `goodbye` to a device that has heard nothing yet.
    func isInPlace(of frame: RelayFrame, _ id: ConnectionID) -> Bool {
        guard let rule = fleet.setup.without, let first = noted.removeValue(forKey: id) else { return false }
        guard case .goodbye = frame, let connection = connections[id] else { return false }
        let isDraining = rendezvous.statistics.isDraining
        switch (rule, first) {
        case (.drain, .offer) where isDraining, (.drain, .visit) where isDraining:
            send(ReceivedFrame(.refused(.draining, retryAfter: .seconds(2))), to: id)
            return true
        case (.repeat, .attachOfferer) where machine.isJoined && !isDraining,
            (.repeat, .attachVisitor) where machine.isJoined && !isDraining:
            sayAgain(first, connection, id)
            return true
        default: return false
        }
    }

    /// Notes the directory's answer to a home that wants to refuse a visitor for good.
    func note(_ answer: Result<StoreAnswer, StoreFailure>, _ ticket: FleetTicket) {
        guard case .room(let question, _) = ticket, case .device(let id) = question.asker, case .look = question.wish,
            case .success(.found(let rooms)) = answer
        else { return }
        let there = [rooms.withoutSlot, rooms.atSlot].compactMap(\.self).first { $0.offer == question.offer.bytes }
        if there?.run == machine.run { believed.insert(id) } else { believed.remove(id) }
    }

    /// The action that is carried out in place of this one: a relay that knows no doubt refuses a visitor for good where
    /// it would let it come again.
    func instead(of action: Action) -> Action {
        guard case .send(let frame, let id) = action, believed.remove(id) != nil, case .goodbye = frame else {
            return action
        }
        return .send(.refused(.meetingOver, retryAfter: .zero), to: id)
    }

    /// Sends only those rooms on in which the offerer is alone, if the relay is cut off for so long.
    func sendOnAlone() {
        let status = machine.status(now: turn.now.monotonic)
        guard !status.isJoined, status.unchanged >= SharingLimits().sendOnAfter else { return }
        let alone = rendezvous.roomSummaries.filter(\.value.isOffererAlone)
        for (offer, _) in alone.sorted(by: { $0.value.slot.symbols < $1.value.slot.symbols }) {
            rendezvous.taken(offer, attempt: .max, &turn)
        }
    }

    /// Takes a device that is to come again for a new one, with the frame that it has sent.
    private func sayAgain(_ frame: DeviceFrame, _ connection: Connection, _ id: ConnectionID) {
        connections[id] = nil
        repeated += 1
        let next = ConnectionID(number: 1 << 62 | repeated)
        (aliases[connection.id], connections[next]) = (next, connection)
        let process = process
        world.after(.milliseconds(300)) { [unowned self] in
            happened { relay in
                guard process == relay.process, relay.connections[next] != nil else { return }
                guard relay.rendezvous.connected(next, from: connection.prefix, &relay.turn) == nil else { return }
                relay.rendezvous.received(frame, from: next, &relay.turn)
            }
        }
    }
}
