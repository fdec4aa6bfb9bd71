import EasySetupPairingSession

/// The paths of the transports at a relay (`Protocol/http.md`).
extension Transport {
    static let webSocketPath = "/easysetup/v1/ws"
    static let sendPath = "/easysetup/v1/send"
    static let pollPath = "/easysetup/v1/poll"
}
