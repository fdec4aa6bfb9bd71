/// The reason why a relay can't use its ``RedisSettings``. It has no secret.
package enum RedisSettingsError: Error, Equatable, Sendable {
    /// The address has a password, and there is a file with one.
    case twoPasswords
    /// A user without a password.
    case noPassword
    /// There are certificates, and the address is one without TLS.
    case needlessCertificate
    /// The relay has no key file, and so not the key of the other relays.
    case noKeyFile
    case password(path: String, RelayError.FileProblem)
    case emptyPassword(path: String)
    /// Others may read or replace the password.
    case openPassword(path: String, RelayError.SecrecyProblem)
    case authorities(path: String, RelayError.CertificateProblem)
    case certificate(RelayError)
    case system
}

extension RedisSettingsError {
    /// The reason, as a sentence.
    package var description: String {
        switch self {
        case .twoPasswords: "Redis' address has a password, and there is a file with one."
        case .noPassword: "Redis' address has a user without a password."
        case .needlessCertificate: "There are certificates for Redis, and its address is one without TLS."
        case .noKeyFile: "A relay of a fleet needs a key file, because all its relays have the same keys."
        case .password(let path, let problem): "The file of Redis' password, \(path), cannot be used: \(problem.words)."
        case .emptyPassword(let path): "The file of Redis' password, \(path), is empty."
        case .openPassword(let path, let problem):
            "The file of Redis' password, \(path), cannot be used: \(RelayError.KeyFileProblem.secrecy(problem).words)."
        case .authorities(let path, let problem):
            "The certificates in \(path), by which Redis is to be trusted, cannot be used: \(problem.words)."
        case .certificate(let error): error.description
        case .system: "TLS to Redis cannot be set up."
        }
    }

    /// The steps that the operator can take against it.
    var advice: String {
        switch self {
        case .twoPasswords: "Take the password out of the address, where other programs may read it."
        case .noPassword: "Put the password into a file, and name it by --fleet-password-file."
        case .needlessCertificate: "Use rediss://, or leave the certificates out."
        case .noKeyFile: "Copy the key file of another relay to this machine, and name it by --key-file."
        case .password(_, .notPermitted): "Let the relay's user read it: chown it, or give it the group and mode 440."
        case .password, .emptyPassword: "Put the password there, in a line of its own."
        case .openPassword(let path, .openToOthers):
            "It is a secret: chmod 600 \(path) (or 440, where it is root's and the relay's user is in its group)"
        case .openPassword: "It must be root's or the relay's user's: chown it."
        case .authorities: "Give a PEM file with the certificates of the authorities that sign for Redis."
        case .certificate(let error): error.advice
        case .system: "Try without certificates of your own."
        }
    }

    /// The name of what is wrong with a file, or with the settings.
    var cause: RelayError.Cause {
        switch self {
        case .twoPasswords, .noPassword, .needlessCertificate, .noKeyFile: .unfitSettings
        case .password(_, let problem): problem.code
        case .emptyPassword: .empty
        case .openPassword(_, let problem): RelayError.KeyFileProblem.secrecy(problem).code
        case .authorities(_, let problem): problem.code
        case .certificate(let error): error.causeCode ?? .system
        case .system: .system
        }
    }

    /// The file that can't be used; nil if it is none.
    var path: String? {
        switch self {
        case .password(let path, _), .emptyPassword(let path): path
        case .openPassword(let path, _), .authorities(let path, _): path
        case .certificate(let error): error.path
        case .twoPasswords, .noPassword, .needlessCertificate, .noKeyFile, .system: nil
        }
    }
}
