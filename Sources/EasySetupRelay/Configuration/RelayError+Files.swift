package import EasySetupRelayProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension RelayError {
    /// The reason why the relay can't read a file.
    package enum FileProblem: Error, Equatable, Sendable {
        case missing
        /// The file is a symbolic link whose target does not exist.
        case leadsNowhere
        case notPermitted
        case otherKind(FileKind)
        /// The file is too large. `limit` is the largest size that the relay accepts, in bytes.
        case tooLarge(limit: Int)
        /// The system failed with this error number (`errno`).
        case system(Int32)
    }

    /// The kind of the object that was found in place of a regular file.
    package enum FileKind: String, Sendable {
        case folder, pipe, socket, device
    }

    /// The reason why the content of a file is not secret.
    package enum SecrecyProblem: Equatable, Sendable {
        /// Other users, or the file's group, may read or write the file. (The group may read a file of root.)
        case openToOthers
        /// The file belongs to neither root nor the relay's user.
        case foreignOwner
        /// The file system can't restrict access to the new file.
        case notKeptHere
    }

    /// The fault of a key file.
    package enum KeyFileProblem: Error, Equatable, Sendable {
        case file(FileProblem)
        case secrecy(SecrecyProblem)
        /// The file contains only white space and comments.
        case noKey
        /// A line is neither a key of 64 hexadecimal digits nor a comment. `line` is its number; the first line is 1.
        case malformed(line: Int)
        case tooManyKeys(limit: Int)
        /// The relay was to create the key file, but the folder for it does not exist.
        case noFolder
        /// The relay was to create the key file, but the relay's user may not create files in the folder for it.
        case folderForbidden
    }

    /// The fault of a certificate file, or of the file of its private key.
    package enum CertificateProblem: Error, Equatable, Sendable {
        case file(FileProblem)
        /// The file contains nothing but white space.
        case empty
        /// The file is not PEM, or damaged.
        case unreadable
        /// The file contains the right kind of object, but in a binary format and not as PEM.
        case binary
        /// The file is PEM, but contains another kind of object than the relay expects. The text describes the object.
        case otherContent(String)
        /// The private key is encrypted under a passphrase.
        case encryptedKey
        /// The private key is not that of the certificate.
        case mismatch
        /// The certificate's public key has this type, which devices don't accept.
        case unfitKey(String)
        /// The certificate's RSA key has this number of bits, which is fewer than the relay accepts.
        case weakKey(bits: Int)
        /// The certificate's key usage does not allow digital signatures, which TLS needs.
        case unfitUsage
        /// The certificate expired on this day, such as 2026-01-31.
        case expired(String)
        /// The certificate is not valid before this day, such as 2026-01-31.
        case notYetValid(String)
    }

    /// The fault of a file with the operator's message.
    package enum MessageFileProblem: Error, Equatable, Sendable {
        case file(FileProblem)
        /// The file's group or other users may write it.
        case writableByOthers
        /// The file belongs to neither root nor the relay's user.
        case foreignOwner
        /// The text breaks this rule of messages.
        case text(RelayMessageError)
    }

    static func isOutOfFiles(_ number: Int32) -> Bool { number == EMFILE || number == ENFILE }
}

extension RelayError {
    /// The name of what is wrong with a file (`Protocol/errors.md`, "Causes"); nil if the error is not about a file.
    public var cause: String? { causeCode?.rawValue }

    /// The stable code of what is wrong with a file (`Protocol/errors.md`, "Causes"); nil if the error is not about a
    /// file.
    public var causeCode: Cause? {
        switch kind {
        case .badCertificate(_, let problem): problem.code
        case .badKeyFile(_, let problem): problem.code
        case .badMessageFile(_, let problem): problem.code
        case .badFleet(let problem): problem.cause
        case .cannotListen, .notListening, .stopped: nil
        }
    }

    /// Stable codes for what is wrong with a file.
    public struct Cause: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The cause's name in `Protocol/errors.md`, "Causes", such as `missing`.
        public let rawValue: String

        /// Makes the code of a cause from the cause's name, such as `missing`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The cause's name, as in ``rawValue``.
        public var description: String { rawValue }

        /// The file does not exist.
        public static let missing = Self(rawValue: "missing")
        /// The file is a symbolic link whose target does not exist.
        public static let leadsNowhere = Self(rawValue: "leads-nowhere")
        /// The relay's user may not read the file.
        public static let forbidden = Self(rawValue: "forbidden")
        /// At the file's path there is a folder, a pipe, a socket or a device.
        public static let noFile = Self(rawValue: "no-file")
        /// The file is larger than the relay accepts.
        public static let tooLarge = Self(rawValue: "too-large")
        /// The system could not read or write the file, for another reason than those with a code here.
        public static let system = Self(rawValue: "system")
        /// A certificate or key file contains nothing but white space.
        public static let empty = Self(rawValue: "empty")
        /// A certificate or key file is not PEM, or is damaged.
        public static let unreadable = Self(rawValue: "unreadable")
        /// A certificate or key file contains the right kind of object, but in a binary format.
        public static let binary = Self(rawValue: "binary")
        /// A certificate or key file is PEM with another kind of object.
        public static let otherContent = Self(rawValue: "other-content")
        /// The private key has a passphrase.
        public static let passphrase = Self(rawValue: "passphrase")
        /// The private key does not belong to the certificate.
        public static let mismatch = Self(rawValue: "mismatch")
        /// The certificate's public key has a type that devices don't accept, or is an RSA key that is too short.
        public static let unfitKey = Self(rawValue: "unfit-key")
        /// The certificate's key usage does not allow digital signatures, which TLS needs.
        public static let unfitUsage = Self(rawValue: "unfit-usage")
        /// The certificate has expired.
        public static let expired = Self(rawValue: "expired")
        /// The certificate is not valid yet.
        public static let notYetValid = Self(rawValue: "not-yet-valid")
        /// The group or other users may read or write a key file.
        public static let openToOthers = Self(rawValue: "open-to-others")
        /// A key file belongs to neither root nor the relay's user.
        public static let notOurs = Self(rawValue: "not-ours")
        /// The file system in which the relay was to create a key file can't restrict access to the file.
        public static let notKept = Self(rawValue: "not-kept")
        /// A key file contains only white space and comments.
        public static let noKey = Self(rawValue: "no-key")
        /// A key file has a line that is neither a key nor a comment.
        public static let malformed = Self(rawValue: "malformed")
        /// A key file has more keys than the relay accepts.
        public static let tooManyKeys = Self(rawValue: "too-many-keys")
        /// The relay was to create a key file in a folder that does not exist.
        public static let noFolder = Self(rawValue: "no-folder")
        /// The relay was to create a key file in a folder in which the relay's user may create nothing.
        public static let folderForbidden = Self(rawValue: "folder-forbidden")
        /// Settings of a fleet that do not go together.
        public static let unfitSettings = Self(rawValue: "unfit-settings")
        /// The text of a message for devices breaks a rule.
        public static let badText = Self(rawValue: "bad-text")
    }
}

extension RelayError.FileProblem {
    var code: RelayError.Cause {
        switch self {
        case .missing: .missing
        case .leadsNowhere: .leadsNowhere
        case .notPermitted: .forbidden
        case .otherKind: .noFile
        case .tooLarge: .tooLarge
        case .system: .system
        }
    }

    var words: String {
        switch self {
        case .missing: "there is no such file"
        case .leadsNowhere: "it is a link, and there is nothing where it leads"
        case .notPermitted: "this user may not read it"
        case .otherKind(let kind): "it is a \(kind.rawValue), not a file"
        case .tooLarge(let limit): "it has more than \(limit) bytes"
        case .system(ENOSPC), .system(EDQUOT): "the disk is full"
        case .system(EROFS): "the file system is read-only"
        case .system(EFBIG): "this process may write no file of that size"
        case .system(let number): "system error \(number)"
        }
    }
}

extension RelayError.KeyFileProblem {
    var code: RelayError.Cause {
        switch self {
        case .file(let problem): problem.code
        case .secrecy(.openToOthers): .openToOthers
        case .secrecy(.foreignOwner): .notOurs
        case .secrecy(.notKeptHere): .notKept
        case .noKey: .noKey
        case .malformed: .malformed
        case .tooManyKeys: .tooManyKeys
        case .noFolder: .noFolder
        case .folderForbidden: .folderForbidden
        }
    }

    var words: String {
        switch self {
        case .file(let problem): problem.words
        case .secrecy(.openToOthers): "others may read or write it"
        case .secrecy(.foreignOwner): "it belongs to another user"
        case .secrecy(.notKeptHere): "the file system in which it is to be made keeps nothing from others"
        case .noKey: "there is no key in it"
        case .malformed(let line): "line \(line) is no key"
        case .tooManyKeys(let limit): "it has more than \(limit) keys"
        case .noFolder: "its folder is not there"
        case .folderForbidden: "this user may not make a file in its folder"
        }
    }

    func advice(_ path: String) -> String {
        switch self {
        case .secrecy(.openToOthers):
            "The key is a secret: chmod 600 \(path) (or 440, where it is root's and the relay's user is in its group)"
        case .secrecy(.foreignOwner):
            "It must be root's or the relay's user's, for its owner can make tokens: chown it."
        case .secrecy(.notKeptHere): "Choose a folder of another file system, or mount this one with umask=077."
        case .noKey, .malformed, .tooManyKeys:
            "Each line is a key of 64 hexadecimal digits (openssl rand -hex 32), the current first. A relay that starts without a file makes one."
        case .file(.leadsNowhere):
            "Mount or make what the link leads to. A relay that starts without file and link makes a file."
        case .file(.notPermitted): "Let the relay's user read it: chown it, or give it the group and mode 440."
        case .file(.missing): "Put it there. A relay makes a key file only at its start."
        case .file(.system(ENOSPC)), .file(.system(EDQUOT)):
            "Make room there, or give a file in a folder of another disk."
        case .file(.otherKind), .file(.tooLarge):
            "Put a key file there, or name another one. A relay that starts without a file makes one."
        case .file(.system(EFBIG)): "Allow the process larger files (LimitFSIZE, ulimit -f)."
        default: "Give a file in a folder that the relay may write to. A relay that starts without a file makes one."
        }
    }
}

extension RelayError.CertificateProblem {
    var code: RelayError.Cause {
        switch self {
        case .file(let problem): problem.code
        case .empty: .empty
        case .unreadable: .unreadable
        case .binary: .binary
        case .otherContent: .otherContent
        case .encryptedKey: .passphrase
        case .mismatch: .mismatch
        case .unfitKey, .weakKey: .unfitKey
        case .unfitUsage: .unfitUsage
        case .expired: .expired
        case .notYetValid: .notYetValid
        }
    }

    var words: String {
        switch self {
        case .file(let problem): problem.words
        case .empty: "it is empty"
        case .unreadable: "it does not parse"
        case .binary: "it is binary (DER or PKCS #12), not PEM"
        case .otherContent(let found): "it holds \(found) instead"
        case .encryptedKey: "the private key has a passphrase"
        case .mismatch: "certificate and key do not fit each other"
        case .unfitKey(let kind): "devices do not take a key of this kind (\(kind))"
        case .weakKey(let bits): "its RSA key has \(bits) bits, and 2048 are the least that is safe"
        case .unfitUsage: "the certificate's key usage is without digitalSignature, which TLS needs"
        case .expired(let day): "it has expired on \(day)"
        case .notYetValid(let day): "it is not valid before \(day)"
        }
    }

    func advice(_ path: String) -> String {
        switch self {
        case .file(.notPermitted): "Let the relay's user read it."
        case .file(.leadsNowhere): "Mount or make what the link leads to."
        case .binary:
            "Change it to PEM: openssl pkcs12 -in \(path) -nodes -out relay.pem, or openssl x509 (or pkey) -inform DER -in \(path) -out relay.pem"
        case .encryptedKey: "Take the passphrase off: openssl pkey -in \(path) -out relay.key"
        case .mismatch: "The private key must belong to the first certificate of the chain."
        case .unfitKey, .weakKey: "Take an ECDSA key of P-256 or P-384, or an RSA key of 2048 bits or more."
        case .unfitUsage: "Take a server's certificate, with digitalSignature in its key usage; an authority's is none."
        case .expired: "Renew it."
        case .notYetValid: "Look at this machine's clock, or wait."
        default:
            "Give a PEM file with the certificate chain, the relay's own first, and a PEM file with its private key."
        }
    }
}
