import EasySetup

/// A whole pairing by one transport.
struct PairingCheck: DoctorCheck {
    enum Outcome: Sendable {
        /// The pairing took this long, and these transports brought frames.
        case paired(Duration, by: Set<Transport>)
        case failed(PairingError)
        /// The pairing had not ended after this time.
        case unfinished(Duration)
    }

    let transport: Transport
    let outcome: Outcome

    private var check: CheckName { transport == .webSocket ? .pairingByWebSocket : .pairingByLongPolling }

    var findings: [Finding] {
        switch outcome {
        case .paired(let time, let used) where used == [transport]:
            let what = "Two devices with throw-away seeds paired in \(Spoken.time(time))."
            return [.good(check, what, time: time)]
        case .paired(let time, _):
            return [
                .warning(
                    check,
                    "The devices paired in \(Spoken.time(time)), but not by this transport alone: connections were lost.",
                    "Run it again. If it stays so, look at what stands between this device and the relay."
                )
            ]
        case .failed(let error): return [.fault(check, error)]
        case .unfinished(let time):
            let what = "The devices had not paired after \(Spoken.seconds(time))."
            return [.fault(check, .connectionLost, what: what)]
        }
    }
}

/// The times of round trips to the relay and back.
struct RoundTripCheck: DoctorCheck {
    let transport: Transport
    let times: [Duration]
    /// The number of round trips that were tried.
    let tried: Int

    private var check: CheckName { transport == .webSocket ? .tripByWebSocket : .tripByLongPolling }

    var findings: [Finding] {
        let sorted = times.sorted()
        guard times.count == tried, let least = sorted.first else {
            return [
                .warning(
                    check,
                    "Of \(Spoken.count(tried, "round trip")), \(tried - times.count) had no answer in time.",
                    "Run it again. If it stays so, the network between this device and the relay loses much."
                )
            ]
        }
        let middle = sorted[sorted.count / 2]
        let what = "\(Spoken.time(least)) at least, \(Spoken.time(middle)) in the middle of \(tried)."
        return [.good(check, what, time: middle)]
    }
}

/// Whether a quiet connection stays open.
struct QuietCheck: DoctorCheck {
    enum Outcome: Equatable, Sendable {
        case open
        /// The connection was closed, or the call answered, after this time.
        case ended(Duration)
    }

    let check: CheckName
    /// The time for which nothing was said.
    let watched: Duration
    let outcome: Outcome

    var findings: [Finding] {
        let subject = check == .quietCall ? "A waiting call" : "A WebSocket"
        switch outcome {
        case .open:
            let time = Spoken.seconds(watched)
            let what = "\(subject) stayed open for \(time) in which nothing was said; longer was not tried."
            return [.good(check, what)]
        case .ended(let time):
            let end = check == .quietCall ? "was ended too early" : "on which nothing was said was closed"
            let loss = "Pairings go on with another one, and take longer."
            return [.warning(check, "\(subject) \(end), after \(Spoken.seconds(time)). \(loss)", ProxyAdvice.timeouts)]
        }
    }
}
