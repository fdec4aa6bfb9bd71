import EasySetup
import EasySetupRelayProtocol

/// Whether what answers is a relay of this version of the protocol.
struct ServerCheck: DoctorCheck {
    let health: Result<HTTPAnswer, PairingError>
    let webSocket: WebSocketFacts
    let longPolling: LongPollFacts
    /// Whether TLS is spoken at an address without TLS. Most servers only close a connection that begins otherwise.
    var speaksTLS = false

    var isRelay: Bool { webSocket.isRelay || longPolling.isRelay }

    /// Whether the relay speaks another version than this program.
    private var isOther: Bool {
        guard !longPolling.isRelay, case .success(let answer) = webSocket.upgrade else { return false }
        return answer.problem == .wrongVersion && !answer.text.contains("\"\(Subprotocol.name)\"")
    }

    var findings: [Finding] {
        if isOther { return [.fault(.relay, .relayVersion)] }
        guard isRelay else { return [.fault(.relay, error)] }
        var what = "An EasySetup relay answers, protocol \(Subprotocol.name)."
        if let before { what += " Before it stands \(before)." }
        if !isWell { what += " Its health page is not passed on, which devices do not need." }
        return [.good(.relay, what)]
    }

    /// The error that a device would show.
    private var error: PairingError {
        if speaksTLS { return .notARelay(.tls) }
        return switch webSocket.upgrade {
        case .failure(let error): error
        case .success(let answer): answer.status == 101 ? .relayVersion : answer.error
        }
    }

    private var isWell: Bool {
        (try? health.get()).map { ["ok", "draining"].contains($0.text) } ?? false
    }

    /// The server that has left its name in an answer; a relay leaves none.
    private var before: String? {
        let answers = [health, longPolling.probe].compactMap { try? $0.get() }
        let names = answers.flatMap { $0.values(of: "via") + $0.values(of: "server") }.map(Spoken.safe)
        return names.first { !$0.isEmpty }.map { "another server (\($0))" }
    }
}

/// The relay's clock against this device's.
struct ClockCheck: DoctorCheck {
    /// The relay's time and this device's at the same moment, in seconds since 1970; nil if no answer had a `Date`.
    let times: (relay: Int, device: Int)?

    /// A greater difference is told as a warning. The header `Date` has whole seconds, and the answer takes its time.
    static let most = 10

    var findings: [Finding] {
        guard let times else {
            return [.skipped(.clock, "No answer has the header Date: something on the way may take it away.")]
        }
        let ahead = times.device - times.relay
        guard abs(ahead) > Self.most else {
            return [.good(.clock, "The relay's clock and this device's differ by \(abs(ahead)) s at most.")]
        }
        return [
            .warning(
                .clock,
                "This device's clock is \(Spoken.count(abs(ahead), "second")) \(ahead > 0 ? "ahead of" : "behind") the relay's.",
                """
                A pairing needs no clock. Certificates do: a clock that is days off makes a good one expired or not valid \
                yet. Let both machines ask a time server.
                """
            )
        ]
    }
}

/// Whether the relay takes new devices.
struct ServiceCheck: DoctorCheck {
    let health: Result<HTTPAnswer, PairingError>
    let webSocket: WebSocketFacts
    let longPolling: LongPollFacts

    /// The error by which the relay refuses new devices; nil if it takes them.
    var refusal: PairingError? {
        if let refusal = webSocket.refusal ?? longPolling.refusal { return refusal }
        guard case .success(let answer) = health, answer.status == 503, answer.text == "draining" else { return nil }
        return .draining(retryAfter: .zero)
    }

    var findings: [Finding] {
        if let refusal { return [.fault(.service, refusal)] }
        guard webSocket.works || longPolling.works else {
            return [.skipped(.service, "No frame got through, so nobody could ask.")]
        }
        return [.good(.service, "The relay takes new devices.")]
    }
}
