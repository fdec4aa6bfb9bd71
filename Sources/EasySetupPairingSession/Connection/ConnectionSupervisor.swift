package import EasySetupChain
package import EasySetupRelayProtocol

/// Runs a session, and manages its connections: which connection still counts, which transport the next one takes, and
/// when the user is told of a failed attempt. This type is a pure state machine; a driver carries out its steps and
/// reports what happened.
///
/// Connections have numbers, because a report of an old connection can arrive after the session has given that
/// connection up.
package struct ConnectionSupervisor<Session: PairingSession & ~Copyable>: ~Copyable {
    /// The instruction to the driver for a connection that has opened.
    package enum AfterOpening: Sendable {
        /// Keep the new connection, and carry out these steps of the session.
        case use([DriverStep])
        /// Close the new connection, because the session does not wait for it any more.
        case close
    }

    private var session: Session
    /// The number of the connection that the session uses or waits for. When the number changes, reports of earlier
    /// connections have no effect on the session.
    private var current = 0
    private var transport = TransportChoice()
    /// Whether the state with the outcome, paired or failed, was shown. No other state may follow it.
    private var hasShownLast = false

    package init(_ session: consuming Session) {
        self.session = session
    }

    /// Ends this `ConnectionSupervisor`, and returns the session, so that the caller can read its result.
    package consuming func end() -> Session { session }

    /// The moment at which ``SessionEvent/deadlinePassed`` is due; nil when there is none.
    package var nextDeadline: Duration? { session.nextDeadline }

    /// The steps at the beginning of the pairing.
    package mutating func begin() -> [DriverStep] {
        let actions = session.begin()
        return steps(for: actions)
    }

    /// Passes the session an event of the user, the store, the clock or the app, and returns the steps that follow.
    package mutating func happened(_ event: SessionEvent, now: Duration) -> [DriverStep] {
        let actions = session.handle(event, now: now)
        return steps(for: actions)
    }

    /// Takes the report that the connection with this number is open. Returns what the driver does with it.
    package mutating func opened(_ number: Int, now: Duration) -> AfterOpening {
        guard number == current else { return .close }
        let actions = session.handle(.connected, now: now)
        return .use([.read] + steps(for: actions))
    }

    /// Takes the report that the connection with this number could not be made. Returns the steps that follow.
    package mutating func failed(_ number: Int, _ error: PairingError, now: Duration) -> [DriverStep] {
        transport.attemptFailed()
        guard number == current else { return [] }
        let actions = session.handle(.lost(error), now: now)
        let isOver = hasShownLast || actions.contains(where: \.isLastState)
        return (isOver ? [] : [.show(.retrying(error))]) + steps(for: actions)
    }

    /// Takes a report of the connection with this number. Returns the steps that follow.
    package mutating func reported(_ report: ConnectionReport, by number: Int, now: Duration) -> [DriverStep] {
        // A report about a transport is useful even if it comes from an old connection.
        switch report {
        case .through(let open): transport.opened(by: open)
        case .unheard: transport.webSocketStayedSilent()
        case .stumbled, .frames, .closed: break
        }
        guard number == current else { return [] }
        switch report {
        case .through, .unheard: return []
        case .stumbled: return happened(.stumbled, now: now)
        case .closed(let error):
            current += 1
            return happened(.lost(error), now: now)
        case .frames(let frames): return received(frames, now: now)
        }
    }

    private mutating func received(_ frames: [ReceivedFrame], now: Duration) -> [DriverStep] {
        var actions: [SessionAction] = []
        for received in frames {
            if let message = received.message { actions += session.handle(.relayMessage(message), now: now) }
            let more = session.handle(.frame(received.frame), now: now)
            actions += more
            // The session has given this connection up, so its remaining frames must not reach the session.
            if more.contains(where: \.isDisconnect) { break }
        }
        return [.read] + steps(for: actions)
    }

    private mutating func steps(for actions: [SessionAction]) -> [DriverStep] {
        var steps: [DriverStep] = []
        var frames: [DeviceFrame] = []
        for action in actions {
            if case .send(let frame) = action {
                frames.append(frame)
                continue
            }
            // Consecutive frames are sent in one write, before any later action.
            if !frames.isEmpty { steps.append(.send(frames)) }
            frames.removeAll()
            steps.append(step(for: action))
        }
        if !frames.isEmpty { steps.append(.send(frames)) }
        return steps
    }

    private mutating func step(for action: SessionAction) -> DriverStep {
        if action.isLastState { hasShownLast = true }
        switch action {
        case .connect:
            current += 1
            return .connect(current, by: transport.next)
        case .send(let frame): return .send([frame])
        case .disconnect:
            current += 1
            return .disconnect
        case .show(let state): return .show(state)
        case .ask(let request): return .ask(request)
        case .askToAccept(let request): return .askToAccept(request)
        case .stopAsking: return .stopAsking
        case .store(let access): return .store(access)
        case .solve(let challenge, let difficulty): return .solve(challenge: challenge, difficulty: difficulty)
        case .end: return .end
        }
    }
}

/// A step that the driver of a session carries out. The driver carries out a list of steps in order.
package enum DriverStep: Sendable {
    /// Make a connection with this number by this transport. The driver stops an attempt that still runs.
    case connect(Int, by: Transport)
    /// Ask the connection for its next frames.
    case read
    /// Send the frames in one write.
    case send([DeviceFrame])
    /// Close the connection after everything is sent.
    case disconnect
    /// Show the state in the app.
    case show(PairingState)
    /// Ask the holder's user whether to send the seed.
    case ask(ApprovalRequest)
    /// Ask the receiver's user whether to keep the seed.
    case askToAccept(AcceptanceRequest)
    /// Withdraw the question about the seed (`ask` or `askToAccept`), because the answer does not matter any more.
    case stopAsking
    /// Store the seed durably.
    case store(ChainAccess)
    /// Solve a proof of work.
    case solve(challenge: [UInt8], difficulty: Int)
    /// The session is over; no more steps follow.
    case end
}

/// An event that a connection to the relay reports.
package enum ConnectionReport: Sendable {
    /// The relay has answered for the first time on this connection, by this transport.
    case through(Transport)
    /// The WebSocket could not be opened, or a long-poll request failed, before the relay's first answer. Another
    /// attempt follows.
    case stumbled
    /// The WebSocket was open, and ended before any frame of the relay arrived. The likely cause is a proxy that allows
    /// the upgrade but drops frames. The report `closed` follows.
    case unheard
    /// Frames that arrived together. The connection reports the next frames only after the next ``DriverStep/read``.
    case frames([ReceivedFrame])
    /// The connection has ended, for this reason.
    case closed(PairingError)
}
