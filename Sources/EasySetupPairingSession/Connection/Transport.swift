/// The transports between device and relay (`Protocol/http.md`, "Which transport").
package enum Transport: String, Sendable {
    /// One WebSocket (`Protocol/relay.md`, "Transport").
    case webSocket = "websocket"
    /// Long polling: HTTP requests that the relay may hold open until it has frames (`Protocol/http.md`, "Calls").
    case longPolling = "long-polling"
}
