/// The ways into a relay (`Protocol/http.md`, "Which transport").
enum Transport: String, Sendable {
    /// `Protocol/relay.md`, "Transport".
    case webSocket = "websocket"
    /// `Protocol/http.md`, "Calls".
    case longPolling = "long-polling"

    static let webSocketPath = "/easysetup/v1/ws"
    static let sendPath = "/easysetup/v1/send"
    static let pollPath = "/easysetup/v1/poll"
}
