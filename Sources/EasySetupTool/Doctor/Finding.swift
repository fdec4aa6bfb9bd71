import EasySetup

/// The checks of `easysetup doctor`, in the order in which their findings are told.
enum CheckName: String, CaseIterable, Sendable {
    case address, proxy, authorities, name, port, tls, relay, clock
    case webSocket = "websocket"
    case longPolling = "long-polling"
    case service
    case pairingByWebSocket = "pairing-websocket"
    case pairingByLongPolling = "pairing-long-polling"
    case tripByWebSocket = "round-trip-websocket"
    case tripByLongPolling = "round-trip-long-polling"
    case quietWebSocket = "quiet-websocket"
    case quietCall = "quiet-call"

    /// The check's name for people.
    var title: String {
        switch self {
        case .address: "address"
        case .proxy: "proxy"
        case .authorities: "authorities"
        case .name: "name"
        case .port: "port"
        case .tls: "TLS"
        case .relay: "relay"
        case .clock: "clock"
        case .webSocket: "WebSocket"
        case .longPolling: "long polling"
        case .service: "service"
        case .pairingByWebSocket: "pairing, WebSocket"
        case .pairingByLongPolling: "pairing, long polling"
        case .tripByWebSocket: "round trip, WebSocket"
        case .tripByLongPolling: "round trip, long polling"
        case .quietWebSocket: "quiet WebSocket"
        case .quietCall: "quiet call"
        }
    }
}

/// The outcome of one check: what was found, and what to do about it.
struct Finding: Equatable, Sendable {
    enum Verdict: String, CaseIterable, Sendable {
        case good, warning, wrong
        /// The check was not made, because there is nothing to check, or because an earlier one failed.
        case skipped
    }

    let check: CheckName
    let verdict: Verdict
    /// A sentence that says what was found.
    let what: String
    /// A sentence that says what to do; nil where there is nothing to do.
    var advice: String?
    /// The name of the error in `Protocol/errors.md`; nil for a finding that is no error of a device.
    var error: String?
    /// The name of the error's cause.
    var cause: String?
    /// The address at which it was found, for a check that is made at each address.
    var address: String?
    /// The time that was measured.
    var time: Duration?

    static func good(_ check: CheckName, _ what: String, at address: String? = nil, time: Duration? = nil) -> Finding {
        Finding(check: check, verdict: .good, what: what, address: address, time: time)
    }

    static func skipped(_ check: CheckName, _ what: String, at address: String? = nil) -> Finding {
        Finding(check: check, verdict: .skipped, what: what, address: address)
    }

    static func warning(_ check: CheckName, _ what: String, _ advice: String) -> Finding {
        Finding(check: check, verdict: .warning, what: what, advice: advice)
    }

    /// A finding that a device would report as this error.
    /// - Parameters:
    ///   - verdict: `warning` where devices get through all the same.
    ///   - what: the sentence in place of the error's own.
    ///   - advice: the advice in place of the error's own.
    static func fault(
        _ check: CheckName,
        _ error: PairingError,
        _ verdict: Verdict = .wrong,
        what: String? = nil,
        advice: String? = nil,
        at address: String? = nil
    ) -> Finding {
        let sentence = what ?? error.description
        return Finding(
            check: check,
            verdict: verdict,
            what: address.map { "At \($0): \(sentence)" } ?? sentence,
            advice: advice ?? error.commandAdvice,
            error: error.name,
            cause: error.cause,
            address: address
        )
    }

    /// The members of the event for programs.
    var members: [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("check", .string(check.rawValue)), ("verdict", .string(verdict.rawValue)), ("message", .string(what)),
        ]
        for (name, value) in [("advice", advice), ("error", error), ("cause", cause), ("address", address)] {
            if let value { members.append((name, .string(value))) }
        }
        if let time { members.append(("microseconds", .integer(Int(time / .microseconds(1))))) }
        return members
    }
}

/// A check of `easysetup doctor`: facts, and the findings that follow from them. It does no I/O.
protocol DoctorCheck: Sendable {
    var findings: [Finding] { get }
}

/// Times and numbers in the sentences of findings.
enum Spoken {
    /// Milliseconds, with one decimal place below 10 ms.
    static func time(_ duration: Duration) -> String {
        let tenths = Int((duration / .microseconds(100)).rounded())
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) ms" : "\((tenths + 5) / 10) ms"
    }

    /// Seconds without a fraction.
    static func seconds(_ duration: Duration) -> String { "\(Int((duration / .seconds(1)).rounded())) s" }

    /// A number with a noun, such as `1 day` and `2 days`.
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// A text from a server with the characters that are safe to show in one line of a terminal, 64 at most.
    static func safe(_ text: String) -> String {
        String(text.unicodeScalars.lazy.filter { (0x20..<0x7F).contains($0.value) }.prefix(64).map(Character.init))
    }
}
