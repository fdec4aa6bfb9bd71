import EasySetup
import EasySetupRelayProtocol

/// Advice to operators about proxies, which `Protocol/operating.md` has at greater length.
enum ProxyAdvice {
    private static let page = #"Protocol/operating.md, "Behind a proxy", has the lines."#

    static let upgrades = """
        Let the proxy pass WebSockets on. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
        proxy_set_header Connection "upgrade"; HAProxy: mode http, with a timeout tunnel. \(page)
        """
    static let bodies = """
        Let what stands on the way pass answers on as they come: nginx: proxy_buffering off; switch off the scanning of \
        bodies. \(page)
        """
    static let calls = "Let the proxy pass requests below /easysetup/v1/ on with their bodies as they are. \(page)"
    static let timeouts = """
        Give the proxy more patience. nginx: proxy_read_timeout 120s; proxy_send_timeout 120s; HAProxy: timeout client 75s, \
        timeout server 75s, timeout tunnel 120s.
        """
}

/// The WebSocket: whether the upgrade passes with its headers, and frames in both directions.
struct WebSocketCheck: DoctorCheck {
    let facts: WebSocketFacts
    /// Whether devices get through by long polling, so that a lost WebSocket costs only time.
    let hasOther: Bool

    var findings: [Finding] {
        if facts.works { return [.good(.webSocket, "The upgrade passes, and frames pass both ways.")] }
        let verdict: Finding.Verdict = hasOther ? .warning : .wrong
        let more = hasOther ? " Devices get through by long polling all the same." : ""
        let fault = { (error: PairingError, what: String) -> [Finding] in
            [.fault(.webSocket, error, verdict, what: what + more, advice: ProxyAdvice.upgrades)]
        }
        switch facts.upgrade {
        case .failure(let error):
            return fault(error, "The request for a WebSocket is swallowed: \(error.description)")
        case .success(let answer):
            if answer.status == 101 {
                guard facts.subprotocols == [Subprotocol.name] else {
                    return fault(
                        .relayVersion,
                        "The header Sec-WebSocket-Protocol is lost in the answer to the request."
                    )
                }
                let error: PairingError = if case .failure(let error)? = facts.frame { error } else { .connectionLost }
                return fault(error, "The upgrade passes, and no frame does: something on the way swallows them.")
            }
            switch answer.problem {
            case .upgradeRequired:
                return fault(answer.error, "The header Upgrade is lost: the relay got a plain request.")
            case .badUpgrade:
                return fault(
                    answer.error,
                    "The request for a WebSocket is changed: headers that belong to it are lost."
                )
            case .wrongVersion where answer.text.contains("\"\(Subprotocol.name)\""):
                return fault(.relayVersion, "The header Sec-WebSocket-Protocol is lost in the request for a WebSocket.")
            case .foreignOrigin:
                return fault(answer.error, "A header Origin or Sec-Fetch-Site is added, as if a web page had asked.")
            default:
                return fault(answer.error, "The request for a WebSocket is answered by status \(answer.status).")
            }
        }
    }
}

/// Long polling: whether its requests pass as they are, and answers come while their request is open.
struct LongPollCheck: DoctorCheck {
    let facts: LongPollFacts
    /// Whether devices get through by the WebSocket, so that lost calls harm only those without one.
    let hasOther: Bool

    var findings: [Finding] {
        if facts.works || facts.refusal != nil {
            return [lost ?? .good(.longPolling, "Calls pass, and answers come at once.")]
        }
        let verdict: Finding.Verdict = hasOther ? .warning : .wrong
        let more = hasOther ? " Devices in networks without WebSockets can't pair." : ""
        let fault = { (error: PairingError, what: String, advice: String) -> [Finding] in
            [.fault(.longPolling, error, verdict, what: what + more, advice: advice)]
        }
        if let (error, what) = Self.loss(facts.probe, expecting: .unknownConnection) {
            return fault(error, what, ProxyAdvice.calls)
        }
        for result in [facts.opened, facts.polled].compactMap({ $0 }) {
            if let (error, what) = Self.loss(result, expecting: nil) { return fault(error, what, ProxyAdvice.calls) }
        }
        switch facts.turn {
        case .heldBack(let time)?:
            let what = "An answer is held back: \(Spoken.seconds(time)) after it was given, it had not come."
            return fault(.relayUnreachable(.noAnswer), what, ProxyAdvice.bodies)
        case .answered(.failure(let error))?:
            return fault(error, "A waiting call is lost: \(error.description)", ProxyAdvice.calls)
        case .answered(.success(let answer))?:
            return fault(answer.error, "A waiting call is answered by status \(answer.status).", ProxyAdvice.calls)
        case nil: return fault(.relayMisbehaved, "The body of an answer is changed or lost.", ProxyAdvice.calls)
        }
    }

    /// The fault of a call; nil if it has none.
    /// - Parameter problem: the problem that a relay reports to this call; nil for an answer with status 200.
    private static func loss(
        _ result: Result<HTTPAnswer, PairingError>,
        expecting problem: ProblemType?
    ) -> (PairingError, String)? {
        switch result {
        case .failure(let error): return (error, "A call is lost: \(error.description)")
        case .success(let answer):
            if answer.problem == problem, problem != nil || answer.status == 200 { return nil }
            switch answer.problem {
            case .wrongContent: return (answer.error, "The header Content-Type is lost or changed in a call.")
            case .lengthRequired: return (answer.error, "The header Content-Length is lost in a call.")
            case .badBody, .bodyTooLarge: return (answer.error, "The body of a call is changed.")
            case .foreignOrigin:
                return (answer.error, "A header Origin or Sec-Fetch-Site is added, as if a web page had asked.")
            case .unknownConnection:
                return (.relayForgot, "Calls of one connection reach different relays behind this address.")
            default: return (answer.error, "A call is answered by status \(answer.status).")
            }
        }
    }

    /// A header that was lost, although devices get through without it; nil if none was.
    private var lost: Finding? {
        guard case .success(let answer)? = facts.polled, answer.status == 200 else { return nil }
        let expected = [("Content-Type", RelayPath.bodyType), ("Cache-Control", "no-store")]
        let faults = expected.filter { name, value in
            !answer.values(of: name.lowercased()).contains { $0.lowercased().contains(value) }
        }
        guard let (name, _) = faults.first else { return nil }
        return .warning(
            .longPolling,
            "Calls pass, but the header \(name) of answers is lost or changed.",
            "Devices do not need it, but caches and scanners on the way do: let the proxy pass the relay's headers on."
        )
    }
}
