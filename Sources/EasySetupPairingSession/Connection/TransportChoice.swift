/// The choice of the transport for each connection of a pairing (`Protocol/http.md`, "Which transport").
package struct TransportChoice: Sendable {
    private enum Knowledge {
        /// Nothing is known that speaks against WebSockets.
        case none
        /// A WebSocket was open, but no frame of the relay arrived on it. The next attempt uses long polling.
        case silentWebSocket
        /// Long polling has worked, so the device uses it for the rest of the pairing.
        case longPollingWorks
    }

    private var knowledge = Knowledge.none

    package init() {}

    /// The transport for the next connection.
    package var next: Transport {
        switch knowledge {
        case .none: .webSocket
        case .silentWebSocket, .longPollingWorks: .longPolling
        }
    }

    /// The relay's first frame on a connection arrived by this transport.
    package mutating func opened(by transport: Transport) {
        if transport == .longPolling { knowledge = .longPollingWorks }
    }

    /// A WebSocket was open, and ended before any frame of the relay arrived.
    package mutating func webSocketStayedSilent() {
        if knowledge != .longPollingWorks { knowledge = .silentWebSocket }
    }

    /// An attempt to connect has failed. If long polling has never worked, the next attempt tries a WebSocket again.
    package mutating func attemptFailed() {
        if knowledge != .longPollingWorks { knowledge = .none }
    }
}
