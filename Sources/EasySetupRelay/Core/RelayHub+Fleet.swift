import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging

/// A relay among others. The loop of index ``loopOfStore`` owns the connections to the store, and carries out what
/// concerns it.
extension RelayHub.State {
    static let loopOfStore = 0

    /// Handles what the store has told by itself.
    mutating func told(_ event: StoreEvent) {
        fleetLog.happened(event, logger)
        let unreadable = fleet?.counts.unreadable
        fleet?.told(event, &rendezvous, &turn)
        if fleet?.counts.unreadable != unreadable { fleetLog.couldNotRead(logger) }
    }

    /// Handles the store's answer to a question.
    mutating func answered(_ ticket: FleetTicket, _ answer: Result<StoreAnswer, StoreFailure>) {
        if case .failure(let failure) = answer { fleetLog.refused(failure, logger) }
        fleet?.answered(ticket, answer, &rendezvous, &turn)
    }

    /// Looks whether the relay has slept.
    mutating func lookAtClock() {
        guard fleet?.look(&rendezvous, &turn) == true else { return }
        logger.warning("the relay was stopped for a while, and goes on as another run")
        distributeActions()
    }

    mutating func fleetDeadlinesPassed() {
        // A device that was dismissed just now is not sought any more.
        distributeActions()
        let load = load
        fleet?.load = load
        fleet?.deadlinesPassed(&rendezvous, &turn)
    }

    /// Lets the loop of the store call ``serveStore()`` if there is something to ask or to say.
    mutating func serveStoreSoon() {
        guard !willServeStore, fleet?.hasWork == true else { return }
        willServeStore = true
        inboxes.leave(.serveStoreSoon, for: Self.loopOfStore)
    }

    /// Leaves what is to be asked, and what is to be said to other relays, for the loop of the store.
    mutating func serveStore() {
        willServeStore = false
        fleet?.finish(turn)
        guard let effects = fleet?.takeEffects() else { return }
        for effect in effects { inboxes.leave(.fleet(effect), for: Self.loopOfStore) }
    }

    /// Whether a frame went to the home of a device that is elsewhere.
    mutating func saidElsewhere(_ frame: borrowing DeviceFrame, _ id: ConnectionID) -> Bool {
        fleet?.said(frame, id, &rendezvous, &turn) ?? false
    }

    /// Handles bytes of a device that are no frame.
    mutating func receivedBadFrame(from id: ConnectionID) {
        if fleet?.saidBadFrame(id, &rendezvous, &turn) != true { rendezvous.receivedBadFrame(from: id, &turn) }
    }

    /// Handles the loss of a device's connection.
    mutating func disconnected(_ id: ConnectionID) {
        fleet?.lost(id, &rendezvous, &turn)
        rendezvous.disconnected(id, &turn)
    }

    /// How full the relay is, in thousandths.
    private var load: UInt16 {
        UInt16(clamping: (admission.socketCount + calls.callers.open) * 1000 / max(1, limits.connections))
    }
}
