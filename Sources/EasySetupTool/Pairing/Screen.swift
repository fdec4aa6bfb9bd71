import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

/// The text on the screen in each state of a pairing. It depends on whether this device sends or receives the seed (its
/// role), and on which of the two devices shows the code. The type only computes the text; a ``Stage`` shows it.
///
/// Each sentence must be true on this device. A device without a seed calls the other device the one that has the seed,
/// for example, and no text mentions confirmation words that the screen does not show.
struct Screen: Sendable {
    /// The facts about this device in a pairing.
    struct Part: Equatable, Sendable {
        /// The role of this device; nil while it is not known.
        var role: Role?
        var place: PairingSide
        /// The relay's host and port, as shown to a person.
        var relay: String
        /// The command to run on the other device, as words that are quoted for a shell.
        var command: [String]
        /// The name of this device, as the other one is told it.
        var name = ""
        /// The gift of a device that has a seed.
        var gives = AccessScope.everything
        /// The id of the device that gets a membership; nil for the seed.
        var device: DeviceID?
    }

    /// The change of the screen for a state: lines that stay (`said`), and the view that replaces the last one
    /// (`view`).
    struct Step: Equatable, Sendable {
        var said: [String] = []
        var view: View
    }

    let part: Part
    let surface: Surface
    private var view = View()
    /// The status line of the current state, unless the connection is lost or the other device is away.
    private var status: View.Status?
    /// The status line about a lost connection or an absent device. It takes the place of ``status`` until the next
    /// state.
    private var interruption: View.Status?
    private var question: View.Prompt?
    /// The error of the last attempt to reach the relay, kept so that the same error is not shown repeatedly.
    private var lastFailure: PairingError?
    /// The moment until which the user may answer the question about the seed, from the pairing's last state. It may be
    /// earlier than the deadline in the question, because the relay may have shortened the time since then.
    private var answerUntil: ContinuousClock.Instant?
    /// Whether the id of the device that gets a membership was told.
    private var isDeviceTold = false

    init(_ part: Part, on surface: Surface) {
        self.part = part
        self.surface = surface
    }

    /// Takes a new state, and returns the change of the screen.
    mutating func step(_ state: PairingState) -> Step {
        var said: [String] = []
        let lasting = interruption
        interruption = nil
        switch state {
        case .connecting: status = View.Status(text: "Connecting to \(part.relay)…")
        case .retrying(let error):
            if error != lastFailure { said = ["\(error.description) Trying again."] }
            lastFailure = error
            interruption = lasting
        case .offered(let offer):
            if offer.ordinal > 1, view.parts != offered(offer).parts {
                said = ["The last code is no longer good. Here is a fresh one."]
            }
            lastFailure = nil
            view = offered(offer)
            status = View.Status(text: "The code lives for", deadline: offer.deadline)
        case .wrongProof(let count):
            said = ["Somebody typed a wrong code (\(count) of \(OffererHandshake.maximumWrongProofs))."]
            if count >= OffererHandshake.maximumWrongProofs { withdrawCode() }
        case .codeKnown:
            said = ["Somebody who is no device of yours knew the code. It is worth nothing any more."]
            withdrawCode()
        case .inLine(let position):
            status = View.Status(text: "Others are before this device: it is number \(position) in line")
        case .greeting: status = View.Status(text: "Found the other device")
        case .deciding(let peer, let deadline):
            if question == nil { view.parts = parts(deciding: peer, codeAge: nil) }
            (view.picture, view.caption, view.hint) = (nil, nil, nil)
            status = View.Status(text: "Time to answer:", deadline: deadline)
            answerUntil = deadline
        case .waiting(let peer, let deadline):
            view = View(parts: parts(waitingFor: peer))
            status = View.Status(text: "Waiting for the answer there for", deadline: deadline)
        case .accepting(let request):
            if question == nil { view = View(parts: parts(accepting: request)) }
            answerUntil = request.deadline
            status = View.Status(text: "Time to answer:", deadline: request.deadline)
        case .given(let peer, let deadline):
            let sentence =
                peer.device.asksFirst
                ? "Sent. The other device asks whether to keep it: answer there." : "Sent. The other device stores it."
            view = View(parts: [.text(sentence)])
            // The membership is there from now on, also where nothing confirms it.
            if let device = part.device, !isDeviceTold {
                said = [Self.removal(of: device)]
                isDeviceTold = true
            }
            status = View.Status(text: "Waiting for the other device for", deadline: deadline)
        case .peerAway(let deadline):
            interruption = View.Status(text: "The other device is away; waiting for it for", deadline: deadline)
        case .reconnecting(let deadline):
            interruption = View.Status(text: "The connection was lost; trying again for", deadline: deadline)
        // The sentence stays above the view, and changes nothing in it.
        case .relayMessage: interruption = lasting
        case .paired(let paired):
            said = ["Paired. Both devices have the user id \(paired.userID.fingerprint)."]
            let whose = paired.role == .holder ? "The other device got" : "This device got"
            if let sentence = paired.scope.sentence(whose) { said.append(sentence) }
            (view, status, question) = (View(), nil, nil)
        case .failed(let error):
            said = [error.description, error.commandAdvice]
            (view, status, question) = (View(), nil, nil)
        }
        return Step(said: said, view: composed())
    }

    /// The view with the question whether to give what is to be given, or with the question for a confirmation word.
    mutating func ask(_ request: ApprovalRequest, notes: [String]) -> View {
        view = View(parts: parts(deciding: request.peer, codeAge: request.codeAge))
        let gift = request.scope == .everything ? "your seed" : "that"
        status = View.Status(text: "Time to answer:", deadline: earlier(request.deadline))
        question = View.Prompt(
            notes: notes,
            text: request.needsWord
                ? "Type one of them to give it \(gift), or no:"
                : "Is this the device in your hands, with the same words? Type yes to give it \(gift), or no:"
        )
        return composed()
    }

    /// The view with the question whether to store what this device received.
    mutating func ask(_ request: AcceptanceRequest, notes: [String]) -> View {
        view = View(parts: parts(accepting: request))
        status = View.Status(text: "Time to answer:", deadline: earlier(request.deadline))
        question = View.Prompt(
            notes: notes,
            text: request.scope == .everything
                ? "Type yes to keep that seed on this device, or no:" : "Type yes to keep that on this device, or no:"
        )
        return composed()
    }

    /// Removes the question after its answer, and returns the view without it.
    mutating func answered() -> View {
        question = nil
        view = View()
        status = View.Status(text: "One moment…")
        return composed()
    }

    /// Removes the code from the screen once it is used up, so that nobody types it any more.
    private mutating func withdrawCode() {
        view = View()
        status = View.Status(text: "Fetching a fresh code…")
    }

    private func composed() -> View {
        var view = view
        view.status = interruption ?? status
        view.prompt = question
        return view
    }

    private func earlier(_ deadline: ContinuousClock.Instant) -> ContinuousClock.Instant {
        answerUntil.map { min($0, deadline) } ?? deadline
    }

    private func offered(_ offer: Offer) -> View {
        // A missing link does not prove that this device is no holder, because a holder has no link if the relay's
        // address has a zone.
        let isHolder = part.role == .holder || offer.link != nil
        var view = View(parts: [
            .text(isHolder ? "On the new device, run:" : "On the device that has your seed, run:"),
            .command(part.command),
            .text("and type this code there:"),
            .blank,
            .code(offer.code.revealed()),
        ])
        if let sentence = part.gives.sentence("The new device will get") {
            view.parts += [.blank, .text(sentence)]
        }
        if let link = offer.link {
            view.picture = link.revealed()
            view.caption = "Or scan the picture above with the new device."
            view.hint = View.Hint(
                small: ", or write it to a file with --png.",
                unfit: "For a QR code, run this with --qr, or write it to a file with --png."
            )
        }
        return view
    }

    /// The sentence about the id of a device that gets a membership.
    private static func removal(of device: DeviceID) -> String {
        // An id may begin as an option does.
        let word = device.text.hasPrefix("-") ? "-- \(device)" : device.text
        let command = "easysetup chain remove \(word)"
        return "The other device has the id \(device) in the chain. To shut it out later: \(command)"
    }

    /// Introduces the other device: first its platform in this program's words, then its name, which the other device
    /// chose.
    private func introduction(_ peer: Peer) -> [View.Part] {
        let name = peer.device.name.description
        let note = name == part.name ? [View.Part.text("This device has the same name; the other one is meant.")] : []
        return [
            .text("The other device is of this kind, and calls itself:"),
            .item(peer.device.platform.rawValue),
            .item(surface.quoted(name)),
        ] + note
    }

    /// The words protect only a person who compares them.
    private static let compare = "Compare these words with those on the other screen:"

    private func parts(deciding peer: Peer, codeAge: Duration?) -> [View.Part] {
        let gift = part.gives.sentence("It will get").map { [View.Part.text($0)] } ?? []
        guard part.place == .offerer else { return introduction(peer) + gift + [.text("Its screen shows two words.")] }
        var parts =
            introduction(peer) + gift + [.text(Self.compare), .item(surface.shown("\(peer.words)"))]
        if let codeAge { parts.append(.text("The code was used \(codeAge.components.seconds) s after it was shown.")) }
        return parts
    }

    private func parts(waitingFor peer: Peer) -> [View.Part] {
        let words = View.Part.item(surface.shown("\(peer.words)"))
        switch part.place {
        case .visitor:
            return introduction(peer)
                + [
                    .text(Self.compare), words,
                    .text("If they are the same, look at the other device and answer there; if not, stop."),
                ]
        case .offerer:
            return introduction(peer)
                + [.text("Its screen asks for one of these words:"), words, .text("If it is yours, type one there.")]
        }
    }

    private func parts(accepting request: AcceptanceRequest) -> [View.Part] {
        if let sentence = request.scope.sentence("This device will get") {
            return introduction(request.peer) + [
                .text("It has sent keys of its chain, which are not stored yet. The chain's user id is:"),
                .item(request.userID.fingerprint),
                .text(sentence),
            ]
        }
        return introduction(request.peer) + [
            .text("It has sent a seed, which is not stored yet. Its user id is:"),
            .item(request.userID.fingerprint),
            .text("If you keep it, what is on this device becomes readable for all devices with that seed."),
        ]
    }
}
