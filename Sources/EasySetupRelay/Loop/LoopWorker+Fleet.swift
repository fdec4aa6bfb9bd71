import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import NIOCore

/// The store that the relays of a fleet share. The worker of one loop owns the connections to it.
extension LoopWorker {
    /// Joins the fleet by this store.
    func join(_ store: any FleetStore) {
        self.store = store
        store.batchEnded = { [weak self] in self?.endTurn() }
        serveStore()
    }

    func perform(_ effect: FleetEffect) {
        // The store's events and answers come at once or later; either way they end in another batch of events.
        switch effect {
        case .prefer(let line, let run): store?.prefer(line, for: run)
        case .join(let run): store?.join(as: run) { [core] event in core.happened(.told(event)) }
        case .ask(let question, let ticket):
            let asked = loop.time
            store?.ask(question) { [weak self] answer in
                guard let self else { return }
                if case .success = answer { counts.answered(question, in: loop.time - asked) }
                // Most answers are that a message was heard, and nothing follows from that.
                if !ticket.isSettled(by: answer) { core.happened(.answered(ticket, answer)) }
            }
        }
    }

    /// Serves the store when all connections were served that have something: one message has then what all of their events
    /// have led to, and one write has all messages and questions.
    func serveStoreSoon() {
        loop.assumeIsolated().execute { [weak self] in self?.serveStore() }
    }

    private func serveStore() {
        // Before the store is there, its work waits for it.
        guard let store else { return }
        core.change { $0.serveStore() }
        endTurn()
        store.flush()
    }
}
