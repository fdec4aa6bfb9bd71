public import EasySetupRelay
public import EasySetupSeed

extension RelayError: ExplainedError {
    /// The error's stable name for programs (`Protocol/errors.md`).
    public var name: String {
        switch self {
        case .cannotListen: "cannot-listen"
        case .badCertificate: "bad-certificate"
        case .badKeyFile: "bad-key-file"
        case .stopped: "relay-stopped"
        }
    }

    /// Whether a retry may help although the operator changes nothing: a port in use may become free, and a name server
    /// may answer later.
    public var retryHelps: Bool {
        switch self {
        case .cannotListen(_, _, .addressInUse), .cannotListen(_, _, .lookUpFailed): true
        default: false
        }
    }
}
