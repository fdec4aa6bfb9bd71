import RelayWire

/// What it means when something answers the request for a WebSocket with another status than 101 (`Protocol/relay.md`,
/// "Transport").
struct UpgradeRefusal: Equatable, Sendable {
    /// What a person is told when the other door is shut too.
    let error: PairingError
    /// Whether the relay itself said it, and would say the same at its other door. All else may come from a proxy, or from a
    /// relay that a proxy has shown only half of the request (`Protocol/http.md`, "Which door").
    let isFinal: Bool

    /// - Parameters:
    ///   - status: nil when the answer ended before it.
    ///   - body: as much of it as came and is wanted.
    init(status: Int?, body: String) {
        let problem = Problem(in: body)?.name
        switch problem {
        case "wrong-version":
            // A relay that names this device's version among its own has been shown none: a proxy took the header away.
            let speaksOurs = body.contains("\"\(Subprotocol.name)\"")
            (error, isFinal) = (.relayVersion, !speaksOurs)
        case "foreign-origin": (error, isFinal) = (.notARelay(.unknown), true)
        default: (error, isFinal) = (PairingError(status: status, body: body), false)
        }
    }
}

extension PairingError {
    /// What a status that is not the relay's own word tells a person.
    init(status: Int?, body: String) {
        switch status {
        case 503 where body.contains("draining"): self = .relayDraining(retryAfter: .seconds(60))
        case 503: self = .relayFull(retryAfter: .seconds(5))
        case 429: self = .tooMany(retryAfter: .seconds(10))
        default: self = .notARelay(.unknown)
        }
    }
}
