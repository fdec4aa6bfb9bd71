// BEGIN
import EasySetup
import Observation

/// The model of the screen that adds a device.
@MainActor
@Observable
final class AddDeviceModel {
    /// The parts of the screen. Each state of a pairing leads to one of them.
    enum Step {
        /// Nothing runs: the user shows a code or types one.
        case start
        /// The texts and a sign of progress.
        case progress
        /// This device shows its code.
        case code(Offer)
        /// This device has the seed, and its user says whether the other device is the right one.
        case approve(ApprovalRequest)
        /// This device shows two words, and its user answers on the other device.
        case words(ConfirmationWords)
        /// This device has received a seed, and its user says whether to keep it.
        case keep(AcceptanceRequest)
        case paired(Paired)
        /// The two devices were paired before. The library calls that a failure because nothing was sent.
        case alreadyPaired
        case failed(PairingError)
    }

    /// The content of the text field for a code, and what is wrong with it.
    var typed = ""
    private(set) var mistake = ""
    private(set) var state: PairingState?
    /// The sentence of the relay's operator, if there is one. It stands beside whatever the screen shows.
    private(set) var relayMessage: String?
    private var offer: Offer?
    private var approval: Question<ApprovalRequest, Approval>?
    private var acceptance: Question<AcceptanceRequest, Acceptance>?
    private var running: Task<Void, Never>?
    private let client: PairingClient
    private let relay: RelayAddress

    init(client: PairingClient, relay: RelayAddress) {
        self.client = client
        self.relay = relay
    }

    // MARK: What the screen shows

    var step: Step {
        guard let state else { return .start }
        switch state {
        case .offered(let offer): return .code(offer)
        // The code is still good, so it stays on the screen.
        case .wrongProof, .reconnecting: return offer.map(Step.code) ?? .progress
        case .deciding: return approval.map { .approve($0.request) } ?? .progress
        case .waiting(let peer, _): return .words(peer.words)
        case .accepting: return acceptance.map { .keep($0.request) } ?? .progress
        case .paired(let paired): return .paired(paired)
        case .failed(let error): return error.code == .alreadyPaired ? .alreadyPaired : .failed(error)
        case .connecting, .retrying, .codeKnown, .inLine, .greeting, .given, .peerAway, .relayMessage:
            return .progress
        // A later version of the library may have more states, which have texts as well.
        @unknown default: return .progress
        }
    }

    /// An English sentence that says what happened and what to do. docs/texts.md says how to translate it.
    var sentence: String { state.map { $0.explanation.filled($0.explanation.sentence) } ?? "Add a device" }
    var advice: String { state.map { $0.explanation.filled($0.explanation.advice) } ?? "" }
    var isRunning: Bool { running != nil }

    // MARK: What the user does

    func showCode() {
        run(client.offer(at: relay, approve: ask, accept: ask))
    }

    func join() {
        do {
            let code = try PairingCode(typed: typed)
            (typed, mistake) = ("", "")
            run(client.join(code, at: relay, approve: ask))
        } catch {
            mistake = error.description
        }
    }

    /// Joins by a link that the camera has read. If the link comes from anywhere else, ask the user before.
    func join(_ link: PairingLink) { run(client.join(link)) }

    func answer(_ answer: Approval) { approval?.answer(answer) }
    func answer(_ answer: Acceptance) { acceptance?.answer(answer) }

    /// Stops the pairing on both devices, or leaves its result.
    func stop() {
        running?.cancel()
        (running, state, offer, relayMessage) = (nil, nil, nil, nil)
    }

    private func run(_ pairing: Pairing) {
        stop()
        running = Task { [weak self] in
            for await state in pairing {
                guard !Task.isCancelled else { return }
                self?.show(state)
            }
        }
    }

    private func show(_ new: PairingState) {
        // The relay's words replace nothing on the screen.
        if case .relayMessage(let message) = new {
            relayMessage = "The relay says: \"\(message.isolated)\""
            return
        }
        state = new
        switch new {
        case .offered(let new): offer = new
        case .paired, .failed: running = nil
        // From here on there is no code to go back to.
        case .codeKnown, .deciding, .waiting, .accepting, .given: offer = nil
        default: break
        }
    }

    /// Puts a state, and the question that belongs to it, on the screen of a preview.
    func preview(_ state: PairingState, approval request: ApprovalRequest? = nil) {
        show(state)
        approval = request.map { Question($0, otherwise: .unclear) }
        if case .accepting(let request) = state { acceptance = Question(request, otherwise: .unclear) }
    }

    // MARK: Questions

    @Sendable private func ask(_ request: ApprovalRequest) async -> Approval {
        let question = Question<ApprovalRequest, Approval>(request, otherwise: .unclear)
        approval = question
        defer { if approval === question { approval = nil } }
        return await question.answered()
    }

    @Sendable private func ask(_ request: AcceptanceRequest) async -> Acceptance {
        let question = Question<AcceptanceRequest, Acceptance>(request, otherwise: .unclear)
        acceptance = question
        defer { if acceptance === question { acceptance = nil } }
        return await question.answered()
    }
}

/// A question that is on the screen until the user answers, or the pairing withdraws it by cancelling the task.
@MainActor
final class Question<Request: Sendable, Answer: Sendable> {
    let request: Request
    private let otherwise: Answer
    private let (answers, continuation) = AsyncStream<Answer>.makeStream()

    init(_ request: Request, otherwise: Answer) {
        self.request = request
        self.otherwise = otherwise
    }

    func answered() async -> Answer {
        for await answer in answers { return answer }
        // A stream ends when the task that reads it is cancelled.
        return otherwise
    }

    func answer(_ answer: Answer) { continuation.yield(answer) }
}
// END
