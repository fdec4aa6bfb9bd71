import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// The transfer of the seed after the proofs, for both roles: ask, send or receive, store, confirm, leave.
struct TransferMachine<Handshake: SeedTransferring & ~Copyable>: ~Copyable {
    // The model is `Protocol/model/pairing.pml`, `mtype:Stage`.
    enum Stage {
        /// Holder: the user is asked. Next: `given`, `closing`, `over`.
        case deciding(Question)
        /// Holder: the seed was sent. Next: `over`.
        case given
        /// Receiver: the other user is asked. Next: `accepting`, `storing`, `closing`, `over`.
        case waiting
        /// Receiver: the seed arrived, and this device's user is asked whether to store it. Next: `storing`, `closing`,
        /// `over`.
        case accepting(SyncSeed)
        /// Receiver: the seed is being stored; from here on the network can't change the result. Next: `lingering`,
        /// `closing`, `over`.
        case storing(SyncSeed)
        /// Receiver: the seed is stored and the receipt was sent. Next: `over`.
        case lingering
        /// The outcome was shown, and the last message was sent. Next: `over`.
        case closing
        /// Done.
        case over
    }

    /// The state of the question to a holder's user, with the answers so far.
    struct Question {
        /// The number of this question; an empty answer is not counted.
        var attempt = 1
        var blanks = 0
        var mistake: ConfirmationWords.Match?
        /// Whether the user typed a word that another pairing's screen would show.
        var sawOther = false
    }

    /// The moment at which the stage changes without an event.
    var deadline: Duration
    /// The latest moment to which the relay can move the deadline.
    let latest: Duration
    var stage: Stage
    /// The handshake, which seals the messages of the transfer and opens those of the peer.
    var handshake: Handshake
    let peer: Peer
    let role: Role
    let place: PairingSide
    let seed: SyncSeed?
    let asksFirst: Bool
    let codeAge: Duration
    let limits: ClientLimits

    /// - Parameters:
    ///   - seed: the holder's seed; nil for a receiver.
    ///   - asksFirst: whether a receiver asks its user before it stores the seed, as its proof has announced.
    ///   - deadline: the moment at which the seated pairing expires.
    init(
        _ handshake: consuming Handshake,
        peer: Peer,
        place: PairingSide,
        seed: SyncSeed?,
        asksFirst: Bool = false,
        codeAge: Duration,
        deadline: Duration,
        limits: ClientLimits
    ) {
        self.handshake = handshake
        self.peer = peer
        self.place = place
        self.seed = seed
        self.asksFirst = asksFirst
        self.codeAge = codeAge
        self.deadline = deadline
        latest = deadline
        self.limits = limits
        role = seed == nil ? .receiver : .holder
        stage = seed == nil ? .waiting : .deciding(Question())
    }

    /// Whether the outcome was shown, so that neither the app nor the network can change it.
    var hasOutcome: Bool {
        switch stage {
        case .lingering, .closing, .over: true
        case .deciding, .given, .waiting, .accepting, .storing: false
        }
    }

    /// The state to show now; nil once the outcome was shown.
    var current: PairingState? {
        switch stage {
        case .deciding: .deciding(peer, deadline: .at(deadline))
        case .waiting: .waiting(peer, deadline: .at(deadline))
        // Storing takes a moment, so the screen stays as it is; a user who has just answered here must not be sent to
        // the other device.
        case .storing: asksFirst ? nil : .waiting(peer, deadline: .at(deadline))
        case .accepting(let seed): .accepting(request(to: seed))
        case .given: .given(peer, deadline: .at(deadline))
        case .lingering, .closing, .over: nil
        }
    }

    /// The first steps.
    func start() -> [TransferStep] {
        switch role {
        case .holder: [.show(.deciding(peer, deadline: .at(deadline))), .ask(request(Question()))]
        case .receiver: [.show(.waiting(peer, deadline: .at(deadline)))]
        }
    }

    /// The relay moved the deadline, but never beyond what the limits allow.
    /// - Returns: the state to show again; nil where a person sees no difference.
    mutating func move(deadline new: Duration) -> PairingState? {
        let old = deadline
        switch stage {
        case .deciding, .waiting: deadline = min(new, latest)
        case .accepting: deadline = min(new, latest) - limits.farewell
        case .given, .storing, .lingering, .closing, .over: break
        }
        let change = deadline - old
        return change <= .seconds(-1) || change >= .seconds(1) ? current : nil
    }

    /// The proofs are right, but these two devices can't pair: the outcome is shown, and this device's proof tells the
    /// peer.
    mutating func mismatched(_ error: HandshakeError, now: Duration) -> [TransferStep] {
        stage = .closing
        deadline = now + limits.farewell
        return [.show(.failed(PairingError(error)))]
    }

    /// A message of the peer arrived.
    mutating func received(_ body: [UInt8], number: UInt32, now: Duration) -> [TransferStep] {
        do throws(HandshakeError) {
            switch try handshake.receiveTransfer(body, number: number) {
            case .seed(let package):
                guard case .waiting = stage else { throw .malformed }
                let createdAt = package.createdAt
                guard let seed = try? SyncSeed(bytes: package.take(), createdAt: createdAt) else { throw .malformed }
                return received(seed)
            case .confirmed:
                guard case .given = stage else { throw .malformed }
                stage = .over
                return [.show(outcome), .acknowledge, .end(leaving: .done)]
            case .prove: throw .outOfOrder
            case .proven: throw .outOfOrder
            case .mismatched: throw .outOfOrder
            case .notBefore: throw .outOfOrder
            }
        } catch {
            return fail(error, now: now)
        }
    }

    private mutating func received(_ seed: SyncSeed) -> [TransferStep] {
        guard asksFirst else {
            stage = .storing(seed)
            return [.store(seed)]
        }
        stage = .accepting(seed)
        // The answer is due before the room expires, so that a refusal still reaches the holder.
        deadline -= limits.farewell
        let request = request(to: seed)
        return [.show(.accepting(request)), .askToAccept(request)]
    }

    mutating func stored(now: Duration) -> [TransferStep] {
        guard case .storing(let seed) = stage else { return [] }
        stage = .lingering
        deadline = now + limits.linger
        guard let receipt = try? handshake.stored(userID: seed.userID.bytes) else {
            // The meeting is gone, but the seed is stored, so the pairing is a success.
            return [.show(outcome(seed)), .end(leaving: nil)]
        }
        return [.send(receipt), .show(outcome(seed))]
    }

    mutating func notStored(_ error: StoreError, now: Duration) -> [TransferStep] {
        guard case .storing = stage else { return [] }
        let isClash = if case .otherSeedStored = error.kind { true } else { false }
        return refuse(isClash ? .otherSeed : .notStored, as: .store(error), now: now)
    }

    /// A message of the peer was invalid, or was a sealed refusal.
    mutating func fail(_ error: HandshakeError, now: Duration) -> [TransferStep] {
        let shown: PairingError
        var steps: [TransferStep] = []
        switch stage {
        // The seed has arrived, and a message after it can't take it away.
        case .accepting, .storing, .lingering, .closing, .over: return []
        case .deciding:
            steps.append(.stopAsking)
            shown = error == .timedOut ? late(.both) : PairingError(error, peer: .receiver)
        case .waiting: shown = PairingError(error, peer: .holder)
        // The relay alone can replace the receipt by a broken message, which tells nothing about the seed.
        case .given: shown = error.isUnauthenticated ? .sentNotConfirmed : PairingError(error, peer: .receiver)
        }
        stage = .over
        return steps + [.show(.failed(shown)), .acknowledge, .end(leaving: Reason(error))]
    }

    /// The user, or the app, stopped.
    mutating func cancelled(now: Duration) -> [TransferStep] {
        switch stage {
        case .deciding, .waiting, .accepting: return refuse(.cancelled, as: .cancelledHere, now: now)
        // It is too late to stop: the seed may be stored already, which is a success.
        case .storing: return []
        case .given:
            stage = .over
            return [.show(.failed(.sentNotConfirmed)), .end(leaving: .cancelled)]
        case .lingering, .closing, .over: return []
        }
    }

    mutating func deadlinePassed(reach: Reach, now: Duration) -> [TransferStep] {
        switch stage {
        case .deciding, .waiting, .accepting: return refuse(.timedOut, as: late(reach), now: now)
        case .storing:
            // Storing ends without a deadline, and a deadline must not turn a stored seed into a failure.
            deadline = now + limits.linger
            return []
        case .given:
            // No goodbye is sent, because the relay would then drop the seed, which a receiver that reconnects may
            // still fetch.
            stage = .over
            return [.show(.failed(.sentNotConfirmed)), .end(leaving: nil)]
        case .lingering, .closing:
            // No goodbye is sent, because the relay would then drop the messages that the peer has not fetched yet.
            stage = .over
            return [.end(leaving: nil)]
        case .over: return []
        }
    }

    /// The peer has acknowledged every message of this device.
    mutating func allAcknowledged() -> [TransferStep] {
        switch stage {
        case .lingering, .closing:
            stage = .over
            return [.end(leaving: .done)]
        case .deciding, .given, .waiting, .accepting, .storing, .over: return []
        }
    }

    /// The meeting is gone, because the relay ended it or the connection did not come back. No more messages can be
    /// sent.
    mutating func meetingLost(_ error: PairingError, reach: Reach) -> [TransferStep] {
        // A seated room expires when the time for the answer is over.
        let error = error == .codeExpired ? late(reach) : error
        switch stage {
        case .deciding, .accepting:
            stage = .over
            return [.stopAsking, .show(.failed(error)), .end(leaving: nil)]
        case .waiting:
            stage = .over
            return [.show(.failed(error)), .end(leaving: nil)]
        case .given:
            stage = .over
            return [.show(.failed(.sentNotConfirmed)), .end(leaving: nil)]
        case .storing: return []
        case .lingering, .closing:
            stage = .over
            return [.end(leaving: nil)]
        case .over: return []
        }
    }

    /// The error for an answer that did not come in time, which tells who did not answer.
    func late(_ reach: Reach) -> PairingError {
        switch stage {
        case .deciding: return .timedOut(.thisUser(.holder))
        case .accepting: return .timedOut(.thisUser(.receiver))
        case .given, .waiting, .storing, .lingering, .closing, .over: break
        }
        return switch reach {
        case .both: .timedOut(.otherUser)
        case .peerAway: .timedOut(.otherDevice)
        case .cutOff: .connectionLost
        }
    }

    private var outcome: PairingState {
        guard let seed else { return .failed(.peerFailed) }
        return outcome(seed)
    }

    private func outcome(_ seed: SyncSeed) -> PairingState {
        .paired(Paired(userID: seed.userID, role: role, peer: peer))
    }
}

extension HandshakeError {
    /// Whether somebody without the session's keys could have caused the error.
    fileprivate var isUnauthenticated: Bool {
        switch self {
        case .malformed, .outOfOrder, .replayed, .wrongSuite, .wrongProof, .codeKnown, .codeBurnt, .expired, .seated:
            true
        case .bothHold, .bothReceive, .linkDirection, .declined, .cancelled, .nobodyToAsk, .timedOut, .notStored,
            .otherSeed, .wrongReceipt:
            false
        }
    }
}

/// A step that the session carries out for the transfer.
enum TransferStep {
    /// Send the next end-to-end message.
    case send([UInt8])
    /// Send an acknowledgement of its own, because no further message will carry it.
    case acknowledge
    case show(PairingState)
    case ask(ApprovalRequest)
    case askToAccept(AcceptanceRequest)
    case stopAsking
    case store(SyncSeed)
    /// End the session. With a reason, the relay is told first; without one, because no relay will read a goodbye, or
    /// because the relay would then drop messages that the peer has not fetched yet.
    case end(leaving: Reason?)
}
