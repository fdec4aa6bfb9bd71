/// Why a relay could not start. Each has a sentence for the operator, with what to do next; none carries a secret.
public enum RelayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The address could not be listened on.
    case cannotListen(host: String, port: Int, Cause)
    /// A certificate or key file could not be used. The path is the operator's own.
    case badCertificate(path: String, Cause)
    /// The key file for tokens could not be read, made or believed.
    case badKeyFile(path: String, KeyFileProblem)
    /// The relay stopped before it listened.
    case stopped

    /// What the system said.
    public enum Cause: Equatable, Sendable {
        case addressInUse
        case addressNotAvailable
        case notPermitted
        case notFound
        case unreadable
        case unknownHost
        case mismatch
        /// The system's own number (`errno`), for what has no name here.
        case system(Int32)
        case other
    }

    /// What is wrong with a key file.
    public enum KeyFileProblem: Equatable, Sendable {
        /// Others than its owner may read or write it.
        case readableByOthers
        /// It isn't one or two lines of 64 hexadecimal digits.
        case malformed
        case notARegularFile
        /// The system's own number (`errno`).
        case system(Int32)
    }

    /// What happened: one sentence.
    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let cause):
            "The relay cannot listen on \(host.contains(":") ? "[\(host)]" : host):\(port): \(cause.words)."
        case .badCertificate(let path, let cause):
            "The certificate or key in \(path) cannot be used: \(cause.words)."
        case .badKeyFile(let path, let problem):
            "The key file \(path) cannot be used: \(problem.words)."
        case .stopped:
            "The relay stopped before it listened."
        }
    }

    /// What to do next: one sentence.
    public var advice: String {
        switch self {
        case .cannotListen(_, _, .addressInUse):
            "Stop what uses the port, or choose another one; port 0 takes a free one."
        case .cannotListen(_, _, .notPermitted):
            "Ports below 1024 need rights: choose a higher one, or grant CAP_NET_BIND_SERVICE."
        case .cannotListen:
            "Give an address of this machine, as 127.0.0.1:8080 or [::1]:8080."
        case .badCertificate(_, .mismatch):
            "The private key must belong to the first certificate of the chain."
        case .badCertificate:
            "Give a PEM file with the certificate chain, the relay's own first, and a PEM file with its private key."
        case .badKeyFile(let path, .readableByOthers):
            "The key is a secret: chmod 600 \(path)"
        case .badKeyFile(_, .malformed):
            "It holds one line of 64 hexadecimal digits, and a second one for the previous key; remove it to get a new one."
        case .badKeyFile:
            "Give a file in a folder that the relay may write to; it is made when it is missing."
        case .stopped:
            "Start it again."
        }
    }
}

extension RelayError.Cause {
    var words: String {
        switch self {
        case .addressInUse: "the address is in use"
        case .addressNotAvailable: "this machine does not have that address"
        case .notPermitted: "not permitted"
        case .notFound: "no such file"
        case .unreadable: "it does not parse"
        case .unknownHost: "no such host"
        case .mismatch: "certificate and key do not fit each other"
        case .system(let number): "system error \(number)"
        case .other: "it did not work"
        }
    }
}

extension RelayError.KeyFileProblem {
    var words: String {
        switch self {
        case .readableByOthers: "others may read or write it"
        case .malformed: "it is not a key file"
        case .notARegularFile: "it is not a regular file"
        case .system(let number): "system error \(number)"
        }
    }
}
