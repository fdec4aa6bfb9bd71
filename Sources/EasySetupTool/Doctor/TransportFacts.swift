import EasySetup
import EasySetupRelayProtocol

/// The findings about the WebSocket.
struct WebSocketFacts: Sendable {
    /// The answer to the request for an upgrade.
    let upgrade: Result<HTTPAnswer, PairingError>
    /// The relay's first frame; nil where the upgrade did not pass.
    var frame: Result<RelayFrame, PairingError>?
    /// The message of the relay's operator beside that frame; nil if there is none.
    var message: RelayMessage?

    /// Whether frames pass in both directions.
    var works: Bool { if case .success? = frame { true } else { false } }

    /// The subprotocols that the answer to the upgrade names; nil if there was no upgrade.
    var subprotocols: [String]? {
        guard case .success(let answer) = upgrade, answer.status == 101 else { return nil }
        return answer.values(of: "sec-websocket-protocol")
    }

    /// Whether an EasySetup relay has answered.
    var isRelay: Bool {
        if works || subprotocols == [Subprotocol.name] { return true }
        return (try? upgrade.get())?.problem != nil
    }

    /// The error by which the relay refused a new device; nil if it did not.
    var refusal: PairingError? {
        guard case .success(.refused(let reason, let wait))? = frame else { return nil }
        return PairingError(reason, retryAfter: wait)
    }
}

/// The findings about long polling.
struct LongPollFacts: Sendable {
    /// The end of the first of two polls, of which the relay must answer one as soon as the other one comes.
    enum Turn: Sendable {
        /// An answer came while its request was open.
        case answered(Result<HTTPAnswer, PairingError>)
        /// Both requests were still open after this time.
        case heldBack(Duration)
    }

    /// The answer to a request for a connection that can't exist.
    let probe: Result<HTTPAnswer, PairingError>
    /// The answer to the first frame.
    var opened: Result<HTTPAnswer, PairingError>?
    /// The answer to the first poll, with the relay's first frame.
    var polled: Result<HTTPAnswer, PairingError>?
    var turn: Turn?

    /// Whether an EasySetup relay has answered.
    var isRelay: Bool { (try? probe.get())?.problem != nil }

    /// The relay's frames in the answer to the first poll.
    var frames: [RelayFrame] { received.map(\.frame) }

    /// The message of the relay's operator beside these frames; nil if there is none.
    var message: RelayMessage? { received.lazy.compactMap(\.message).first }

    private var received: [ReceivedFrame] {
        guard case .success(let answer)? = polled, answer.status == 200,
            let poll = try? PollAnswer(parsing: answer.body)
        else { return [] }
        return poll.frames.compactMap { try? ReceivedFrame(parsing: $0) }
    }

    /// Whether frames pass in both directions, without delay.
    var works: Bool {
        guard !frames.isEmpty else { return false }
        if refusal != nil { return true }
        if case .answered(.success(let answer))? = turn { return answer.status == 200 }
        return false
    }

    /// The error by which the relay refused a new device; nil if it did not.
    var refusal: PairingError? {
        if case .refused(let reason, let wait)? = frames.first { return PairingError(reason, retryAfter: wait) }
        guard case .success(let answer)? = opened else { return nil }
        return [.relayFull, .tooMany, .draining].contains(answer.problem) ? answer.error : nil
    }
}
