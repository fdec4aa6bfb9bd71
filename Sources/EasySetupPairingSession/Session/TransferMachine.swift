import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// The transfer of the seed after the proofs, for both roles: ask, send or receive, store, confirm, leave.
struct TransferMachine {
    /// An action that the session carries out for the transfer.
    enum Step {
        /// Send the next end-to-end message.
        case send([UInt8])
        /// Send an acknowledgement of its own, because no further message will carry it.
        case acknowledge
        case show(PairingState)
        case ask(ApprovalRequest)
        case askToAccept(AcceptanceRequest)
        case stopAsking
        case store(SyncSeed)
        /// Say goodbye to the relay with this reason, and end the session.
        case leave(Reason)
        /// End the session without a goodbye, because no relay will read it.
        case finish
    }

    /// The connections that exist at the timeout, as far as this device can know.
    enum Reach {
        case both
        /// The relay has reported that the other device is not connected.
        case peerAway
        /// This device is not connected.
        case cutOff
    }

    // The model is `Protocol/model/pairing.pml`, `mtype:Stage`.
    private enum Stage {
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
    private struct Question {
        /// The number of this question; an empty answer is not counted.
        var attempt = 1
        var blanks = 0
        var mistake: ConfirmationWords.Match?
        /// Whether the user typed a word that another pairing's screen would show.
        var sawOther = false
    }

    /// The moment at which the stage changes without an event.
    private(set) var deadline: Duration
    /// The latest moment to which the relay can move the deadline.
    private let latest: Duration
    private var stage: Stage
    private let peer: Peer
    private let role: Role
    private let place: PairingSide
    private let seed: SyncSeed?
    private let asksFirst: Bool
    private let codeAge: Duration
    private let limits: ClientLimits

    /// - Parameters:
    ///   - seed: the holder's seed; nil for a receiver.
    ///   - asksFirst: whether a receiver asks its user before it stores the seed, as its proof has announced.
    ///   - deadline: the moment at which the seated pairing expires.
    init(
        peer: Peer,
        place: PairingSide,
        seed: SyncSeed?,
        asksFirst: Bool = false,
        codeAge: Duration,
        deadline: Duration,
        limits: ClientLimits
    ) {
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
    func start() -> [Step] {
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
    mutating func mismatched(_ error: HandshakeError, now: Duration) -> [Step] {
        stage = .closing
        deadline = now + limits.farewell
        return [.show(.failed(PairingError(error)))]
    }

    mutating func answered(
        _ answer: Approval,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        guard case .deciding(let question) = stage, let seed else { return [] }
        switch answer {
        case .decline: return refuse(.declined, as: .declinedHere(.holder), side: &side, now: now)
        case .unclear: return refuse(.cancelled, as: .notConfirmed(.holder), side: &side, now: now)
        case .nobodyToAsk: return refuse(.nobodyToAsk, as: .nobodyToAsk(.holder), side: &side, now: now)
        case .approve where place == .offerer: return give(seed, side: &side, now: now)
        // A plain yes is not enough where a word is needed.
        case .approve: return mistyped(.slip, question, side: &side, now: now)
        case .word(let word):
            let match = peer.words.match(typed: word)
            guard match == .right else { return mistyped(match, question, side: &side, now: now) }
            return give(seed, side: &side, now: now)
        }
    }

    /// Asks the user again, a limited number of times.
    private mutating func mistyped(
        _ mistake: ConfirmationWords.Match,
        _ asked: Question,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        var question = asked
        question.mistake = mistake
        question.sawOther = asked.sawOther || mistake == .other
        if mistake == .nothing {
            // An empty answer is not a try. It is bounded all the same, because an app that answers by itself would be
            // asked without end.
            question.blanks += 1
            guard question.blanks < limits.wordTries else {
                return refuse(.cancelled, as: .notConfirmed(.holder), side: &side, now: now)
            }
        } else {
            guard question.attempt < limits.wordTries else {
                return refuse(.declined, as: .wrongWord(isOther: question.sawOther), side: &side, now: now)
            }
            question.attempt += 1
        }
        stage = .deciding(question)
        return [.ask(request(question))]
    }

    /// A receiver's user has answered whether to store the seed.
    mutating func accepted(
        _ answer: Acceptance,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        guard case .accepting(let seed) = stage else { return [] }
        switch answer {
        case .accept:
            stage = .storing(seed)
            return [.store(seed)]
        case .decline: return refuse(.declined, as: .declinedHere(.receiver), side: &side, now: now)
        case .unclear: return refuse(.cancelled, as: .notConfirmed(.receiver), side: &side, now: now)
        case .nobodyToAsk: return refuse(.nobodyToAsk, as: .nobodyToAsk(.receiver), side: &side, now: now)
        }
    }

    /// Takes the result of reading a message of the peer.
    mutating func received(
        _ received: consuming Received,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        switch (consume received) {
        case .seed(let package):
            guard case .waiting = stage else { return fail(.malformed, side: &side, now: now) }
            let createdAt = package.createdAt
            guard let seed = try? SyncSeed(bytes: package.take(), createdAt: createdAt) else {
                return fail(.malformed, side: &side, now: now)
            }
            guard asksFirst else {
                stage = .storing(seed)
                return [.store(seed)]
            }
            stage = .accepting(seed)
            // The answer is due before the room expires, so that a refusal still reaches the holder.
            deadline -= limits.farewell
            let request = request(to: seed)
            return [.show(.accepting(request)), .askToAccept(request)]
        case .confirmed:
            guard case .given = stage else { return fail(.malformed, side: &side, now: now) }
            stage = .over
            return [.show(outcome), .acknowledge, .leave(.done)]
        case .prove: return fail(.outOfOrder, side: &side, now: now)
        case .proven: return fail(.outOfOrder, side: &side, now: now)
        case .mismatched: return fail(.outOfOrder, side: &side, now: now)
        case .notBefore: return fail(.outOfOrder, side: &side, now: now)
        }
    }

    mutating func stored(side: inout some SeedTransferring & ~Copyable, now: Duration) -> [Step] {
        guard case .storing(let seed) = stage else { return [] }
        stage = .lingering
        deadline = now + limits.linger
        guard let receipt = try? side.stored(userID: seed.userID.bytes) else {
            // The meeting is gone, but the seed is stored, so the pairing is a success.
            return [.show(outcome(seed)), .finish]
        }
        return [.send(receipt), .show(outcome(seed))]
    }

    mutating func notStored(
        _ error: StoreError,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        guard case .storing = stage else { return [] }
        let isClash = if case .otherSeedStored = error.kind { true } else { false }
        return refuse(isClash ? .otherSeed : .notStored, as: .store(error), side: &side, now: now)
    }

    /// A message of the peer was invalid, or was a sealed refusal.
    mutating func fail(
        _ error: HandshakeError,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        let shown: PairingError
        var steps: [Step] = []
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
        return steps + [.show(.failed(shown)), .acknowledge, .leave(Reason(error))]
    }

    /// The user, or the app, stopped.
    mutating func cancelled(side: inout some SeedTransferring & ~Copyable, now: Duration) -> [Step] {
        switch stage {
        case .deciding, .waiting, .accepting: return refuse(.cancelled, as: .cancelledHere, side: &side, now: now)
        // It is too late to stop: the seed may be stored already, which is a success.
        case .storing: return []
        case .given:
            stage = .over
            return [.show(.failed(.sentNotConfirmed)), .leave(.cancelled)]
        case .lingering, .closing, .over: return []
        }
    }

    mutating func deadlinePassed(
        side: inout some SeedTransferring & ~Copyable,
        reach: Reach,
        now: Duration
    ) -> [Step] {
        switch stage {
        case .deciding, .waiting, .accepting: return refuse(.timedOut, as: late(reach), side: &side, now: now)
        case .storing:
            // Storing ends without a deadline, and a deadline must not turn a stored seed into a failure.
            deadline = now + limits.linger
            return []
        case .given:
            // No goodbye is sent, because the relay would then drop the seed, which a receiver that reconnects may
            // still fetch.
            stage = .over
            return [.show(.failed(.sentNotConfirmed)), .finish]
        case .lingering, .closing:
            // No goodbye is sent, because the relay would then drop the messages that the peer has not fetched yet.
            stage = .over
            return [.finish]
        case .over: return []
        }
    }

    /// The peer has acknowledged every message of this device.
    mutating func allAcknowledged() -> [Step] {
        switch stage {
        case .lingering, .closing:
            stage = .over
            return [.leave(.done)]
        case .deciding, .given, .waiting, .accepting, .storing, .over: return []
        }
    }

    /// The meeting is gone, because the relay ended it or the connection did not come back. No more messages can be
    /// sent.
    mutating func meetingLost(_ error: PairingError, reach: Reach) -> [Step] {
        // A seated room expires when the time for the answer is over.
        let error = error == .codeExpired ? late(reach) : error
        switch stage {
        case .deciding, .accepting:
            stage = .over
            return [.stopAsking, .show(.failed(error)), .finish]
        case .waiting:
            stage = .over
            return [.show(.failed(error)), .finish]
        case .given:
            stage = .over
            return [.show(.failed(.sentNotConfirmed)), .finish]
        case .storing: return []
        case .lingering, .closing:
            stage = .over
            return [.finish]
        case .over: return []
        }
    }

    private mutating func give(
        _ seed: SyncSeed,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        do {
            let package = try side.give(seed: seed.clonedBytes(), createdAt: seed.createdAt, userID: seed.userID.bytes)
            stage = .given
            // The receipt takes as long as a person takes, where the receiver asks its user first.
            deadline = max(now + limits.receiptTimeout, peer.device.asksFirst ? latest : now)
            return [.send(package), .show(.given(peer, deadline: .at(deadline)))]
        } catch {
            return fail(error, side: &side, now: now)
        }
    }

    private mutating func refuse(
        _ refusal: Refusal,
        as error: PairingError,
        side: inout some SeedTransferring & ~Copyable,
        now: Duration
    ) -> [Step] {
        var steps: [Step] = isAsking ? [.stopAsking] : []
        steps.append(.show(.failed(error)))
        stage = .closing
        deadline = now + limits.farewell
        if let message = (try? side.refuse(refusal)) ?? nil {
            steps.append(.send(message))
        } else {
            stage = .over
            steps.append(.leave(.cancelled))
        }
        return steps
    }

    private var isAsking: Bool {
        switch stage {
        case .deciding, .accepting: true
        case .given, .waiting, .storing, .lingering, .closing, .over: false
        }
    }

    /// The error for an answer that did not come in time, which tells who did not answer.
    private func late(_ reach: Reach) -> PairingError {
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

    private func request(_ question: Question) -> ApprovalRequest {
        ApprovalRequest(
            peer: peer,
            codeAge: codeAge,
            needsWord: place == .visitor,
            attempt: question.attempt,
            mistake: question.mistake,
            deadline: .at(deadline)
        )
    }

    private func request(to seed: SyncSeed) -> AcceptanceRequest {
        AcceptanceRequest(peer: peer, userID: seed.userID, codeAge: codeAge, deadline: .at(deadline))
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

extension SyncSeed {
    /// A second copy of the bytes in locked memory, for the time in which they are sealed.
    func clonedBytes() -> SecretBytes {
        withBytes { SecretBytes(copying: $0) }
    }
}
