import CEasySetup
import Dispatch
import EasySetup
import EasySetupChain
import Synchronization

/// A pairing as C code names it. It runs the callbacks on a queue of its own, one after the other.
final class RunningPairing: Sendable {
    /// A user's answer to a question of either kind.
    enum Answer: Sendable {
        case yes, no, unclear, nobody, word(UserText)
    }

    private struct Standing {
        var pairing: Pairing?
        var isFreed = false
        var hasEnded = false
        var lastQuestion: UInt64 = 0
        /// The questions that wait for an answer. The session asks one at a time.
        var waiting: [UInt64: Question] = [:]
        /// The questions that the app has seen, and that are neither answered nor withdrawn.
        var shown: Set<UInt64> = []

        /// Whether callbacks may still run.
        var isSilent: Bool { isFreed || hasEnded }
    }

    private struct Question {
        let takesWord: Bool
        let continuation: CheckedContinuation<Answer, Never>
    }

    private static let key = DispatchSpecificKey<UInt>()

    private let number: UInt
    private let callbacks: PairingCallbacks
    /// The id of the device that gets a membership; nil where none is given.
    let device: CText?
    private let queue = DispatchQueue(label: "easysetup.pairing")
    private let standing = Mutex(Standing())
    private let running = DispatchGroup()

    /// - Parameters:
    ///   - number: the number of the handle.
    ///   - gift: what a device with the seed gives.
    init(_ number: UInt, _ callbacks: PairingCallbacks, giving gift: Gift) {
        self.number = number
        self.callbacks = callbacks
        device = gift.device.map { CText($0.text) }
        queue.setSpecific(key: Self.key, value: number)
        running.enter()
    }

    /// The handle that callbacks get.
    var handle: OpaquePointer { Handles.pointer(number) }

    private var isInCallback: Bool { DispatchQueue.getSpecific(key: Self.key) == number }

    /// Shows the states of a pairing until it ends.
    func run(_ pairing: Pairing) {
        standing.withLock { $0.pairing = pairing }
        Task.detached { [self] in
            for await state in pairing {
                await perform { [self] in
                    guard let callback = callbacks.state else { return }
                    let lent = Handles.lend(StateView(state))
                    callback(callbacks.context, handle, Handles.pointer(lent))
                    Handles.withdraw(lent)
                }
            }
            await perform { [self] in
                let unanswered = standing.withLock(\.shown).sorted()
                for question in unanswered { tellWithdrawn(question) }
                if !standing.withLock(\.isFreed) { callbacks.end?(callbacks.context, handle) }
                standing.withLock { $0.hasEnded = true }
            }
            running.leave()
        }
    }

    /// Runs a callback, unless the pairing was freed, and waits until it has returned. So a slow app delays the states,
    /// of which `Pairing` keeps the newest, and no queue grows.
    private func perform(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                if !standing.withLock(\.isSilent) { body() }
                continuation.resume()
            }
        }
    }

    func cancel() {
        // In the child of a fork nobody runs the pairing, and its locks and queues may not be touched.
        guard !Threads.areGone else { return }
        standing.withLock(\.pairing)?.cancel()
    }

    /// Sees to it that no callback comes after this function returns.
    func silence() {
        guard !Threads.areGone else { return }
        standing.withLock { $0.isFreed = true }
        cancel()
        if !isInCallback { queue.sync {} }
    }

    /// Waits for the end.
    /// - Parameter milliseconds: the longest wait; for ever if it is negative.
    func wait(_ milliseconds: Int64) throws {
        guard !Threads.areGone else { throw InterfaceError.afterFork }
        guard !isInCallback else { throw InterfaceError.wrongThread }
        if milliseconds < 0 {
            running.wait()
        } else {
            // A year, so that the sum with the current time is no overflow.
            let longest = min(milliseconds, 31_536_000_000)
            guard running.wait(timeout: .now() + .milliseconds(Int(longest))) == .success else {
                throw InterfaceError.stillRunning
            }
        }
    }

    // MARK: - Questions

    func approve(_ request: ApprovalRequest) async -> Approval {
        switch await ask(callbacks.approval, takesWord: true, { QuestionView($0, request) }) {
        case .yes: .approve
        case .no: .decline
        case .unclear: .unclear
        case .nobody: .nobodyToAsk
        case .word(let text): .word(text)
        }
    }

    func accept(_ request: AcceptanceRequest) async -> Acceptance {
        switch await ask(callbacks.acceptance, takesWord: false, { QuestionView($0, request) }) {
        case .yes: .accept
        case .no: .decline
        case .unclear, .word: .unclear
        case .nobody: .nobodyToAsk
        }
    }

    private func ask(
        _ callback: easysetup_question_callback?,
        takesWord: Bool,
        _ view: (UInt64) -> QuestionView
    ) async -> Answer {
        guard let callback else { return .nobody }
        let id = standing.withLock { standing in
            standing.lastQuestion += 1
            return standing.lastQuestion
        }
        let question = view(id)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                standing.withLock {
                    $0.waiting[id] = Question(takesWord: takesWord, continuation: continuation)
                }
                // The session may have withdrawn the question before it was entered above.
                if Task.isCancelled { return withdraw(id) }
                show(question, callback)
            }
        } onCancel: {
            withdraw(id)
        }
    }

    private func show(_ question: QuestionView, _ callback: @escaping easysetup_question_callback) {
        nonisolated(unsafe) let callback = callback
        queue.async { [self] in
            let isWanted = standing.withLock { standing in
                guard !standing.isSilent, standing.waiting[question.id] != nil else { return false }
                standing.shown.insert(question.id)
                return true
            }
            guard isWanted else { return }
            let lent = Handles.lend(question)
            callback(callbacks.context, handle, Handles.pointer(lent))
            Handles.withdraw(lent)
        }
    }

    private func withdraw(_ id: UInt64) {
        guard let question = standing.withLock({ $0.waiting.removeValue(forKey: id) }) else { return }
        question.continuation.resume(returning: .unclear)
        queue.async { [self] in tellWithdrawn(id) }
    }

    /// Tells the app, on the queue, that a question needs no answer any more, if the app has seen the question.
    private func tellWithdrawn(_ id: UInt64) {
        let isKnown = standing.withLock { $0.shown.remove(id) != nil && !$0.isSilent }
        if isKnown { callbacks.withdrawn?(callbacks.context, handle, id) }
    }

    /// Answers a question.
    /// - Throws: ``InterfaceError/noQuestion``, or ``InterfaceError/badArgument(_:)`` for a word where none is asked for.
    func answer(_ id: UInt64, _ answer: Answer) throws {
        guard !Threads.areGone else { throw InterfaceError.afterFork }
        let question = try standing.withLock { standing in
            guard let question = standing.waiting[id] else { throw InterfaceError.noQuestion }
            if case .word = answer, !question.takesWord { throw InterfaceError.badArgument("question_id") }
            standing.waiting[id] = nil
            standing.shown.remove(id)
            return question
        }
        question.continuation.resume(returning: answer)
    }
}
