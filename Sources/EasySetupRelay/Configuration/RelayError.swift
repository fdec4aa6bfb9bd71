import Logging

/// The reason why a relay could not start, or could not load a file again. Each error has a sentence for the operator
/// and advice. No error contains a secret.
///
/// A later version may have errors and causes that this version does not know, so a `switch` over ``code`` or
/// ``causeCode`` needs a `default`.
public struct RelayError: Error, Equatable, Sendable, CustomStringConvertible {
    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// The error's stable code.
    public var code: Code {
        switch kind {
        case .cannotListen, .notListening: .cannotListen
        case .badCertificate: .badCertificate
        case .badKeyFile: .badKeyFile
        case .badMessageFile: .badMessageFile
        case .badFleet: .badFleet
        case .stopped: .stopped
        }
    }

    /// The error's name in `Protocol/errors.md`.
    public var name: String { code.rawValue }

    /// The path of the file that could not be used, as the operator gave it; nil for errors that are not about a file.
    public var path: String? {
        switch kind {
        case .badCertificate(let path, _), .badKeyFile(let path, _), .badMessageFile(let path, _): path
        case .badFleet(let problem): problem.path
        case .cannotListen, .notListening, .stopped: nil
        }
    }

    /// Whether trying again can help although the operator changes nothing: a port in use may become free, and a name
    /// server may answer later.
    public var retryHelps: Bool {
        switch kind {
        case .cannotListen(_, _, .addressInUse), .cannotListen(_, _, .lookUpFailed): true
        case .cannotListen, .notListening, .badCertificate, .badKeyFile, .badMessageFile, .badFleet, .stopped: false
        }
    }

    /// The description of the failure, in one sentence.
    public var description: String {
        switch kind {
        case .cannotListen(let host, let port, let problem):
            "The relay cannot listen on \(joined(host: host, port: port)): \(problem.words)."
        case .notListening(let descriptor):
            "The relay cannot listen on descriptor \(descriptor) of the service manager: it is no listening TCP socket."
        case .badCertificate(let path, let problem):
            "The certificate or key in \(path) cannot be used: \(problem.words)."
        case .badKeyFile(let path, let problem):
            "The key file \(path) cannot be used: \(problem.words)."
        case .badMessageFile(let path, let problem):
            "The file of the message for devices, \(path), cannot be used: \(problem.words)."
        case .badFleet(let problem): problem.description
        case .stopped:
            "The relay was stopped before it listened."
        }
    }

    /// Advice: the steps that the operator can take against the error.
    public var advice: String {
        switch kind {
        case .cannotListen(_, _, let problem): problem.advice
        case .notListening: "Let the socket unit have ListenStream= with an address and a port, and Accept=no."
        case .badCertificate(let path, let problem): problem.advice(path)
        case .badKeyFile(let path, let problem): problem.advice(path)
        case .badMessageFile(let path, let problem): problem.advice(path)
        case .badFleet(let problem): problem.advice
        case .stopped: "Start it again."
        }
    }

    /// The stable codes of the relay's errors.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The error code's name in `Protocol/errors.md`, such as `cannot-listen`.
        public let rawValue: String

        /// Makes an error code from its name, such as `cannot-listen`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The error code's name, as in ``rawValue``.
        public var description: String { rawValue }

        /// The relay could not listen on one of its addresses, or on a socket that it was given.
        public static let cannotListen = Self(rawValue: "cannot-listen")
        /// A certificate file, or the file of its private key, could not be used.
        public static let badCertificate = Self(rawValue: "bad-certificate")
        /// The file with the token keys could not be read, created or trusted.
        public static let badKeyFile = Self(rawValue: "bad-key-file")
        /// The file with the message for devices could not be read, or its text breaks a rule.
        public static let badMessageFile = Self(rawValue: "bad-message-file")
        /// The settings of the fleet, or a file that they name, could not be used.
        public static let badFleet = Self(rawValue: "bad-fleet")
        /// Somebody stopped the relay before it listened.
        public static let stopped = Self(rawValue: "relay-stopped")
    }

    /// The errors in the form in which this project handles them. Other programs see ``code``, because a new case in a
    /// public enum would break their `switch`.
    package enum Kind: Equatable, Sendable {
        case cannotListen(host: String, port: Int, ListenProblem)
        case notListening(descriptor: CInt)
        case badCertificate(path: String, CertificateProblem), badKeyFile(path: String, KeyFileProblem)
        case badMessageFile(path: String, MessageFileProblem), stopped
        indirect case badFleet(RedisSettingsError)
    }

    /// The reason why the relay can't listen on an address.
    package enum ListenProblem: Equatable, Sendable {
        case addressInUse
        case addressNotAvailable
        case notPermitted
        case unknownHost
        /// The host name could not be looked up, which may be a temporary failure of the name servers.
        case lookUpFailed
        /// The machine does not support this address family.
        case noSuchFamily
        /// The address is a link-local IPv6 address without a zone. The zone would name the network interface.
        case needsZone
        /// The zone of a link-local IPv6 address is no network interface of this machine.
        case unknownZone
        /// The IPv6 address has a zone although it is not link-local.
        case needlessZone
        /// The address is an IPv4 address mapped into IPv6, such as `::ffff:127.0.0.1`.
        case mappedAddress
        /// The address is an IPv4 address in an old form, such as `010.0.0.1` or `127.1`, that programs read in
        /// different ways.
        case oldForm
        /// The system's error number (`errno`), for errors without a case here.
        case system(Int32)
        case other
    }
}

// MARK: - Making errors

extension RelayError {
    package static func cannotListen(host: String, port: Int, _ problem: ListenProblem) -> Self {
        Self(.cannotListen(host: host, port: port, problem))
    }

    package static func notListening(descriptor: CInt) -> Self { Self(.notListening(descriptor: descriptor)) }

    package static func badCertificate(path: String, _ problem: CertificateProblem) -> Self {
        Self(.badCertificate(path: path, problem))
    }

    package static func badKeyFile(path: String, _ problem: KeyFileProblem) -> Self {
        Self(.badKeyFile(path: path, problem))
    }

    package static func badMessageFile(path: String, _ problem: MessageFileProblem) -> Self {
        Self(.badMessageFile(path: path, problem))
    }

    package static func badFleet(_ problem: RedisSettingsError) -> Self { Self(.badFleet(problem)) }

    package static var stopped: Self { Self(.stopped) }
}

extension RelayError {
    /// The metadata of the log line for an error that occurs while the relay runs.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["error": "\(self)", "advice": "\(advice)"]
        metadata["cause"] = cause.map { "\($0)" }
        return metadata
    }
}

extension RelayError.ListenProblem {
    var words: String {
        switch self {
        case .addressInUse: "the address is in use"
        case .addressNotAvailable: "this machine does not have that address"
        case .notPermitted: "not permitted"
        case .unknownHost: "no such host"
        case .lookUpFailed: "the name could not be looked up"
        case .noSuchFamily: "this machine does not speak that kind of address"
        case .needsZone: "a link-local address needs its interface"
        case .unknownZone: "the zone behind the address is no network interface of this machine"
        case .needlessZone: "the address is not link-local, and has a zone"
        case .mappedAddress: "it is an IPv4 address in the form of IPv6"
        case .oldForm: "it is not four decimal numbers, each without a zero before it"
        case .system(let number): "system error \(number)"
        case .other: "it did not work"
        }
    }

    fileprivate var advice: String {
        switch self {
        case .addressInUse:
            "`ss -ltnp` names what uses the port: stop it, or choose another port; port 0 takes a free one."
        case .notPermitted:
            "Ports below 1024 need rights: choose a higher one, let systemd open it (easysetup-relay.socket), or grant CAP_NET_BIND_SERVICE."
        case .lookUpFailed: "Try again when the network's name servers answer, or give the address in numbers."
        case .needsZone: "Name the interface as its zone, as [fe80::1%eth0]:8080."
        case .unknownZone: "Name an interface of this machine as the zone; `ip link` lists them."
        case .needlessZone: "Leave the zone out."
        case .mappedAddress, .oldForm: "Write the IPv4 address as 127.0.0.1:8080."
        case .system(let number) where RelayError.isOutOfFiles(number):
            "Allow the process more open files (LimitNOFILE)."
        default: "Give an address of this machine, as 127.0.0.1:8080 or [::1]:8080, or *:8080 for every one."
        }
    }
}
