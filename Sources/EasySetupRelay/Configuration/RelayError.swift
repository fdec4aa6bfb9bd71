import Logging

/// The reason why a relay could not start. Each error has a sentence for the operator and a sentence of advice. No
/// error contains a secret.
public enum RelayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The relay could not listen on the address.
    case cannotListen(host: String, port: Int, Cause)
    /// A certificate or key file could not be used. The path is as the operator gave it.
    case badCertificate(path: String, CertificateProblem)
    /// The file with the token keys could not be read, created or trusted.
    case badKeyFile(path: String, KeyFileProblem)
    /// Somebody stopped the relay before it listened.
    case stopped

    /// The system's reason why the relay cannot listen on an address.
    public enum Cause: Equatable, Sendable {
        case addressInUse
        case addressNotAvailable
        case notPermitted
        case unknownHost
        /// The name servers do not answer at present.
        case lookUpFailed
        /// The machine does not support this address family.
        case noSuchFamily
        /// The address is a link-local IPv6 address without a zone, the name of its network interface.
        case needsZone
        /// The system's error number (`errno`), for errors without a case here.
        case system(Int32)
        case other
    }

    /// The description of the failure, in one sentence.
    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let cause):
            "The relay cannot listen on \(joined(host: host, port: port)): \(cause.words)."
        case .badCertificate(let path, let problem):
            "The certificate or key in \(path) cannot be used: \(problem.words)."
        case .badKeyFile(let path, let problem):
            "The key file \(path) cannot be used: \(problem.words)."
        case .stopped:
            "The relay was stopped before it listened."
        }
    }

    /// Advice on the next step, in one sentence.
    public var advice: String {
        switch self {
        case .cannotListen(_, _, let cause): cause.advice
        case .badCertificate(let path, let problem): problem.advice(path)
        case .badKeyFile(let path, let problem): problem.advice(path)
        case .stopped: "Start it again."
        }
    }
}

extension RelayError {
    /// The log metadata of an error that occurs while the relay runs.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["error": "\(self)", "advice": "\(advice)"]
        metadata["cause"] = cause.map { "\($0)" }
        return metadata
    }
}

extension RelayError.Cause {
    var words: String {
        switch self {
        case .addressInUse: "the address is in use"
        case .addressNotAvailable: "this machine does not have that address"
        case .notPermitted: "not permitted"
        case .unknownHost: "no such host"
        case .lookUpFailed: "the name could not be looked up"
        case .noSuchFamily: "this machine does not speak that kind of address"
        case .needsZone: "a link-local address needs its interface"
        case .system(let number): "system error \(number)"
        case .other: "it did not work"
        }
    }

    fileprivate var advice: String {
        switch self {
        case .addressInUse: "Stop what uses the port, or choose another one; port 0 takes a free one."
        case .notPermitted: "Ports below 1024 need rights: choose a higher one, or grant CAP_NET_BIND_SERVICE."
        case .lookUpFailed: "Try again when the network's name servers answer, or give the address in numbers."
        case .needsZone: "Name the interface as its zone, as [fe80::1%eth0]:8080."
        case .system(let number) where RelayError.isOutOfFiles(number):
            "Allow the process more open files (LimitNOFILE)."
        default: "Give an address of this machine, as 127.0.0.1:8080 or [::1]:8080, or *:8080 for every one."
        }
    }
}
