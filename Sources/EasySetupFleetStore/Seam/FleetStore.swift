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

    /// Registers a room at a slot at which there is none. The answer is whether there was none.
    func claim(_ room: RoomName, _ registration: Registration, answer: @escaping (Result<Bool, StoreFailure>) -> Void)

    /// Asks whose room is at a slot, and whose the room of the name's offer is.
    func find(_ room: RoomName, answer: @escaping (Result<FoundRooms, StoreFailure>) -> Void)

    /// Registers a room unless another run has a better right to it (``TakeRule``).
    func take(_ request: TakeRequest, answer: @escaping (Result<TakeOutcome, StoreFailure>) -> Void)

    /// Says something on a channel. The answer is how many relays heard it as far as the store knows: 0 proves that nobody
    /// did; 1 does not prove that somebody will read it.
    func publish(_ message: [UInt8], to channel: FleetChannel, answer: @escaping (Result<Int, StoreFailure>) -> Void)

    /// Publishes what is for this run on this one of several stores from now on, because the run is heard there.
    func prefer(_ line: Int, for run: RunID)
}

extension FleetStore {
    package func prefer(_ line: Int, for run: RunID) {}

    /// Asks a question that is a value.
    package func ask(_ question: StoreQuestion, answer: @escaping (Result<StoreAnswer, StoreFailure>) -> Void) {
        switch question {
        case .claim(let room, let registration): claim(room, registration) { answer($0.map { .claimed($0) }) }
        case .find(let room): find(room) { answer($0.map { .found($0) }) }
        case .take(let request): take(request) { answer($0.map { .taken($0) }) }
        case .publish(let message, let channel): publish(message, to: channel) { answer($0.map { .published($0) }) }
        }
    }
}
