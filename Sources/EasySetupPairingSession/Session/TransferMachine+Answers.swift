import EasySetupChain
import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// The answers of this device's user (a holder's user approves, a receiver's user accepts), and the message to the peer
/// that follows from each answer.
extension TransferMachine where Handshake: ~Copyable {
    /// The holder's user has answered whether to send the seed.
    mutating func answered(_ answer: Approval, now: Duration) -> [TransferStep] {
        guard case .deciding(let question) = stage, case .holder(let seed, let gift) = part else { return [] }
        switch answer {
        case .decline: return refuse(.declined, as: .declinedHere(.holder), now: now)
        case .unclear: return refuse(.cancelled, as: .notConfirmed(.holder), now: now)
        case .nobodyToAsk: return refuse(.nobodyToAsk, as: .nobodyToAsk(.holder), now: now)
        case .approve where place == .offerer: return give(gift, of: seed, now: now)
        // The user said yes, but had to type a word from the other device's screen.
        case .approve: return mistyped(.slip, question, now: now)
        case .word(let word):
            let match = peer.words.match(typed: word)
            guard match == .right else { return mistyped(match, question, now: now) }
            return give(gift, of: seed, now: now)
        }
    }

    /// Asks the user again after a wrong word. The number of questions is limited.
    private mutating func mistyped(_ mistake: ConfirmationWords.Match, _ asked: Question, now: Duration)
        -> [TransferStep]
    {
        var question = asked
        question.mistake = mistake
        question.sawOther = asked.sawOther || mistake == .other
        if mistake == .nothing {
            // An empty answer does not count as a try. Empty answers have a limit of their own, because otherwise this
            // device would ask without end if an app always answers without its user.
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

    /// The receiver's user has answered whether to store the seed.
    mutating func accepted(_ answer: Acceptance, now: Duration) -> [TransferStep] {
        guard case .accepting(let access) = stage else { return [] }
        switch answer {
        case .accept:
            stage = .storing(access)
            return [.store(access)]
        case .decline: return refuse(.declined, as: .declinedHere(.receiver), now: now)
        case .unclear: return refuse(.cancelled, as: .notConfirmed(.receiver), now: now)
        case .nobodyToAsk: return refuse(.nobodyToAsk, as: .nobodyToAsk(.receiver), now: now)
        }
    }

    private mutating func give(_ gift: Gift, of seed: SyncSeed, now: Duration) -> [TransferStep] {
        do {
            let package =
                switch gift {
                case .seed:
                    try handshake.give(
                        seed: seed.clonedBytes(),
                        createdAt: seed.createdAt,
                        userID: seed.userID.bytes
                    )
                case .membership(let membership): try handshake.give(membership)
                }
            stage = .given
            // If the receiver asks its user first, the receipt takes as long as that user takes, so the deadline is
            // later.
            deadline = max(now + limits.receiptTimeout, peer.device.asksFirst ? latest : now)
            return [.send(package), .show(.given(peer, deadline: .at(deadline)))]
        } catch {
            return fail(error, now: now)
        }
    }

    /// Shows the error to the user, and tells the peer by an encrypted refusal.
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
            scope: scope,
            codeAge: codeAge,
            needsWord: place == .visitor,
            attempt: question.attempt,
            mistake: question.mistake,
            deadline: .at(deadline)
        )
    }

    /// The gift of this device.
    private var scope: AccessScope {
        switch part {
        case .holder(_, let gift): gift.scope
        case .receiver: .everything
        }
    }

    func request(to access: ChainAccess) -> AcceptanceRequest {
        AcceptanceRequest(
            peer: peer,
            userID: access.userID,
            scope: access.scope,
            codeAge: codeAge,
            deadline: .at(deadline)
        )
    }
}

extension SyncSeed {
    /// A second copy of the seed's bytes in locked memory. It exists while the handshake encrypts it into a message.
    func clonedBytes() -> SecretBytes {
        withBytes { SecretBytes(copying: $0) }
    }
}
