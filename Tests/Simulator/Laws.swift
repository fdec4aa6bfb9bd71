import EasySetup
import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// What must hold in every world.
package enum Law: String, CaseIterable, Sendable {
    /// The seed reached only an approved device that knew the code, or one who won the guess budget.
    case seed
    /// No more guesses than the bound, and no more codes in one act.
    case guesses
    /// Both sides agree on the outcome, or the one that doesn't know says so.
    case agreement
    /// Nobody waits past the deadline.
    case deadline
    /// With honest relays and a network that recovers, every honest pair finishes, and nobody is told of a failure that was
    /// none.
    case finish
    /// A relay holds to its ceilings, and its memory returns to zero.
    case memory
    /// A room that somebody holds, or ever visited, ends by its own people and by time, never by others who want a place.
    case living
    /// A device with a token is never told that there is no place for it.
    case comeback
    /// Strangers get no more than the relay's limits say: frames, cheap empty visits, news of codes that ended.
    case strangers
    /// The same seed takes the same course.
    case course
}

/// A law that did not hold.
package struct Breach: Hashable, Sendable {
    package let law: Law
    package let what: String
}

/// The figures that the laws go by: those of the protocol, not those that a world was given (`Protocol/limits.md`, "Devices").
enum Bounds {
    static let codesPerAct = 3
    static let guessesAgainstOfferer = 3
    static let guessesAgainstVisitor = 3
}

/// A code that was shown, and who tried what against it.
package final class ShownCode {
    package unowned let offerer: Device
    package let slot: String
    /// As a person reads it.
    package let text: String
    let link: String?
    unowned let relay: any RelayEnd
    /// Wrong proofs that were compared, by anybody.
    package fileprivate(set) var guessesAgainstOfferer = 0
    /// Proofs that a stranger in the offerer's place could compare with a guess.
    package fileprivate(set) var guessesAgainstVisitor = 0
    /// How many of them the offerer told its user of.
    var wrongProofsTold = 0
    /// Whether the offerer told its user that somebody knew it who is no device.
    package internal(set) var isKnownTold = false
    /// Whether a stranger has seen one of its guesses confirmed.
    package fileprivate(set) var isWon = false

    init(offerer: Device, offer: Offer, relay: any RelayEnd) {
        self.offerer = offerer
        slot = offer.code.slot
        text = offer.code.revealed()
        link = offer.link?.revealed()
        self.relay = relay
    }

    /// Whether it is on the screen now, and somebody may still come.
    package var isShown: Bool { offerer.act != nil && offerer.shown.last === self }

    /// What a guess is made at: the same secret at another slot would be the same code to whoever guesses.
    var secret: Substring { text.filter { $0 != "-" }.dropFirst(slot.count)[...].dropLast() }
}

extension World {
    package func breach(_ law: Law, _ what: String) {
        trace { "BROKEN \(law.rawValue): \(what)" }
        // The first few tell the story.
        if breaches.count < 16 { breaches.append(Breach(law: law, what: what)) }
    }

    /// The code that is shown at a slot, for strangers who look for life, and for those who know more than they should.
    package func code(at slot: String, of relay: any RelayEnd) -> ShownCode? {
        codes.last { $0.slot == slot && $0.relay === relay }
    }

    /// A wrong proof was compared by the offerer.
    func guessedAgainstOfferer(_ code: ShownCode) {
        code.guessesAgainstOfferer += 1
        let all = guessesAgainstOfferer(code)
        if all > Bounds.guessesAgainstOfferer { breach(.guesses, "\(all) wrong proofs against an offerer's code") }
    }

    /// A stranger got a proof of a visitor's to compare with a guess.
    func guessedAgainstVisitor(_ code: ShownCode) {
        code.guessesAgainstVisitor += 1
        if code.guessesAgainstVisitor > Bounds.guessesAgainstVisitor {
            breach(.guesses, "\(code.guessesAgainstVisitor) guesses against a visitor's code")
        }
    }

    /// A stranger saw that a guess of his was right, and introduced himself as no device.
    func learnt(_ code: ShownCode) {
        if !code.isKnownTold { breach(.guesses, "a right guess passed in silence") }
    }

    /// An offerer took a stranger's guess for right.
    func wonAgainstOfferer(_ code: ShownCode) {
        if code.isKnownTold { breach(.guesses, "a guess was compared after somebody had known the code") }
        let spent = guessesAgainstOfferer(code)
        if spent >= Bounds.guessesAgainstOfferer { breach(.guesses, "a guess after \(spent) wrong ones was compared") }
        won(code)
    }

    /// A stranger in the offerer's place saw that his guess was right.
    func wonAgainstVisitor(_ code: ShownCode) {
        let spent = code.guessesAgainstVisitor
        if spent >= Bounds.guessesAgainstVisitor { breach(.guesses, "a visitor's proof after \(spent) wrong ones") }
        won(code)
    }

    /// A guess was right: within the budget, what follows is won fairly.
    private func won(_ code: ShownCode) {
        trace { "a stranger guessed a code right" }
        code.isWon = true
        wonGuesses += 1
    }

    /// At the same secret, at whatever slot.
    private func guessesAgainstOfferer(_ code: ShownCode) -> Int {
        codes.reduce(0) { $0 + ($1.secret == code.secret ? $1.guessesAgainstOfferer : 0) }
    }

    /// A stranger has got a seed.
    func strangerGot(_ seed: UserID, by code: ShownCode) {
        guard let holder = holders[seed] else { return breach(.seed, "a stranger has a seed from nowhere") }
        if !code.isWon { breach(.seed, "a stranger has \(holder.name)'s seed and guessed nothing") }
        if !holder.hasApproved { breach(.seed, "a stranger has \(holder.name)'s seed, and nobody was asked") }
        seedsWon += 1
    }

    /// An honest device is about to store a seed.
    func stores(_ seed: SyncSeed, _ device: Device) {
        guard let holder = holders[seed.userID] else {
            // A stranger's own seed: whoever guessed right may give what he likes.
            if device.codesInPlay.allSatisfy({ !$0.isWon }) { breach(.seed, "\(device.name) stores a stranger's seed") }
            return
        }
        guard holder.user === device.user else { return breach(.seed, "\(device.name) stores \(holder.name)'s seed") }
        guard holder.hasApproved, let words = device.act?.words, holder.approvedWords.contains(words) else {
            return breach(.seed, "\(device.name) stores a seed that its holder's user did not approve")
        }
        let shown = Set(device.user.offerer.shown.flatMap { [$0.text, $0.link].compactMap(\.self) })
        if device.user.visitor.acts.last(where: { $0.invitation != nil })?.invitation.map(shown.contains) != true {
            breach(.seed, "\(device.name) did not know the code")
        }
    }

    /// The laws of a device's act, when it is over.
    func judge(_ act: Act, of device: Device) {
        guard let end = act.end else { return }
        let slack = device.slept + act.storing
        if end - act.start > act.longest(limits) + slack {
            breach(.deadline, "\(device.name) took \(end - act.start) for one act")
        }
        if act.codes > Bounds.codesPerAct { breach(.guesses, "\(device.name) showed \(act.codes) codes in one act") }
        guard let outcome = act.outcome else { return breach(.agreement, "\(device.name) never said how it ended") }
        if !device.holds, (act.stored != nil) != (outcome == .paired) {
            breach(.agreement, "\(device.name) \(act.stored == nil ? "has no" : "has a") seed and says \(outcome)")
        }
        if isFair, case .failed(let error) = outcome, !may(device, act, failWith: error) {
            breach(.finish, "\(device.name) failed with \(error.name)")
        }
    }

    /// The laws of a pair, when all is over.
    func judge(_ user: User) {
        let (holder, receiver) = user.offerer.holds ? (user.offerer, user.visitor) : (user.visitor, user.offerer)
        for device in [holder, receiver] where device.act != nil {
            breach(.deadline, "\(device.name) is still at it")
        }
        guard user.offerer.holds != user.visitor.holds else {
            if user.visitor.acts.contains(where: { $0.outcome == .paired }), !user.hasLostAGuess {
                breach(.agreement, "\(user.visitor.name) paired although both have the same role")
            }
            return
        }
        let last = holder.acts.last { $0.givenAt != nil }?.outcome
        let stored = receiver.acts.compactMap(\.stored).last
        let isOurs = stored.map { stored in holder.seed.map { $0.isSame(as: stored) } ?? false } ?? false
        switch last {
        case .paired where !isOurs && !user.hasLostAGuess:
            breach(.agreement, "\(holder.name) says paired, \(receiver.name) has nothing")
        case .paired, .failed(.sentNotConfirmed): break
        case .failed(let error) where isOurs:
            breach(.agreement, "\(holder.name) says \(error.name), \(receiver.name) has the seed")
        case nil where isOurs: breach(.agreement, "\(receiver.name) has a seed that \(holder.name) never gave")
        case .failed, nil: break
        }
        if isFair, !user.habits.stops, !isOurs { breach(.finish, "user \(user.number) did not finish") }
    }
}

extension World {
    private var isAmongStrangers: Bool { kind == .crowded || kind == .filled }

    /// A device that came with a token was refused.
    func refused(_ device: Device, _ reason: Reason) {
        guard isFair else { return }
        switch reason {
        case .relayFull, .tooMany: breach(.comeback, "\(device.name) comes with a token and hears \(reason)")
        default: break
        }
    }

    /// Whether an honest device in a fair world may end so. Everything that is here must be said in `Protocol/errors.md`, and
    /// be followed by a pairing all the same.
    private func may(_ device: Device, _ act: Act, failWith error: PairingError) -> Bool {
        let relay = device.relay as? Relay
        let forgets = relay?.forgotAt.count { $0 >= act.start } ?? 0
        let code = act.invitation.flatMap { text in codes.last { $0.text == text || $0.link == text } }
        let isReplaced = act.invitation != nil && code?.isShown != true
        switch error {
        // Before the relay has given it a token nothing is lost, and a person hears at once that the relay can't be reached.
        case .relayUnreachable, .relayDraining: return !act.hasToken
        // A proof that was under way when its connection was lost, while others waited, is a try spent.
        case .connectionLost: return !act.hasToken || isAmongStrangers && act.isTrySpent() && act.words == nil
        case .cancelledHere: return true
        case .relayForgot: return forgets > 0
        // Used up by guesses, or replaced because it was crowded.
        case .codeBurnt: return isReplaced || isAmongStrangers
        // The offerer has left, and its last word was lost with its connection.
        case .codeExpired, .timedOut: return isReplaced && act.words == nil
        case .codesSpent:
            let burnt = device.shown.suffix(act.codes).count { $0.wrongProofsTold == Bounds.guessesAgainstOfferer }
            return isAmongStrangers || burnt + forgets >= Bounds.codesPerAct
        // Places that it lost with its connections still count.
        case .lineFull: return isAmongStrangers
        // After a restart nobody knows a slot before its offerer is back.
        case .noSuchCode:
            guard let restarted = relay?.restartedAt, let code else { return false }
            return isReplaced || code.offerer.answeredAt.map { $0 >= act.start || $0 < restarted } ?? true
        // The way back was gone for too long, or storing takes too long, or the relay forgot: its holder can't know.
        case .sentNotConfirmed:
            let other = device === device.user.offerer ? device.user.visitor : device.user.offerer
            return forgets > 0 || other.acts.contains { $0.storing > .zero }
                || act.givenAt.map { $0 < calm + limits.silence * 2 } ?? false
        default: return false
        }
    }
}
