public import EasySetupRelay
public import EasySetupSeed

extension RelayError: ExplainedError {
    /// What programs know it by (`Protocol/errors.md`).
    public var name: String {
        switch self {
        case .cannotListen: "cannot-listen"
        case .badCertificate: "bad-certificate"
        case .badKeyFile: "bad-key-file"
        case .stopped: "relay-stopped"
        }
    }

    /// A port in use may be free later, and a name server answer; the rest needs the operator.
    public var retryHelps: Bool {
        switch self {
        case .cannotListen(_, _, .addressInUse), .cannotListen(_, _, .lookUpFailed): true
        default: false
        }
    }
}
