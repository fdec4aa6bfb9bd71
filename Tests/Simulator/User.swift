import EasySetupHandshake
import EasySetupPairingSession

/// The acts of a user with two devices, and the user's mistakes.
package struct Habits: Sendable {
    /// Whether the device that shows the code has the seed.
    package var offererHolds = true
    /// Whether the user scans the link, if the device shows one, and does not type the code.
    package var scans = false
    /// When the user begins.
    package var start: Duration = .zero
    /// How long the user takes to type a code that is shown.
    package var typing: Duration = .seconds(5)
    /// How long the user takes to answer a question.
    package var thinking: Duration = .seconds(2)
    /// How long a device takes to store the seed.
    package var storing: Duration = .milliseconds(5)
    /// How many times the user begins to offer, at most. The user begins again when the screen advises it.
    package var patience = 6
    /// Whether the user enters the first code and then begins nothing and stops nothing, so that both devices have to
    /// end by themselves.
    package var onlyOnce = false
    // Mistakes and faults.
    /// How many times the user types another code than the one on the screen.
    package var wrongCodes = 0
    /// How many times the user types other words than those on the screen.
    package var wrongWords = 0
    /// Whether the user declines to approve the other device.
    package var declines = false
    /// Whether a receiver that shows the code asks before it stores the seed. `declinesToKeep` says whether the user
    /// then declines.
    package var asksFirst = false
    package var declinesToKeep = false
    /// The time after which the user stops the offerer, or the visitor; nil for never.
    package var stopsOfferer: Duration?
    package var stopsVisitor: Duration?
    /// Whether the receiver's disk is full.
    package var diskIsFull = false
    /// Whether both devices have a seed, or neither has one.
    package var sameRoles = false
    /// Whether both devices hold the same seed, because they are paired already.
    package var sameSeed = false

    package init() {}

    /// Whether the pairing ends by the user's own decision or mistake.
    var stops: Bool {
        declines || (asksFirst && declinesToKeep && !offererHolds) || stopsOfferer != nil || stopsVisitor != nil
            || diskIsFull || sameRoles || wrongWords > 2
    }
}

/// A user with two devices, who looks at both and follows the advice on their screens.
package final class User {
    package let number: Int
    package let offerer: Device
    package let visitor: Device
    package let habits: Habits
    unowned let world: World
    /// How many times the user has begun to offer.
    package private(set) var offers = 0
    /// How many times the user has typed or scanned a code.
    package private(set) var visits = 0
    /// When the receiver was paired; nil while it is not.
    package private(set) var pairedAt: Duration?
    private var wrongCodes = 0
    private var wrongWords = 0
    private var isStopped = false
    private var isTyping = false
    private var current: ShownCode?

    init(_ world: World, number: Int, habits: Habits, offerer: Device, visitor: Device) {
        self.world = world
        self.number = number
        self.habits = habits
        self.offerer = offerer
        self.visitor = visitor
        offerer.owner = self
        visitor.owner = self
        world.schedule(habits.start) { [unowned self] in begin() }
        if let time = habits.stopsOfferer { stop(offerer, after: time) }
        if let time = habits.stopsVisitor { stop(visitor, after: time) }
    }

    /// Whether this user will do nothing more.
    package var isDone: Bool {
        offers > 0 && offerer.act == nil && visitor.act == nil
            && (isStopped || pairedAt != nil || offers >= habits.patience || habits.onlyOnce)
    }

    /// Whether a stranger has guessed one of this user's codes.
    var hasLostAGuess: Bool { offerer.shown.contains { $0.isWon } }

    /// How long the pairing took; nil when the devices are not paired.
    package var duration: Duration? { pairedAt.map { $0 - habits.start } }

    private func begin() {
        guard !isStopped, pairedAt == nil, offers < habits.patience, offerer.act == nil else { return }
        offers += 1
        current = nil
        offerer.offer()
    }

    private func stop(_ device: Device, after time: Duration) {
        world.schedule(habits.start + time) { [unowned self] in
            isStopped = true
            for device in device === visitor && visitor.act == nil ? [offerer] : [device] { device.cancel() }
        }
    }

    /// The offerer shows a code to the user.
    func sees(_ code: ShownCode) {
        current = code
        type()
    }

    /// Types, after the usual time, the code that the screen shows then.
    private func type() {
        guard !isTyping, !isStopped, pairedAt == nil, visits == 0 || !habits.onlyOnce else { return }
        isTyping = true
        world.after(habits.typing) { [unowned self] in
            isTyping = false
            guard !isStopped, pairedAt == nil, offerer.act != nil, let code = current else { return }
            if let act = visitor.act {
                // By now the screen shows another code than the one that the visitor has.
                if act.words == nil, act.slot != code.slot { visitor.cancel() }
                return
            }
            visits += 1
            visit(code)
        }
    }

    private func visit(_ code: ShownCode) {
        // Whatever a device shows must be parseable.
        if habits.scans, let text = code.link, let link = try? PairingLink(parsing: text) {
            return visitor.visit(.link(link), text: text)
        }
        var text = code.text
        if wrongCodes < habits.wrongCodes {
            wrongCodes += 1
            text = world.wrongText(for: code)
        }
        guard let typed = try? PairingCode(typed: text) else {
            return world.breach(.agreement, "a code that is shown can't be read")
        }
        visitor.visit(.code(typed), text: text)
    }

    /// The screen of the device with the seed asks whether to approve the other device.
    func asked(_ device: Device, _ request: ApprovalRequest, _ answer: @escaping (Approval) -> Void) {
        world.after(habits.thinking) { [unowned self] in
            let other = device === offerer ? visitor : offerer
            if habits.declines || request.peer.device.name != other.deviceName {
                isStopped = true
                return answer(.decline)
            }
            guard request.needsWord else { return answer(.approve) }
            if wrongWords < habits.wrongWords {
                wrongWords += 1
                return answer(.word("nosuchword"))
            }
            // The other device shows its words only after it has reconnected, so the user looks again later.
            guard let words = other.act?.words else {
                if device.act != nil { asked(device, request, answer) }
                return
            }
            answer(.word(words.first))
        }
    }

    /// The receiver's screen asks whether to store the seed.
    func askedToAccept(_ device: Device, _ request: AcceptanceRequest, _ answer: @escaping (Acceptance) -> Void) {
        world.after(habits.thinking) { [unowned self] in
            let other = device === offerer ? visitor : offerer
            if habits.declinesToKeep || request.peer.device.name != other.deviceName {
                isStopped = true
                return answer(.decline)
            }
            answer(.accept)
        }
    }

    /// A device has refused to begin an act.
    func refused(_ device: Device, _ error: PairingError) {
        world.trace { "\(device.name) refuses: \(error.name)" }
        // The user stops the offerer, because only a fresh code helps.
        if error == .triesSpent { offerer.cancel() }
    }

    /// The receiver reports that it is paired.
    func paired() { pairedAt = pairedAt ?? world.now }

    /// An act of a device is over. The user decides what to do next.
    func finished(_ device: Device, _ act: Act) {
        if case .failed(let error) = act.outcome, error.isDecision { isStopped = true }
        if act.isSpent, act.outcome == .failed(.wrongCode), let slot = act.slot, device.relay.isHonest,
            let code = world.code(at: slot, of: device.relay)
        {
            world.guessedAgainstOfferer(code)
        }
        if habits.onlyOnce { return }
        if isStopped || pairedAt != nil {
            // The user stops the other device after a while.
            let other = device === offerer ? visitor : offerer
            return world.after(.seconds(90)) { other.cancel() }
        }
        if act.outcome == .failed(.sentNotConfirmed) {
            // The error advises to look at the other device, which may still get the seed. If the user has begun again
            // by then, the new attempt goes on.
            let acts = offerer.acts.count + visitor.acts.count
            return world.after(.seconds(100)) { [unowned self] in
                guard !isStopped, pairedAt == nil, offerer.acts.count + visitor.acts.count == acts else { return }
                offerer.cancel()
                visitor.cancel()
                begin()
            }
        }
        if device === visitor {
            if offerer.act != nil { type() }
        } else {
            visitor.cancel()
            world.after(.seconds(3)) { [unowned self] in begin() }
        }
    }
}

extension PairingError {
    /// Whether the error is a user's decision, or beginning again can't solve it.
    fileprivate var isDecision: Bool {
        switch kind {
        case .declined, .declinedHere, .wrongWord, .bothHold, .alreadyPaired, .bothReceive, .linkDirection,
            .peerNotStored, .otherSeed, .store:
            true
        default: false
        }
    }
}

extension Approval {
    var isDecline: Bool {
        if case .decline = self { true } else { false }
    }

    func isWord(of words: ConfirmationWords) -> Bool {
        if case .word(let word) = self { words.contains(typed: word) } else { false }
    }
}
