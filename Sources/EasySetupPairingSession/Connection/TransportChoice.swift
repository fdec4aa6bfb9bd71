/// The choice of the transport for each connection of a pairing (`Protocol/http.md`, "Which transport").
package struct TransportChoice: Sendable {
    private enum Knowledge {
        /// Nothing speaks against WebSockets.
        case none
        /// A WebSocket was open, and no frame came on it. The next attempt is by long polling.
        case silentWebSocket
        /// Long polling has worked, so it is used for the rest of the pairing.
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

    /// The first frame on a connection came by this transport.
    package mutating func opened(by transport: Transport) {
        if transport == .longPolling { knowledge = .longPollingWorks }
    }

    /// A WebSocket that was open has ended without a frame.
    package mutating func webSocketStayedSilent() {
        if knowledge != .longPollingWorks { knowledge = .silentWebSocket }
    }

    /// An attempt to connect has failed.
    package mutating func attemptFailed() {
        if knowledge != .longPollingWorks { knowledge = .none }
    }
}
