import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import Logging

/// Runs a session: passes it the events of the sockets, the store, the user and the clock, and carries out its actions.
///
/// The driver runs in a task that is never cancelled, because a device whose app stops the pairing must still tell the
/// relay that it leaves. The session's deadlines bound how long that takes.
struct SessionDriver: Sendable {
    let relay: RelayAddress
    let system: ClientSystem
    let limits: ClientLimits
    let store: any SeedStore
    let approve: @Sendable (ApprovalRequest) async -> Approval
    /// Asks the user before the device stores the seed. Only a session that was made with `asksFirst` calls this
    /// closure.
    let accept: (@Sendable (AcceptanceRequest) async -> Acceptance)?
    let show: @Sendable (PairingState) -> Void
    let inbox: Inbox
    let logger: Logger

    /// Runs until the session is over, and returns the session, so that the caller can read its result.
    @discardableResult
    func run<Session: PairingSession & ~Copyable>(_ session: consuming Session) async -> Session {
        var supervisor = ConnectionSupervisor(session)
        var held = Resources()
        var inputs = inbox.inputs.makeAsyncIterator()
        perform(supervisor.begin(), &held)
        while !held.isOver {
            held.wake(at: supervisor.nextDeadline, system) { [inbox] in inbox.put(.event(.deadlinePassed)) }
            guard let input = await inputs.next() else { break }
            logger.trace("hears", metadata: ["input": "\(input.name)"])
            perform(steps(after: input, &supervisor, &held), &held)
        }
        held.cancelAll()
        inbox.close()
        // A connection that opens after the session's end has no other owner, so this loop closes it.
        while let input = await inputs.next() {
            if case .opened(_, let late) = input { _ = late.hangUp() }
        }
        // The program may end after this function returns, so the last frames must have left the device before.
        for isClosed in held.closings { await isClosed() }
        return supervisor.end()
    }

    /// Passes an input, such as a report from the connection, to the session, and returns the steps that the
    /// driver must carry out next.
    private func steps<Session: PairingSession & ~Copyable>(
        after input: Inbox.Input,
        _ supervisor: inout ConnectionSupervisor<Session>,
        _ held: inout Resources
    ) -> [DriverStep] {
        let now = system.now
        switch input {
        case .event(let event):
            if case .deadlinePassed = event { held.timerFired() }
            return supervisor.happened(event, now: now)
        case .opened(let number, let connection):
            switch supervisor.opened(number, now: now) {
            case .use(let steps):
                held.connection = connection
                return steps
            case .close:
                _ = connection.hangUp()
                return []
            }
        case .failed(let number, let error):
            let cause = error.cause ?? "none"
            logger.debug("not connected", metadata: ["error": "\(error.name)", "cause": "\(cause)"])
            return supervisor.failed(number, error, now: now)
        case .report(let number, let report):
            if case .through(let transport) = report {
                logger.debug("connected", metadata: ["transport": "\(transport.rawValue)"])
            }
            return supervisor.reported(report, by: number, now: now)
        }
    }

    private func perform(_ steps: [DriverStep], _ held: inout Resources) {
        for step in steps {
            logger.trace("does", metadata: ["action": "\(step.name)"])
            switch step {
            case .connect(let number, let transport): held.replace(.connect, with: connect(number, by: transport))
            case .read: held.connection?.read()
            case .send(let frames): held.connection?.send(frames)
            case .disconnect: held.closeConnection()
            case .show(let state):
                logger.debug("state", metadata: ["state": "\(state.name)"])
                show(state)
            case .ask(let request):
                held.replace(.ask, with: task { inbox.put(.event(.answered(await approve(request)))) })
            case .askToAccept(let request):
                held.replace(
                    .ask,
                    with: task { inbox.put(.event(.accepted(await accept?(request) ?? .nobodyToAsk))) }
                )
            case .stopAsking: held.cancel(.ask)
            case .store(let access): held.replace(.store, with: save(access))
            case .solve(let challenge, let difficulty): held.replace(.solve, with: solve(challenge, difficulty))
            case .end: held.isOver = true
            }
        }
    }

    private func task(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: system.executor, operation: body)
    }

    private func connect(_ number: Int, by transport: Transport) -> Task<Void, Never> {
        task {
            do throws(PairingError) {
                // Without the driver, which has the store: a connection that closes slowly must not keep what is in there.
                let connection = try await system.network.connect(to: relay, through: transport, limits: limits) {
                    [inbox] in inbox.put(.report(number, $0))
                }
                if !inbox.put(.opened(number, connection)) { _ = connection.hangUp() }
            } catch {
                inbox.put(.failed(number, error))
            }
        }
    }

    private func save(_ access: ChainAccess) -> Task<Void, Never> {
        task {
            do throws(StoreError) {
                if case .membership(let membership) = access {
                    do { try membership.certificate.checkTime(system.time()) } catch { throw .membershipEnded }
                }
                try await store.save(access)
                inbox.put(.event(.stored))
            } catch {
                inbox.put(.event(.notStored(error)))
            }
        }
    }

    private func solve(_ challenge: [UInt8], _ difficulty: Int) -> Task<Void, Never> {
        Task.detached(executorPreference: system.executor, priority: .utility) {
            if let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) {
                inbox.put(.event(.solved(work)))
            }
        }
    }
}

/// The queue of the session's inputs, in order of arrival. The queue stays short, because a
/// connection reads only on request, and the driver asks the user, the store and the clock only one question each at a
/// time.
final class Inbox: Sendable {
    enum Input: Sendable {
        case event(SessionEvent)
        /// The connection with this number is open.
        case opened(Int, any ClientConnection)
        /// The connection with this number could not be made.
        case failed(Int, PairingError)
        /// The connection with this number reports something.
        case report(Int, ConnectionReport)
    }

    let inputs: AsyncStream<Input>
    private let continuation: AsyncStream<Input>.Continuation

    init() {
        (inputs, continuation) = AsyncStream.makeStream()
    }

    /// Adds an input for the session. Returns false after the session's end, because nobody will read
    /// the input then.
    @discardableResult
    func put(_ input: Input) -> Bool {
        if case .terminated = continuation.yield(input) { false } else { true }
    }

    func close() {
        continuation.finish()
    }
}

/// The resources of a running session: its connection, at most one task of each kind, and one timer.
private struct Resources {
    enum Kind: Hashable { case connect, ask, store, solve }

    var connection: (any ClientConnection)?
    /// Functions that wait until the connections that the driver closed are really closed.
    private(set) var closings: [@Sendable () async -> Void] = []
    var isOver = false
    private var running: [Kind: Task<Void, Never>] = [:]
    private var timer: (moment: Duration, task: Task<Void, Never>)?

    mutating func closeConnection() {
        if let connection { closings.append(connection.hangUp()) }
        connection = nil
    }

    mutating func replace(_ kind: Kind, with task: Task<Void, Never>) {
        running.updateValue(task, forKey: kind)?.cancel()
    }

    mutating func cancel(_ kind: Kind) {
        running.removeValue(forKey: kind)?.cancel()
    }

    /// Sets the one timer to the session's next deadline; nil stops the timer.
    mutating func wake(at moment: Duration?, _ system: ClientSystem, _ body: @escaping @Sendable () -> Void) {
        if let moment, let timer, timer.moment == moment { return }
        timer?.task.cancel()
        timer = moment.map { moment in
            let task = Task(executorPreference: system.executor) {
                do {
                    try await system.clock.sleep(until: .at(moment), tolerance: nil)
                    body()
                } catch {}
            }
            return (moment, task)
        }
    }

    /// Notes that the timer has fired. If it fired a little early, the next ``wake(at:_:)`` sets it again for the same
    /// moment.
    mutating func timerFired() {
        timer?.task.cancel()
        timer = nil
    }

    mutating func cancelAll() {
        running.values.forEach { $0.cancel() }
        timer?.task.cancel()
    }
}
