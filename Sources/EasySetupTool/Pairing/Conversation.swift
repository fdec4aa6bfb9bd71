import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed
import Synchronization

/// Runs the dialogue of a pairing. It shows the states on a ``Stage``, where a person sees the progress, and puts the
/// questions to the person, or to a program by standard input and output.
final class Conversation: Sendable {
    private let output: Output
    private let stage: any Stage
    /// Whether `--yes` approves every device that knows the code, so that there is no question.
    private let isAlwaysYes: Bool
    /// The file for the picture of the link's QR code; nil if none is wanted.
    private let picture: LinkPicture?
    private let screen: Mutex<Screen>
    /// The number of views that all conversations of this process have made. A stage serves one after the other.
    private static let viewCount = Atomic(0)

    init(output: Output, stage: any Stage, part: Screen.Part, isAlwaysYes: Bool, picture: LinkPicture? = nil) {
        self.output = output
        self.stage = stage
        self.isAlwaysYes = isAlwaysYes
        self.picture = picture
        screen = Mutex(Screen(part, on: output.surface))
    }

    /// Follows a pairing to its end. A signal that stops the program cancels the pairing, so that the other device
    /// learns of it.
    /// - Parameters:
    ///   - isRetried: whether the caller asks the person again after this failure. The ``Stage`` on the screen then stays
    ///     open.
    ///   - offered: called once before the code of an offer is shown. If it throws, no code is shown and the pairing is
    ///     cancelled.
    /// - Returns: the reason for the failure, which this function has shown already; nil if the devices are paired.
    /// - Throws: ``CommandError/outputFailed`` if the pairing stopped because standard output could not be written, and
    ///   the error of `offered`, or of the picture that can't be written.
    func follow(
        _ pairing: Pairing,
        isRetried: (PairingError) -> Bool = { _ in false },
        offered: () async throws -> Void = {}
    ) async throws -> PairingError? {
        Signals.onStop { pairing.cancel() }
        defer { output.onStopEnd(stage) }
        var failure: PairingError?
        var isOffered = false
        var unfit: (any Error)?
        for await state in pairing {
            var said: [String] = []
            if case .offered(let offer) = state, unfit == nil {
                do {
                    if !isOffered {
                        isOffered = true
                        try await offered()
                    }
                    if let picture { said = [try picture.write(offer)] }
                } catch {
                    unfit = error
                    pairing.cancel()
                }
            }
            // The states of the end are not shown, because the caller reports the error.
            if unfit != nil { continue }
            event(state)
            let step = screen.withLock { screen in
                var step = screen.step(state)
                Self.number(&step.view)
                return step
            }
            switch state {
            case .paired:
                stage.close()
                TerminalMode.awaitQuiet()
                // The line ends with a fingerprint, which may be wider than the window.
                for line in step.said { output.say(line, isVerbatim: true) }
            case .failed(let error):
                failure = error
                if error == .cancelledHere, output.isLost {
                    stage.close()
                    throw CommandError.outputFailed
                }
                if output.form == .people, isRetried(error) {
                    stage.say(step.said)
                } else {
                    stage.close()
                    output.failed(error)
                }
            case .relayMessage(let message):
                stage.say(output.lines(of: message))
            default:
                stage.say(step.said + said)
                stage.show(step.view)
            }
            // Nobody can read the code if the output could not be written, so the pairing is cancelled.
            if output.isLost { pairing.cancel() }
        }
        if let unfit {
            stage.close()
            throw unfit
        }
        return failure
    }

    /// Answers an approval request. The default is no: only the word yes, or a right confirmation word, approves.
    func approve(_ request: ApprovalRequest) async -> Approval {
        // People see the other device's name and words with the question. Programs get them in an event before the
        // question, so that the order is certain.
        if request.attempt == 1, request.mistake == nil {
            let fields = Self.fields(request.peer, decide: true, hasWords: !request.needsWord) + request.scope.fields
            output.event("peer", fields, people: nil)
        }
        if request.needsWord { return await word(request) }
        if isAlwaysYes { return .approve }
        if StandardInput.current == .atEnd { return .nobodyToAsk }
        let verdict = await Verdict.ask(help: Help.approve(request.scope)) { notes, attempt in
            tell(.approve, attempt: attempt, notes: notes, deadline: request.deadline)
            return await stage.ask(view { $0.ask(request, notes: notes) })
        }
        close()
        switch verdict {
        case .yes: return .approve
        case .no, .stopped: return .decline
        case .unclear: return .unclear
        case .nobody: return .nobodyToAsk
        }
    }

    /// Answers the question whether to store what this device received.
    func accept(_ request: AcceptanceRequest) async -> Acceptance {
        if StandardInput.current == .atEnd { return .nobodyToAsk }
        let verdict = await Verdict.ask(help: Help.accept(request.scope)) { notes, attempt in
            let more = [("user_id", JSONValue.string(request.userID.fingerprint))] + request.scope.fields
            tell(.accept, attempt: attempt, notes: notes, deadline: request.deadline, more: more)
            return await stage.ask(view { $0.ask(request, notes: notes) })
        }
        close()
        switch verdict {
        case .yes: return .accept
        case .no, .stopped: return .decline
        case .unclear: return .unclear
        case .nobody: return .nobodyToAsk
        }
    }

    /// Asks the user to type one of the two confirmation words on the other device's screen. ``PairingClient`` counts
    /// the wrong words, and calls ``approve(_:)`` again after each.
    private func word(_ request: ApprovalRequest) async -> Approval {
        if StandardInput.current == .atEnd { return .nobodyToAsk }
        defer { close() }
        var notes: [String]
        switch request.mistake {
        case nil: notes = []
        case .nothing?, .right?: notes = ["Type one of the two words, or no."]
        case .slip?: notes = ["That is not one of its two words. Look at the other screen again."]
        case .other?: notes = ["That is not one of its two words. Is it the right device?"]
        }
        while true {
            tell(.word, attempt: request.attempt, notes: notes, deadline: request.deadline)
            switch await stage.ask(view({ $0.ask(request, notes: notes) })) {
            case .cancelled: return .decline
            case .end: return Verdict.isStopped() ? .decline : .nobodyToAsk
            case .line(let line):
                switch YesOrNo(line) {
                case .help: notes = [Help.word(request.scope)]
                case .no: return .decline
                case .yes, .unclear: return .word(line)
                }
            }
        }
    }

    private func close() {
        stage.show(view { $0.answered() })
    }

    /// Makes a view, and gives it its place in the order of views.
    private func view(_ make: (inout sending Screen) -> View) -> View {
        screen.withLock { screen in
            var view = make(&screen)
            Self.number(&view)
            return view
        }
    }

    /// Gives a view its place in the order of views. The caller must hold the lock under which the view was made.
    private static func number(_ view: inout View) {
        view.ordinal = viewCount.add(1, ordering: .relaxed).newValue
    }

    // MARK: For programs

    /// Asks the program that runs this tool a question, which the program answers by a line on standard input. Does
    /// nothing if the output is for people.
    private func tell(
        _ question: Question,
        attempt: Int,
        notes: [String],
        deadline: ContinuousClock.Instant,
        more: [(String, JSONValue)] = []
    ) {
        let left = [("expires_in", JSONValue.integer(Self.seconds(until: deadline)))]
        output.ask(question, attempt: attempt, notes: notes, more: more + left)
    }

    private func event(_ state: PairingState) {
        guard output.form == .json else { return }
        switch state {
        case .connecting, .deciding, .accepting, .failed: break
        case .retrying(let error):
            output.event(
                "retrying",
                [("error", .string(error.name)), ("cause", error.cause.map(JSONValue.string) ?? .null)],
                people: nil
            )
        case .offered(let offer):
            output.event(
                "offered",
                [
                    ("code", .string(offer.code.revealed())),
                    ("link", (offer.link?.revealed()).map(JSONValue.string) ?? .null),
                    ("expires_in", .integer(Self.seconds(until: offer.deadline))),
                ] + (picture.map { [("png", .string($0.path.defaultValueDescription))] } ?? []),
                people: nil
            )
        case .wrongProof(let count): output.event("wrong-proof", [("count", .integer(count))], people: nil)
        case .codeKnown: output.event("code-known", people: nil)
        case .inLine(let position): output.event("in-line", [("position", .integer(position))], people: nil)
        case .greeting: output.event("greeting", people: nil)
        case .waiting(let peer, let deadline):
            let left = [("expires_in", JSONValue.integer(Self.seconds(until: deadline)))]
            output.event("peer", Self.fields(peer, decide: false, hasWords: true) + left, people: nil)
        case .given(_, let deadline):
            output.event("given", [("expires_in", .integer(Self.seconds(until: deadline)))], people: nil)
        case .peerAway(let deadline):
            output.event("peer-away", [("expires_in", .integer(Self.seconds(until: deadline)))], people: nil)
        case .reconnecting(let deadline):
            output.event("reconnecting", [("expires_in", .integer(Self.seconds(until: deadline)))], people: nil)
        case .relayMessage(let message):
            output.event("relay-message", [("message", .string(message.description))], people: nil)
        case .paired(let paired):
            output.event(
                "paired",
                [
                    ("user_id", .string(paired.userID.fingerprint)), ("role", .string(paired.role.rawValue)),
                    ("peer", .string(paired.peer.device.name.description)),
                ] + paired.scope.fields,
                people: nil
            )
        }
    }

    private static func seconds(until deadline: ContinuousClock.Instant) -> Int {
        Int(max(0, ContinuousClock.now.duration(to: deadline).components.seconds))
    }

    /// The fields that describe the other device.
    /// - Parameter hasWords: whether the two confirmation words are among the fields. A device that sends the seed
    ///   leaves them out if the code was typed on it, because its user must type a word from the other device's screen.
    private static func fields(_ peer: Peer, decide: Bool, hasWords: Bool) -> [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = [
            ("name", .string(peer.device.name.description)), ("platform", .string(peer.device.platform.rawValue)),
            ("decide", .boolean(decide)),
        ]
        if hasWords { fields.append(("words", .string("\(peer.words.first) \(peer.words.second)"))) }
        return fields
    }
}

/// The answers to `?` and `help` at each question.
enum Help {
    static func approve(_ scope: AccessScope) -> String {
        """
        The other device knows the code. If its name is that of your device and its screen shows the same two words, yes gives \
        it \(gift(scope)). If you don't know it, say no: nothing is sent.
        """
    }

    static func accept(_ scope: AccessScope) -> String {
        let yes =
            scope == .everything
            ? "Yes stores the seed, and this device joins the chain of all devices that share it."
            : "Yes stores the keys, and this device joins the chain for what is named above."
        return "\(yes) Its user id is shown on the other device by easysetup seed show. No keeps nothing."
    }

    static func word(_ scope: AccessScope) -> String {
        """
        The device that shows the code shows two words now. Type one of them here, and it gets \(gift(scope)). If its screen \
        shows no words, say no: nothing is sent.
        """
    }

    private static func gift(_ scope: AccessScope) -> String {
        scope == .everything ? "your seed" : "what is named above"
    }

    static let code = """
        The other device shows a code of nine or more letters and digits, such as K7Q-29M-XAQ; easysetup offer shows it. \
        Dashes, spaces and small letters don't matter. A link from its QR code will do as well.
        """
    static let link = """
        A link makes this device receive the seed of the device that shows it, the secret that its devices share, or keys of \
        some of its collections. Say yes only if you have asked that device for it yourself just now.
        """
    static let invitation = """
        An invitation is a text of some letters and digits, which whoever runs the service gives out. It lets one new chain \
        in, and this device keeps it nowhere.
        """
    static let replace = """
        Yes stores the seed that you have given, and this device leaves its chain for the one of that seed. A sealed copy of the \
        stored seed is kept for 30 days; easysetup seed restore brings it back. No changes nothing.
        """
    static let deletion = """
        Yes does what is said above, on all devices of the chain, and nothing brings it back. No changes nothing.
        """
    static let reveal = """
        Yes shows the recovery phrase, the seed link and its QR code on this screen. No shows nothing.
        """
}

/// The kind of a question, as named in the output for programs.
enum Question: String, Sendable {
    case approve, accept, word, code, link, seed

    /// The kind of answer, as named in the output for programs.
    var answer: String {
        switch self {
        case .approve, .accept, .link: "yes-or-no"
        case .word: "word"
        case .code: "code"
        case .seed: "new-or-receive"
        }
    }
}

extension Output {
    /// The abilities that standard output and standard error share, such as colours; only plain text if the output is
    /// for programs.
    var surface: Surface { form == .people ? (isPlain ? Surface.current.withoutRewriting : .current) : .plain }

    /// The stage (what a person sees of states and questions) for this output.
    func stage(_ pictures: PictureWish) -> any Stage {
        switch form {
        case .json: return SilentStage()
        case .people:
            let surface = surface
            guard surface.canRewrite, TerminalMode.isOurs || !Input.isTerminal else {
                return PlainStage(output: self, surface: surface, pictures: pictures)
            }
            return LiveStage(surface: surface, pictures: pictures)
        }
    }

    /// Asks the program that runs this tool a question, as an event in the JSON output. Does nothing if the output is
    /// for people, because a ``Stage`` shows them the question.
    func ask(_ question: Question, attempt: Int, notes: [String], more: [(String, JSONValue)] = []) {
        guard form == .json else { return }
        var fields: [(String, JSONValue)] = [
            ("question", .string(question.rawValue)), ("answer", .string(question.answer)),
            ("attempt", .integer(attempt)),
        ]
        if !notes.isEmpty { fields.append(("note", .string(notes.joined(separator: " ")))) }
        event("question", fields + more, people: nil)
    }

    /// Lets a stop signal end the command with a message while no pairing is running.
    func onStopEnd(_ stage: any Stage) {
        Signals.onStop { [self] in
            stage.close()
            failed(PairingError.cancelledHere)
            TerminalMode.finish()
            Self.end(ExitCodes.code(for: PairingError.cancelledHere.name))
        }
    }
}

extension ExitCodes {
    /// The exit code for a pairing error.
    static func exit(_ error: PairingError) -> ExitCode {
        ExitCode(code(for: error.name))
    }
}
