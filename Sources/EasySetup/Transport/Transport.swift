/// The ways into a relay (`Protocol/http.md`, "Which door").
enum Door: String, Sendable {
    /// `Protocol/relay.md`, "Transport".
    case webSocket = "websocket"
    /// `Protocol/http.md`, "Calls".
    case http

    static let webSocketPath = "/easysetup/v1/ws"
    static let sendPath = "/easysetup/v1/send"
    static let pollPath = "/easysetup/v1/poll"
}
