import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// The answers of the two users, and what this device says last.
extension TransferMachine where Handshake: ~Copyable {
    /// The holder's user has answered whether to send the seed.
    mutating func answered(_ answer: Approval, now: Duration) -> [TransferStep] {
        guard case .deciding(let question) = stage, let seed else { return [] }
        switch answer {
        case .decline: return refuse(.declined, as: .declinedHere(.holder), now: now)
        case .unclear: return refuse(.cancelled, as: .notConfirmed(.holder), now: now)
        case .nobodyToAsk: return refuse(.nobodyToAsk, as: .nobodyToAsk(.holder), now: now)
        case .approve where place == .offerer: return give(seed, now: now)
        // A plain yes is not enough where a word is needed.
        case .approve: return mistyped(.slip, question, now: now)
        case .word(let word):
            let match = peer.words.match(typed: word)
            guard match == .right else { return mistyped(match, question, now: now) }
            return give(seed, now: now)
        }
    }

    /// Asks the user again, a limited number of times.
    private mutating func mistyped(_ mistake: ConfirmationWords.Match, _ asked: Question, now: Duration)
        -> [TransferStep]
    {
        var question = asked
        question.mistake = mistake
        question.sawOther = asked.sawOther || mistake == .other
        if mistake == .nothing {
            // An empty answer is not a try. It is bounded all the same, because an app that answers by itself would be
            // asked without end.
            question.blanks += 1
            guard question.blanks < limits.wordTries else {
                return refuse(.cancelled, as: .notConfirmed(.holder), now: now)
            }
        } else {
            guard question.attempt < limits.wordTries else {
                return refuse(.declined, as: .wrongWord(isOther: question.sawOther), now: now)
            }
            question.attempt += 1
        }
        stage = .deciding(question)
        return [.ask(request(question))]
    }

    /// A receiver's user has answered whether to store the seed.
    mutating func accepted(_ answer: Acceptance, now: Duration) -> [TransferStep] {
        guard case .accepting(let seed) = stage else { return [] }
        switch answer {
        case .accept:
            stage = .storing(seed)
            return [.store(seed)]
        case .decline: return refuse(.declined, as: .declinedHere(.receiver), now: now)
        case .unclear: return refuse(.cancelled, as: .notConfirmed(.receiver), now: now)
        case .nobodyToAsk: return refuse(.nobodyToAsk, as: .nobodyToAsk(.receiver), now: now)
        }
    }

    private mutating func give(_ seed: SyncSeed, now: Duration) -> [TransferStep] {
        do {
            let package = try handshake.give(
                seed: seed.clonedBytes(),
                createdAt: seed.createdAt,
                userID: seed.userID.bytes
            )
            stage = .given
            // The receipt takes as long as a person takes, where the receiver asks its user first.
            deadline = max(now + limits.receiptTimeout, peer.device.asksFirst ? latest : now)
            return [.send(package), .show(.given(peer, deadline: .at(deadline)))]
        } catch {
            return fail(error, now: now)
        }
    }

    /// Shows the error, and tells the peer.
    mutating func refuse(_ refusal: Refusal, as error: PairingError, now: Duration) -> [TransferStep] {
        var steps: [TransferStep] = isAsking ? [.stopAsking] : []
        steps.append(.show(.failed(error)))
        stage = .closing
        deadline = now + limits.farewell
        if let message = (try? handshake.refuse(refusal)) ?? nil {
            steps.append(.send(message))
        } else {
            stage = .over
            steps.append(.end(leaving: .cancelled))
        }
        return steps
    }

    private var isAsking: Bool {
        switch stage {
        case .deciding, .accepting: true
        case .given, .waiting, .storing, .lingering, .closing, .over: false
        }
    }

    func request(_ question: Question) -> ApprovalRequest {
        ApprovalRequest(
            peer: peer,
            codeAge: codeAge,
            needsWord: place == .visitor,
            attempt: question.attempt,
            mistake: question.mistake,
            deadline: .at(deadline)
        )
    }

    func request(to seed: SyncSeed) -> AcceptanceRequest {
        AcceptanceRequest(peer: peer, userID: seed.userID, codeAge: codeAge, deadline: .at(deadline))
    }
}

extension SyncSeed {
    /// A second copy of the bytes in locked memory, for the time in which they are sealed.
    func clonedBytes() -> SecretBytes {
        withBytes { SecretBytes(copying: $0) }
    }
}
