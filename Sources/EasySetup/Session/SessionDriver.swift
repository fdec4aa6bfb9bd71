import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Logging
import NIOCore

/// Runs a session: passes it the events of sockets, store, user and clock, and carries out its actions.
///
/// It runs in a task that is never cancelled, so that a pairing that the app stops still says goodbye to the relay. The
/// session's deadlines bound how long that takes.
struct SessionDriver: Sendable {
    let relay: RelayAddress
    let roots: TrustedRoots
    let proxies: ProxySettings
    let limits: ClientLimits
    let store: any SeedStore
    let approve: @Sendable (ApprovalRequest) async -> Approval
    /// Asks the user before the seed is stored. The closure is called only by a session that was made with `asksFirst`.
    let accept: (@Sendable (AcceptanceRequest) async -> Acceptance)?
    let show: @Sendable (PairingState) -> Void
    let inbox: Inbox
    let logger: Logger

    /// Runs until the session is over, and returns the session for a last question.
    @discardableResult
    func run<Session: PairingSession & ~Copyable>(_ session: consuming Session) async -> Session {
        var tasks = Tasks()
        var connection: RelayConnection?
        var generation = 0
        // The transport for the next connection: long polling for the rest of the pairing once it worked, and for one
        // attempt after a WebSocket on which no frame arrived.
        var transport = Transport.webSocket
        var isTransportKnown = false
        // No state is shown after the last one.
        var isTold = false
        var closings: [EventLoopFuture<Void>] = []
        var actions = session.begin()
        var letters = inbox.letters.makeAsyncIterator()
        while true {
            var frames: [DeviceFrame] = []
            for action in actions {
                logger.trace("does", metadata: ["action": "\(action.name)"])
                if case .send(let frame) = action {
                    frames.append(frame)
                    continue
                }
                // Frames are sent together, and before any later action.
                connection?.send(frames)
                frames.removeAll()
                switch action {
                case .send: break
                case .connect:
                    generation += 1
                    tasks.replace(.connect, with: connect(generation, through: transport))
                case .disconnect:
                    if let connection { closings.append(connection.close()) }
                    connection = nil
                    generation += 1
                case .show(let state):
                    logger.debug("state", metadata: ["state": "\(state.name)"])
                    switch state {
                    case .paired, .failed: isTold = true
                    default: break
                    }
                    show(state)
                case .ask(let request):
                    tasks.replace(.ask, with: Task { inbox.put(.event(.answered(await approve(request)))) })
                case .askToAccept(let request):
                    tasks.replace(
                        .ask,
                        with: Task { inbox.put(.event(.accepted(await accept?(request) ?? .nobodyToAsk))) }
                    )
                case .stopAsking: tasks.cancel(.ask)
                case .store(let seed): tasks.replace(.store, with: save(seed))
                case .solve(let challenge, let difficulty):
                    tasks.replace(.solve, with: solve(challenge, difficulty))
                case .finish:
                    tasks.cancelAll()
                    inbox.close()
                    // A connection that opened after the session's end has no other owner, so it is closed here.
                    while let letter = await letters.next() {
                        if case .opened(_, let late) = letter { late.close() }
                    }
                    // The program may end after this, so the last frames must have left it.
                    for closing in closings { try? await closing.get() }
                    return session
                }
            }
            connection?.send(frames)
            tasks.wake(at: session.nextDeadline) { inbox.put(.event(.deadlinePassed)) }

            guard let letter = await letters.next() else { return session }
            let now = ContinuousClock.now.moment
            logger.trace("hears", metadata: ["letter": "\(letter.name)"])
            switch letter {
            case .event(let event):
                if case .deadlinePassed = event { tasks.rang() }
                actions = session.handle(event, now: now)
            case .opened(let opened, let new):
                if opened == generation {
                    connection = new
                    actions = session.handle(.connected, now: now)
                    new.read()
                } else {
                    new.close()
                    actions = []
                }
            case .failed(let failed, let error):
                logger.debug(
                    "not connected",
                    metadata: ["error": "\(error.name)", "cause": "\(error.cause ?? "none")"]
                )
                if !isTransportKnown { transport = .webSocket }
                guard failed == generation else {
                    actions = []
                    continue
                }
                actions = session.handle(.lost(error), now: now)
                if !isTold, !actions.contains(where: \.isLastState) { show(.retrying(error)) }
            case .report(_, .through(let open)):
                if open == .longPolling { (transport, isTransportKnown) = (.longPolling, true) }
                logger.debug("connected", metadata: ["transport": "\(open.rawValue)"])
                actions = []
            case .report(_, .unheard):
                transport = .longPolling
                actions = []
            case .report(let from, .stumbled):
                actions = from == generation ? session.handle(.stumbled, now: now) : []
            case .report(let from, .closed(let error)):
                guard from == generation else {
                    actions = []
                    continue
                }
                connection = nil
                generation += 1
                actions = session.handle(.lost(error), now: now)
            case .report(let from, .frames(let frames)):
                actions = []
                guard from == generation else { continue }
                for frame in frames {
                    let more = session.handle(.frame(frame), now: now)
                    actions += more
                    // Frames of the old connection must not reach the session after the disconnect.
                    if more.contains(where: \.isDisconnect) { break }
                }
                connection?.read()
            }
        }
    }

    private func connect(_ generation: Int, through transport: Transport) -> Task<Void, Never> {
        Task {
            do throws(PairingError) {
                let connection = try await RelayConnection.open(
                    to: relay,
                    tls: roots,
                    by: proxies,
                    through: transport,
                    limits: limits
                ) { inbox.put(.report(generation, $0)) }
                if !inbox.put(.opened(generation, connection)) { connection.close() }
            } catch {
                inbox.put(.failed(generation, error))
            }
        }
    }

    private func save(_ seed: SyncSeed) -> Task<Void, Never> {
        Task {
            do throws(StoreError) {
                try await store.save(seed, replacing: false)
                inbox.put(.event(.stored))
            } catch {
                inbox.put(.event(.notStored(error)))
            }
        }
    }

    private func solve(_ challenge: [UInt8], _ difficulty: Int) -> Task<Void, Never> {
        Task.detached(priority: .utility) {
            if let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) {
                inbox.put(.event(.solved(work)))
            }
        }
    }
}

/// The letters that wait to be handled. Each source has only a few at a time, because a connection reads only on
/// request, and the user, the store and the clock are asked one question at a time.
final class Inbox: Sendable {
    enum Letter: Sendable {
        case event(SessionEvent)
        case opened(Int, RelayConnection)
        case failed(Int, PairingError)
        case report(Int, RelayConnection.Report)
    }

    let letters: AsyncStream<Letter>
    private let continuation: AsyncStream<Letter>.Continuation

    init() {
        (letters, continuation) = AsyncStream.makeStream()
    }

    /// Adds a letter. Returns false when the session is over, so that the letter will never be read.
    @discardableResult
    func put(_ letter: Letter) -> Bool {
        if case .terminated = continuation.yield(letter) { false } else { true }
    }

    func close() {
        continuation.finish()
    }
}

/// The tasks that run for a session, one of each kind.
private struct Tasks {
    enum Kind: Hashable { case connect, ask, store, solve }

    private var running: [Kind: Task<Void, Never>] = [:]
    private var timer: (moment: Duration, task: Task<Void, Never>)?

    mutating func replace(_ kind: Kind, with task: Task<Void, Never>) {
        running.updateValue(task, forKey: kind)?.cancel()
    }

    mutating func cancel(_ kind: Kind) {
        running.removeValue(forKey: kind)?.cancel()
    }

    /// Sets the one timer to the earliest deadline; nil stops it.
    mutating func wake(at moment: Duration?, _ body: @escaping @Sendable () -> Void) {
        if let moment, let timer, timer.moment == moment { return }
        timer?.task.cancel()
        timer = moment.map { moment in
            let task = Task {
                do {
                    try await Task.sleep(until: .at(moment), clock: .continuous)
                    body()
                } catch {}
            }
            return (moment, task)
        }
    }

    /// The timer fired. If it fired a little early, the next ``wake(at:_:)`` sets it again for the same moment.
    mutating func rang() {
        timer?.task.cancel()
        timer = nil
    }

    mutating func cancelAll() {
        running.values.forEach { $0.cancel() }
        timer?.task.cancel()
    }
}
