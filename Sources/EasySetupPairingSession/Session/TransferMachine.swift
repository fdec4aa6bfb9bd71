import EasySetupChain
import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// The transfer of the seed or of a membership, after both devices have proved that they know the code. It is for both
/// roles: the holder asks its user and sends what it gives; the receiver stores that and sends the receipt.
struct TransferMachine<Handshake: SeedTransferring & ~Copyable>: ~Copyable {
    // A test compares these cases with the states in the formal model of the protocol, which is written in Promela.
    // The model is `Protocol/model/pairing.pml`, `mtype:Stage`.
    enum Stage {
        /// Holder: this device asks its user whether to send the seed. Next: `given`, `closing`, `over`.
        case deciding(Question)
        /// Holder: the seed was sent. Next: `over`.
        case given
        /// Receiver: the other device is asking its user. Next: `accepting`, `storing`, `closing`, `over`.
        case waiting
        /// Receiver: this device has the seed or a membership and is asking its user. Next: `storing`, `closing`, `over`.
        case accepting(ChainAccess)
        /// Receiver: the store is saving the seed. From this stage on, the network can't change the result. Next:
        /// `lingering`, `closing`, `over`.
        case storing(ChainAccess)
        /// Receiver: the seed is stored, and this device has sent the receipt and waits for its acknowledgement. Next:
        /// `over`.
        case lingering
        /// The user has seen the outcome, and this device waits for the acknowledgement of its last message. Next:
        /// `over`.
        case closing
        /// The transfer of the seed has ended, with success or without.
        case over
    }

    /// The question to a holder's user whether to send the seed. It counts wrong confirmation words and empty answers,
    /// because this device asks again after each.
    struct Question {
        /// The number of the user's current try at the confirmation word, from 1. An empty answer does not use up a
        /// try.
        var attempt = 1
        var blanks = 0
        var mistake: ConfirmationWords.Match?
        /// Whether the user typed a confirmation word that is not one of this pairing's two, as the screen of another
        /// pairing would show it.
        var sawOther = false
    }

    /// The moment at which this device stops waiting for the event that its ``Stage`` needs, such as an answer of the
    /// user.
    var deadline: Duration
    /// The latest moment for ``deadline`` that this device accepts when the relay moves it.
    let latest: Duration
    var stage: Stage
    /// The handshake, which encrypts this device's messages and decrypts those of the peer.
    var handshake: Handshake
    let peer: Peer
    let role: Role
    let place: PairingSide
    let part: PairingPart
    let asksFirst: Bool
    let codeAge: Duration
    let limits: ClientLimits

    /// - Parameters:
    ///   - part: what this device has, and what it gives.
    ///   - asksFirst: whether a receiver asks its user before it stores the seed. The receiver's proof has told the
    ///     holder so.
    ///   - deadline: the moment at which the pairing expires.
    init(
        _ handshake: consuming Handshake,
        peer: Peer,
        place: PairingSide,
        part: PairingPart,
        asksFirst: Bool = false,
        codeAge: Duration,
        deadline: Duration,
        limits: ClientLimits
    ) {
        self.handshake = handshake
        self.peer = peer
        self.place = place
        self.part = part
        self.asksFirst = asksFirst
        self.codeAge = codeAge
        self.deadline = deadline
        latest = deadline
        self.limits = limits
        role = part.role
        stage = part.role == .receiver ? .waiting : .deciding(Question())
    }

    /// Whether the user has seen the outcome. After that, neither the app nor the network can change it.
    var hasOutcome: Bool {
        switch stage {
        case .lingering, .closing, .over: true
        case .deciding, .given, .waiting, .accepting, .storing: false
        }
    }

    /// The state that the app should show now; nil after the user has seen the outcome.
    var current: PairingState? {
        switch stage {
        case .deciding: .deciding(peer, deadline: .at(deadline))
        case .waiting: .waiting(peer, deadline: .at(deadline))
        // Storing takes only a moment. A user who has just accepted the seed on this device keeps seeing the same
        // screen, because the state `waiting` would tell the user to answer on the other device.
        case .storing: asksFirst ? nil : .waiting(peer, deadline: .at(deadline))
        case .accepting(let access): .accepting(request(to: access))
        case .given: .given(peer, deadline: .at(deadline))
        case .lingering, .closing, .over: nil
        }
    }

    /// The steps at the beginning of the transfer.
    func start() -> [TransferStep] {
        switch role {
        case .holder: [.show(.deciding(peer, deadline: .at(deadline))), .ask(request(Question()))]
        case .receiver: [.show(.waiting(peer, deadline: .at(deadline)))]
        }
    }

    /// The relay has moved the deadline. The device accepts no deadline later than its own limit, ``latest``.
    ///
    /// - Returns: the state with the new deadline, to be shown; nil if the deadline moves by less than a second.
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

    /// Both devices have proved that they know the code, but they can't pair: both hold a seed, for example. This
    /// device shows the outcome, and the peer learns of it from this device's proof.
    mutating func mismatched(_ error: HandshakeError, now: Duration) -> [TransferStep] {
        stage = .closing
        deadline = now + limits.farewell
        return [.show(.failed(part.error(for: error)))]
    }

    /// A message of the peer arrived; `number` counts the peer's messages from 1.
    mutating func received(_ body: [UInt8], number: UInt32, now: Duration) -> [TransferStep] {
        do throws(HandshakeError) {
            switch try handshake.receiveTransfer(body, number: number) {
            case .seed(let package):
                guard case .waiting = stage else { throw .malformed }
                let createdAt = package.createdAt
                guard let seed = try? SyncSeed(bytes: package.take(), createdAt: createdAt) else { throw .malformed }
                return received(.seed(seed))
            case .membership(let membership):
                guard case .waiting = stage else { throw .malformed }
                return received(.membership(membership))
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

    private mutating func received(_ access: ChainAccess) -> [TransferStep] {
        guard asksFirst else {
            stage = .storing(access)
            return [.store(access)]
        }
        stage = .accepting(access)
        // The user must answer some seconds before the room expires, so that a refusal still reaches the holder.
        deadline -= limits.farewell
        let request = request(to: access)
        return [.show(.accepting(request)), .askToAccept(request)]
    }

    mutating func stored(now: Duration) -> [TransferStep] {
        guard case .storing(let access) = stage else { return [] }
        stage = .lingering
        deadline = now + limits.linger
        guard let receipt = try? handshake.stored(userID: access.userID.bytes) else {
            // The handshake can't make a receipt, because the meeting is gone. The pairing is a success nevertheless,
            // because the seed or the membership is stored.
            return [.show(outcome(access.userID, access.scope)), .end(leaving: nil)]
        }
        return [.send(receipt), .show(outcome(access.userID, access.scope))]
    }

    mutating func notStored(_ error: StoreError, now: Duration) -> [TransferStep] {
        guard case .storing = stage else { return [] }
        let isClash = if case .otherSeedStored = error.kind { true } else { false }
        return refuse(isClash ? .otherSeed : .notStored, as: .store(error), now: now)
    }

    /// A message of the peer was invalid, or was a refusal.
    mutating func fail(_ error: HandshakeError, now: Duration) -> [TransferStep] {
        let shown: PairingError
        var steps: [TransferStep] = []
        switch stage {
        // After the seed has arrived, no message of the holder can take it away.
        case .accepting, .storing, .lingering, .closing, .over: return []
        case .deciding:
            steps.append(.stopAsking)
            shown = error == .timedOut ? late(.both) : PairingError(error, peer: .receiver)
        case .waiting: shown = PairingError(error, peer: .holder)
        // Without the receiver's help, the relay can replace the receipt by a broken message. So such a message does
        // not tell whether the receiver has stored the seed.
        case .given: shown = error.isUnauthenticated ? .sentNotConfirmed : PairingError(error, peer: .receiver)
        }
        stage = .over
        return steps + [.show(.failed(shown)), .acknowledge, .end(leaving: Reason(error))]
    }

    /// The user, or the app, has stopped the pairing.
    mutating func cancelled(now: Duration) -> [TransferStep] {
        switch stage {
        case .deciding, .waiting, .accepting: return refuse(.cancelled, as: .cancelledHere, now: now)
        // It is too late to stop, because the store may have saved the seed already, which is a success.
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
            // The stage `storing` ends only when the store answers, so the deadline moves on. If the deadline ended
            // this stage, the pairing could fail although the seed is stored.
            deadline = now + limits.linger
            return []
        case .given:
            // Nothing comes through to a device without a connection. It may have one again in time, and then the
            // receipt is there within a moment.
            if reach != .both, deadline < latest {
                deadline = latest
                return [.show(.given(peer, deadline: .at(deadline)))]
            }
            // This device sends the relay no `leave`, because the relay would then drop the message with the seed. A
            // receiver that reconnects may still fetch it.
            stage = .over
            return [.show(.failed(.sentNotConfirmed)), .end(leaving: nil)]
        case .lingering, .closing:
            // This device sends the relay no `leave`, because the relay would then drop the messages that the peer has
            // not fetched yet.
            stage = .over
            return [.end(leaving: nil)]
        case .over: return []
        }
    }

    /// The peer has acknowledged all messages of this device.
    mutating func allAcknowledged() -> [TransferStep] {
        switch stage {
        case .lingering, .closing:
            stage = .over
            return [.end(leaving: .done)]
        case .deciding, .given, .waiting, .accepting, .storing, .over: return []
        }
    }

    /// The meeting is gone, because the relay has ended it or the connection did not come back. This device can't send
    /// messages any more.
    mutating func meetingLost(_ error: PairingError, reach: Reach) -> [TransferStep] {
        // If the relay reports that the room has expired, the time in which a user could answer the question about the
        // seed is over. So the error says whose answer is missing.
        let error = error == .expired ? late(reach) : error
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

    /// The error for a missing answer. It tells whether a user, the other device or the network is at fault.
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
        switch part {
        case .holder(let seed, let gift): outcome(seed.userID, gift.scope)
        case .receiver: .failed(.fault)
        }
    }

    private func outcome(_ userID: UserID, _ scope: AccessScope) -> PairingState {
        .paired(Paired(userID: userID, role: role, peer: peer, scope: scope))
    }
}

extension HandshakeError {
    /// Whether somebody who does not have the session's keys could have caused the error.
    fileprivate var isUnauthenticated: Bool {
        switch self {
        case .malformed, .outOfOrder, .replayed, .wrongSuite, .wrongProof, .codeKnown, .codeBurnt, .expired, .seated:
            true
        case .bothHold, .alreadyPaired, .bothReceive, .linkDirection, .declined, .cancelled, .nobodyToAsk, .timedOut,
            .notStored,
            .otherSeed, .wrongReceipt:
            false
        }
    }
}

/// A step of the transfer of the seed from the holder to the receiver. The session carries it out.
enum TransferStep {
    /// Send the next message to the peer.
    case send([UInt8])
    /// Send an acknowledgement as a frame of its own, because this device sends no further message that could carry it.
    case acknowledge
    case show(PairingState)
    case ask(ApprovalRequest)
    case askToAccept(AcceptanceRequest)
    case stopAsking
    case store(ChainAccess)
    /// End the session. If there is a reason, this device tells it to the relay first. There is no reason if no relay
    /// would read it, or if the relay would then drop messages that the peer has not fetched yet.
    case end(leaving: Reason?)
}
