import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed

/// The laws: properties that must hold in every world.
package enum Law: String, CaseIterable, Sendable {
    /// The seed reached only an approved device that knew the code, or a stranger that guessed it within the allowed
    /// number of guesses.
    case seed
    /// Strangers made no more guesses than allowed, and no act showed more codes than allowed.
    case guesses
    /// Both devices report the same outcome, or one of them reports that it does not know.
    case agreement
    /// No device waits beyond its deadline.
    case deadline
    /// With honest relays and a network that recovers, every honest pair finishes, and no user is told of a failure
    /// that did not happen.
    case finish
    /// A relay stays within its limits, and forgets everything in the end.
    case memory
    /// Only its own devices or time end a room whose offerer is connected, or that a visitor ever visited. Other
    /// devices that want a place don't end it.
    case living
    /// A relay never refuses a device with a token because it lacks places.
    case comeback
    /// Strangers get no more than the relay's limits allow: frames, visits to empty slots without enough work, and the
    /// reasons why codes ended.
    case strangers
    /// The same random seed gives the same run.
    case course
}

/// A violation of a law.
package struct Breach: Hashable, Sendable {
    package let law: Law
    package let what: String
}

/// The constants that the laws use: those of the protocol, not the limits of a particular world (`Protocol/limits.md`,
/// "Devices").
enum Bounds {
    static let codesPerAct = 3
    static let guessesAgainstOfferer = 3
    static let guessesAgainstVisitor = 3
}

/// A code that a device has shown, and all guesses at it.
package final class ShownCode {
    package unowned let offerer: Device
    package let slot: String
    /// The code as a user reads it.
    package let text: String
    let link: String?
    unowned let relay: any RelayEnd
    /// The number of wrong proofs that the offerer has compared, from any device.
    package fileprivate(set) var guessesAgainstOfferer = 0
    /// The number of visitors' proofs that a stranger in the offerer's place could compare with its guess.
    package fileprivate(set) var guessesAgainstVisitor = 0
    /// How many of the wrong proofs the offerer told its user of.
    var wrongProofsTold = 0
    /// Whether the offerer told its user that a stranger knew the code.
    package internal(set) var isKnownTold = false
    /// Whether a stranger has learned that its guess was right.
    package fileprivate(set) var isWon = false

    init(offerer: Device, offer: Offer, relay: any RelayEnd) {
        self.offerer = offerer
        slot = offer.code.slot
        text = offer.code.revealed()
        link = offer.link?.revealed()
        self.relay = relay
    }

    /// Whether the code is on the offerer's screen now, so that a visitor may still come.
    package var isShown: Bool { offerer.act != nil && offerer.shown.last === self }

    /// The secret part of the code, at which strangers guess. Codes with the same secret at different slots are one
    /// target for guessing.
    var secret: Substring { text.filter { $0 != "-" }.dropFirst(slot.count)[...].dropLast() }
}

extension World {
    package func breach(_ law: Law, _ what: String) {
        trace { "BROKEN \(law.rawValue): \(what)" }
        // The first few breaches are enough to understand a failure.
        if breaches.count < 16 { breaches.append(Breach(law: law, what: what)) }
    }

    /// The last code that a device has shown at a slot of this relay; nil if there is none. Strangers use it to find
    /// active slots, or because they know more than they should.
    package func code(at slot: String, of relay: any RelayEnd) -> ShownCode? {
        codes.last { $0.slot == slot && $0.relay === relay }
    }

    /// An offerer has compared a wrong proof.
    func guessedAgainstOfferer(_ code: ShownCode) {
        code.guessesAgainstOfferer += 1
        let all = guessesAgainstOfferer(code)
        if all > Bounds.guessesAgainstOfferer { breach(.guesses, "\(all) wrong proofs against an offerer's code") }
    }

    /// A stranger has got a visitor's proof, which it can compare with a guess.
    func guessedAgainstVisitor(_ code: ShownCode) {
        code.guessesAgainstVisitor += 1
        if code.guessesAgainstVisitor > Bounds.guessesAgainstVisitor {
            breach(.guesses, "\(code.guessesAgainstVisitor) guesses against a visitor's code")
        }
    }

    /// A stranger learned that its guess was right, although it sent invalid data with its proof so as not to be taken
    /// for a device. The offerer must have told its user.
    func learnt(_ code: ShownCode) {
        if !code.isKnownTold { breach(.guesses, "a right guess passed in silence") }
    }

    /// An offerer has accepted the proof of a stranger that guessed right.
    func wonAgainstOfferer(_ code: ShownCode) {
        if code.isKnownTold { breach(.guesses, "a guess was compared after somebody had known the code") }
        let spent = guessesAgainstOfferer(code)
        if spent >= Bounds.guessesAgainstOfferer { breach(.guesses, "a guess after \(spent) wrong ones was compared") }
        won(code)
    }

    /// A stranger in the offerer's place has seen that its guess was right.
    func wonAgainstVisitor(_ code: ShownCode) {
        let spent = code.guessesAgainstVisitor
        if spent >= Bounds.guessesAgainstVisitor { breach(.guesses, "a visitor's proof after \(spent) wrong ones") }
        won(code)
    }

    /// A guess was right. If the number of guesses is within the limit, what follows breaks no law.
    private func won(_ code: ShownCode) {
        trace { "a stranger guessed a code right" }
        code.isWon = true
        wonGuesses += 1
    }

    /// The number of wrong guesses at the same secret, at any slot.
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

    /// An honest device is about to store a seed or a membership.
    func stores(_ access: ChainAccess, _ device: Device) {
        guard let holder = holders[access.userID] else {
            // This is a stranger's own seed. A stranger that has guessed right may send any seed.
            if device.codesInPlay.allSatisfy({ !$0.isWon }) { breach(.seed, "\(device.name) stores a stranger's seed") }
            return
        }
        guard holder.user === device.user else { return breach(.seed, "\(device.name) stores \(holder.name)'s seed") }
        // A stranger that has guessed right may give a device of this user's whatever it has.
        if access.scope != holder.gift.scope, device.codesInPlay.allSatisfy({ !$0.isWon }) {
            return breach(
                .seed,
                "\(device.name) gets \(access.scope.text), and \(holder.name)'s user gave something else"
            )
        }
        guard holder.hasApproved, let words = device.act?.words, holder.approvedWords.contains(words) else {
            return breach(.seed, "\(device.name) stores a seed that its holder's user did not approve")
        }
        let shown = Set(device.user.offerer.shown.flatMap { [$0.text, $0.link].compactMap(\.self) })
        if device.user.visitor.acts.last(where: { $0.invitation != nil })?.invitation.map(shown.contains) != true {
            breach(.seed, "\(device.name) did not know the code")
        }
    }

    /// Checks the laws about an act of a device when it is over.
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
        judgeSameSeed(act, of: device)
        if isFair, case .failed(let error) = outcome, !may(device, act, failWith: error) {
            breach(.finish, "\(device.name) failed with \(error.name)")
        }
    }

    /// Checks the laws about a pair of devices when the world has ended.
    func judge(_ user: User) {
        let (holder, receiver) = user.offerer.holds ? (user.offerer, user.visitor) : (user.visitor, user.offerer)
        for device in [holder, receiver] where device.act != nil {
            breach(.deadline, "\(device.name) is still at it")
        }
        guard user.offerer.holds != user.visitor.holds else {
            if user.habits.sameSeed { judgeSameSeed(user) }
            if user.visitor.acts.contains(where: { $0.outcome == .paired }), !user.hasLostAGuess {
                breach(.agreement, "\(user.visitor.name) paired although both have the same role")
            }
            return
        }
        let last = holder.acts.last { $0.givenAt != nil }?.outcome
        let stored = receiver.acts.compactMap(\.stored).last
        let isOurs = stored.map { $0.userID == holder.seed?.userID } ?? false
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
    private var isAmongStrangers: Bool {
        kind == .crowded || kind == .filled || kind == .fleet && !strangers.isEmpty
    }

    /// The relay has refused a device that came back with a token.
    func refused(_ device: Device, _ reason: Reason) {
        guard isFair else { return }
        switch reason {
        case .relayFull, .tooMany: breach(.comeback, "\(device.name) comes with a token and hears \(reason)")
        default: break
        }
    }

    /// Whether an honest device in a fair world may fail with this error. Each such error must be described in
    /// `Protocol/errors.md`, and a pairing must follow all the same.
    func may(_ device: Device, _ act: Act, failWith error: PairingError) -> Bool {
        let relay = device.relay as? Relay
        let forgets = relay?.forgotAt.count { $0 >= act.start } ?? 0
        let code = act.invitation.flatMap { text in codes.last { $0.text == text || $0.link == text } }
        let isReplaced = act.invitation != nil && code?.isShown != true
        switch error.kind {
        // Before the device has a token it loses nothing, and tells its user at once that it can't reach the relay.
        case .relayUnreachable: return !act.hasToken
        // A relay of a fleet lets a device that only begins come again.
        case .draining: return !act.hasToken && fleet == nil
        // A visitor's try is used up if its proof was on the way when its connection was lost while other visitors
        // waited.
        case .connectionLost:
            // In a fleet, `meeting-over` is such an end: a visitor that has spent its try hears it.
            if fleet != nil, !isAmongStrangers { return !act.hasToken && !act.session.isTrySpent() }
            return !act.hasToken || isAmongStrangers && act.session.isTrySpent() && act.words == nil
        case .cancelledHere: return true
        // Whether they really are is looked at in `judgeSameSeed`.
        case .alreadyPaired: return true
        case .relayForgot: return forgets > 0
        // Guesses have used up the code, or the offerer has replaced it because its room was crowded.
        case .codeBurnt: return isReplaced || isAmongStrangers
        // The offerer has left, and the frame that said so was lost with the visitor's connection.
        case .expired, .timedOut: return isReplaced && act.words == nil
        case .codesSpent:
            let burnt = device.shown.suffix(act.codes).count { $0.wrongProofsTold == Bounds.guessesAgainstOfferer }
            return isAmongStrangers || burnt + forgets >= Bounds.codesPerAct
        // The relay still counts the places of connections that the device has lost.
        case .lineFull: return isAmongStrangers
        // After a restart the relay knows no slot until its offerer is back.
        case .noSuchCode:
            // Relays of a fleet say so of no code whose offerer is at one of them.
            if fleet != nil { return isReplaced || code?.offerer.answeredAt.map { $0 >= act.start } ?? true }
            guard let restarted = relay?.restartedAt, let code else { return false }
            return isReplaced || code.offerer.answeredAt.map { $0 >= act.start || $0 < restarted } ?? true
        // The holder can't know the outcome, because the connection was away for too long, storing takes too long, or
        // the relay forgot the room.
        case .sentNotConfirmed:
            let other = device === device.user.offerer ? device.user.visitor : device.user.offerer
            return forgets > 0 || other.acts.contains { $0.storing > .zero }
                || act.givenAt.map { $0 < calm + limits.silence * 2 } ?? false
        default: return false
        }
    }
}
