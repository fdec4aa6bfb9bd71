public import EasySetup
public import EasySetupHandshake
public import EasySetupPairingSession
public import EasySetupSeed
import Synchronization

/// The other device of a pairing, and the person who has it, as a test wants them.
///
/// ```swift
/// let laptop = ScriptedPeer("old laptop", seed: .random(), at: relay)
/// let code = try await laptop.showsCode().code
/// ```
///
/// A peer runs the real client: real sessions and real handshakes. When one of its calls returns, all devices wait
/// again, and the app's screen shows what follows from the call.
public final class ScriptedPeer: Sendable {
    /// The person's answer to the question of the peer: whether to give the seed, or whether to keep it.
    public enum Answer: Hashable, Sendable {
        /// Yes. If the person must type a confirmation word, it is the right one.
        case yes
        /// No.
        case no
        /// A word that the app's device does not show. Where no word is asked for, it is the same as `no`.
        case wrongWord
        /// No answer, until the pairing ends by itself.
        case none
    }

    private struct State {
        var answer = Answer.yes
        var recorder: PairingRecorder?
    }

    /// The name of the peer.
    public let name: DeviceName
    /// The network of the peer.
    public let network: TestNetwork
    /// The store in which the peer keeps its seed.
    public let store: any SeedStore
    private let client: PairingClient
    private let asksFirst: Bool
    private let state = Mutex(State())

    /// Makes a peer, which does nothing yet.
    ///
    /// - Parameters:
    ///   - name: the name that the app's device shows. It must have a visible character.
    ///   - platform: the kind of system that the peer runs.
    ///   - seed: the seed that the peer has; nil for a peer that wants one.
    ///   - asksFirst: whether a peer that shows the code asks before it keeps a seed.
    ///   - relay: the relay at which the devices meet.
    public convenience init(
        _ name: String = "other device",
        platform: Platform = .linux,
        seed: SyncSeed? = nil,
        asksFirst: Bool = false,
        at relay: TestRelay
    ) {
        self.init(name, platform: platform, store: MemorySeedStore(seed), asksFirst: asksFirst, at: relay)
    }

    /// Makes a peer with a store of the test's own, such as a ``FailingSeedStore``.
    ///
    /// - Parameters:
    ///   - name: the name that the app's device shows. It must have a visible character.
    ///   - platform: the kind of system that the peer runs.
    ///   - store: the store of the peer. If it holds a seed, the peer gives it.
    ///   - asksFirst: whether a peer that shows the code asks before it keeps a seed.
    ///   - relay: the relay at which the devices meet.
    public init(
        _ name: String = "other device",
        platform: Platform = .linux,
        store: any SeedStore,
        asksFirst: Bool = false,
        at relay: TestRelay
    ) {
        guard let name = DeviceName(cleaning: name) else {
            preconditionFailure("The name of a device needs a visible character.")
        }
        self.name = name
        self.store = store
        self.asksFirst = asksFirst
        network = TestNetwork(to: relay)
        client = PairingClient(name: name, platform: platform, store: store, network: network)
    }

    private var relay: TestRelay { network.relay }
    private var clock: TestClock { relay.clock }

    // MARK: What the peer shows

    /// All states that the peer has shown since it last began a pairing.
    public var states: [PairingState] { state.withLock(\.recorder)?.states ?? [] }

    /// The state that the peer shows; nil before it has begun a pairing.
    public var shows: PairingState? { states.last }

    /// The error with which the peer's pairing failed; nil if it has not.
    public var error: PairingError? { state.withLock(\.recorder)?.error }

    /// The result of the peer's pairing; nil if there is none.
    public var paired: Paired? { state.withLock(\.recorder)?.paired }

    // MARK: What the peer does

    /// The peer shows a code.
    /// - Returns: the code, for the app's person to type, and the link, if the peer has a seed.
    /// - Throws: ``NoCode`` if the peer shows something else, because the relay refuses it or does not run.
    @discardableResult
    public func showsCode() async throws(NoCode) -> Offer {
        let accept: PairingClient.Accept = { [self] _ in await acceptance() }
        let approve: PairingClient.Approve = { [self] in await approval($0) }
        begin(client.offer(at: relay.address, approve: approve, accept: asksFirst ? accept : nil))
        await clock.settle()
        guard case .offered(let offer) = shows else { throw NoCode(shown: shows) }
        return offer
    }

    /// A stranger shows a code, and breaks the protocol when the app's person has typed it
    /// (`PairingError.Code.codeKnown`).
    /// - Returns: the code, for the app's person to type.
    /// - Throws: ``NoCode`` if the peer shows something else.
    public func showsCodeToAbuse() async throws(NoCode) -> Offer {
        network.spoilProofs(true)
        return try await showsCode()
    }

    /// The person types the code that the app shows.
    public func types(_ code: PairingCode) async {
        begin(client.join(code, at: relay.address, approve: { [self] in await approval($0) }))
        await clock.settle()
    }

    /// The person types a code that leads to the app's device and is wrong.
    /// - Parameter code: the code that the app shows.
    public func typesWrongCode(for code: PairingCode) async {
        await types(Self.wrongCode(for: code))
    }

    /// A code for the app's person to type that leads to the same device and is wrong, although its check symbol is right.
    /// Its text is `revealed()`.
    /// - Parameter code: the code that the peer shows.
    public static func wrongCode(for code: PairingCode) -> PairingCode { code.withOtherSecret() }

    /// The person scans the link that the app shows.
    public func scans(_ link: PairingLink) async {
        begin(client.join(link))
        await clock.settle()
    }

    /// A stranger knows the code that the app shows, and breaks the protocol to learn whether it is right
    /// (`PairingState.codeKnown`).
    public func abuses(_ code: PairingCode) async {
        network.spoilProofs(true)
        await types(code)
        network.spoilProofs(false)
    }

    /// The person stops the pairing.
    public func cancels() async {
        state.withLock(\.recorder)?.cancel()
        await clock.settle()
    }

    /// The peer loses its network, and tells nobody.
    public func disappears() async { await network.goOffline() }

    /// The peer has its network again. It connects with its next attempt, for which the clock must move.
    public func comesBack() async { await network.goOnline() }

    /// The person answers the peer's next questions with yes. This is the default.
    public func approves() { answers(.yes) }

    /// The person answers the peer's next questions with no.
    public func declines() { answers(.no) }

    /// The person answers the peer's next questions in this way.
    public func answers(_ answer: Answer) {
        state.withLock { $0.answer = answer }
    }

    /// A peer shows no code although the script wants it to.
    public struct NoCode: Error, CustomStringConvertible {
        /// The state that the peer shows; nil if it shows none.
        public let shown: PairingState?

        /// A sentence for the report of the test.
        public var description: String {
            guard let shown else { return "The scripted peer shows no code and no other state." }
            let explanation = shown.explanation
            return "The scripted peer shows no code but: \(explanation.filled(explanation.sentence))"
        }
    }

    private func begin(_ pairing: Pairing) {
        let recorder = PairingRecorder(pairing, clock: clock)
        state.withLock { state in
            state.recorder?.cancel()
            state.recorder = recorder
        }
    }

    private func approval(_ request: ApprovalRequest) async -> Approval {
        let words = request.peer.words
        return switch await answer() {
        case .yes: request.needsWord ? .word(words.first) : .approve
        case .wrongWord where request.needsWord: .word(Self.word(otherThan: words))
        case .no, .wrongWord: .decline
        case .none: .unclear
        }
    }

    private func acceptance() async -> Acceptance {
        switch await answer() {
        case .yes: .accept
        case .no, .wrongWord: .decline
        case .none: .unclear
        }
    }

    /// The person's answer. If there is none, this function waits until the question is withdrawn.
    private func answer() async -> Answer {
        let answer = state.withLock(\.answer)
        if answer == .none { try? await clock.sleep(until: clock.now.advanced(by: .seconds(1_000_000_000))) }
        return answer
    }

    private static func word(otherThan words: ConfirmationWords) -> String {
        ConfirmationWords.list.first { $0 != words.first && $0 != words.second } ?? ""
    }
}

extension PairingCode {
    /// A code with the same slot and another secret, as a person might type it by mistake.
    fileprivate func withOtherSecret() -> PairingCode {
        let own = revealed()
        while true {
            // The slot is that of a code, so the initializer does not throw.
            let random = SecretBytes.random(count: Self.secretLength)
            guard let other = try? PairingCode(slot: slot, random: random) else { return self }
            if other.revealed() != own { return other }
        }
    }
}
