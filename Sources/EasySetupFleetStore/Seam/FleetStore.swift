/// The things that relays of a fleet share: a directory of rooms, and a bus. All of it may be lost at any time; what is lost costs a
/// delay, never a pairing.
///
/// A store belongs to one thread, or to one event loop: all is called there, and there it answers and tells. Questions
/// are carried out in the order in which they were asked, and messages arrive in the order in which one relay published
/// them; but each of them may be lost.
package protocol FleetStore: AnyObject {
    /// Hears what is said to this run and to all, and calls `tell` with that and with each change of its own state. A
    /// store that has joined already leaves first, and hears nothing more that was said to the run that it was.
    func join(as run: RunID, tell: @escaping (StoreEvent) -> Void)

    /// Leaves for good.
    func leave()

    /// Called after the last of the events and answers that have come at once.
    var batchEnded: () -> Void { get set }

    /// Asks a question. The store may send it only at the next ``flush()``. Each case of ``StoreQuestion`` has one case of
    /// ``StoreAnswer``, which the answer has.
    func ask(_ question: StoreQuestion, answer: @escaping (Result<StoreAnswer, StoreFailure>) -> Void)

    /// Sends all that was asked since the last call, so that the questions of a batch of events leave together.
    func flush()

    /// Publishes what is for this run on this one of several stores from now on, because the run is heard there.
    func prefer(_ line: Int, for run: RunID)
}

extension FleetStore {
    package func prefer(_ line: Int, for run: RunID) {}
    package func flush() {}

    /// Registers a room at a slot at which there is none. The answer is whether there was none.
    package func claim(
        _ room: RoomName,
        _ registration: Registration,
        answer: @escaping (Result<Bool, StoreFailure>) -> Void
    ) {
        ask(.claim(room, registration), answer) { if case .claimed(let isFree) = $0 { isFree } else { nil } }
    }

    /// Asks whose room is at a slot, and whose the room of the name's offer is.
    package func find(_ room: RoomName, answer: @escaping (Result<FoundRooms, StoreFailure>) -> Void) {
        ask(.find(room), answer) { if case .found(let rooms) = $0 { rooms } else { nil } }
    }

    /// Registers a room unless another run has a better right to it (``TakeRule``).
    package func take(_ request: TakeRequest, answer: @escaping (Result<TakeOutcome, StoreFailure>) -> Void) {
        ask(.take(request), answer) { if case .taken(let outcome) = $0 { outcome } else { nil } }
    }

    /// Says something on a channel. The answer is that of ``StoreAnswer/published(_:)``.
    package func publish(
        _ message: [UInt8],
        to channel: FleetChannel,
        answer: @escaping (Result<Int, StoreFailure>) -> Void
    ) {
        ask(.publish(message, channel), answer) { if case .published(let count) = $0 { count } else { nil } }
    }

    /// Asks at once. A store gives no answer in the form of another question.
    private func ask<Value>(
        _ question: StoreQuestion,
        _ answer: @escaping (Result<Value, StoreFailure>) -> Void,
        read: @escaping (StoreAnswer) -> Value?
    ) {
        ask(question) { result in
            answer(result.flatMap { answer in read(answer).map { .success($0) } ?? .failure(.refused) })
        }
        flush()
    }
}
