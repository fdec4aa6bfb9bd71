package import EasySetupChain
package import EasySetupSeed

/// A request to a service that gives out credentials, as it is signed and sent (`Protocol/credentials.md`, "Requests").
///
/// Its bytes are a list of fields, each behind its length, so that there is one way to write a request: the label,
/// method, host, path, time, nonce, certificate and content, and behind them the signature of all that.
package struct CredentialsRequest: Hashable, Sendable {
    /// The HTTP method, such as `POST`.
    package let method: String
    /// The host as the URL of the service has it, in lower case, with the port unless it is the scheme's own.
    package let host: String
    /// The path of the request.
    package let path: String
    /// The device's time in seconds since 1970.
    package let time: UInt64
    /// 16 random bytes, which count once.
    package let nonce: [UInt8]
    /// The certificate of the device that signs; empty when the seed's key signs.
    package let certificate: [UInt8]
    /// The content of the request beyond its path: an invitation, a device to revoke, or nothing.
    package let content: [UInt8]

    /// Makes a request from its parts.
    package init(
        method: String,
        host: String,
        path: String,
        time: UInt64,
        nonce: [UInt8],
        certificate: [UInt8] = [],
        content: [UInt8] = []
    ) {
        self.method = method
        self.host = host
        self.path = path
        self.time = time
        self.nonce = nonce
        self.certificate = certificate
        self.content = content
    }

    /// The first field of every request, so that no signature of another purpose is one of a request.
    package static let label = "easysetup/credentials request 1"
    /// The label of the plain request, which a service answers where its operator has switched that on, and which a device of
    /// this protocol does not send.
    package static let plainLabel = "easysetup/credentials plain request 1"

    /// The bytes that the seed's key signs for a plain request.
    /// - Parameter seconds: the time in seconds since 1970, in decimal digits.
    package static func plainStatement(_ seconds: [UInt8]) -> [UInt8] { ChainLabel.signed(plainLabel, seconds) }

    /// The number of bytes in a nonce.
    package static let nonceBytes = 16
    /// The most bytes of a request with its signature.
    package static let maximumBytes = 8_192
    /// The most bytes of a certificate in a request.
    package static let maximumCertificateBytes = Certificate.byteLimit
    /// The most bytes of a request's content.
    package static let maximumContentBytes = 256
    /// The most bytes of a method, a host and a path.
    package static let maximumTextBytes = 512

    /// The request's fields, as they are sent before the signature.
    package var statement: [UInt8] {
        var bytes: [UInt8] = []
        let timeBytes = (0..<8).map { UInt8(truncatingIfNeeded: time >> UInt64(56 - 8 * $0)) }
        for field in [
            Array(Self.label.utf8), Array(method.utf8), Array(host.utf8), Array(path.utf8), timeBytes, nonce,
            certificate,
            content,
        ] {
            bytes += [UInt8(truncatingIfNeeded: field.count >> 8), UInt8(truncatingIfNeeded: field.count)] + field
        }
        return bytes
    }

    /// The request with its signature, as it is sent.
    package func signed(by seed: SyncSeed) -> [UInt8] {
        statement + seed.chainSignature(for: ChainLabel.signed(Self.label, statement))
    }

    /// The request with the signature of the device that its certificate names, as it is sent.
    package func signed(by keys: DeviceKeys) -> [UInt8] { statement + keys.signature(Self.label, statement) }
}

/// A request as it came, with the bytes that its signature covers. Nothing of it is checked but its form.
package struct ReceivedCredentialsRequest: Hashable, Sendable {
    /// The request.
    package let request: CredentialsRequest
    /// The fields as they came.
    package let statement: [UInt8]
    /// The signature, 64 bytes.
    package let signature: [UInt8]

    /// Whether the signature is that of a key; a user id is the key of its seed.
    package func isSigned(by key: UserID) -> Bool {
        key.isValid(signature: signature, for: ChainLabel.signed(CredentialsRequest.label, statement))
    }

    /// The faults that the form of a request can have.
    package enum Fault: String, Error, Hashable, Sendable, CaseIterable {
        case tooLong = "The request is too long."
        case tooShort = "The request ends within a field."
        case wrongLabel = "The request does not begin with the label of version 1."
        case wrongText = "The method, host or path is empty, too long, or not printable ASCII."
        case wrongTime = "The time has not 8 bytes."
        case wrongNonce = "The nonce has not 16 bytes."
        case longCertificate = "The certificate is too long."
        case longContent = "The content is too long."
        case wrongSignature = "The signature has not 64 bytes."
    }

    /// Reads a request of any bytes.
    package init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= CredentialsRequest.maximumBytes else { throw .tooLong }
        var rest = bytes[...]
        guard try Self.field(&rest) == Array(CredentialsRequest.label.utf8) else { throw .wrongLabel }
        let method = try Self.text(&rest)
        let host = try Self.text(&rest)
        let path = try Self.text(&rest)
        let time = try Self.field(&rest)
        guard time.count == 8 else { throw .wrongTime }
        let nonce = try Self.field(&rest)
        guard nonce.count == CredentialsRequest.nonceBytes else { throw .wrongNonce }
        let certificate = try Self.field(&rest)
        guard certificate.count <= CredentialsRequest.maximumCertificateBytes else { throw .longCertificate }
        let content = try Self.field(&rest)
        guard content.count <= CredentialsRequest.maximumContentBytes else { throw .longContent }
        guard rest.count == SyncSeed.signatureByteCount else { throw .wrongSignature }
        request = CredentialsRequest(
            method: method,
            host: host,
            path: path,
            time: time.reduce(0) { $0 << 8 | UInt64($1) },
            nonce: nonce,
            certificate: certificate,
            content: content
        )
        statement = Array(bytes[..<rest.startIndex])
        signature = Array(rest)
    }

    private static func field(_ rest: inout ArraySlice<UInt8>) throws(Fault) -> [UInt8] {
        guard rest.count >= 2 else { throw .tooShort }
        let count = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        guard rest.count - 2 >= count else { throw .tooShort }
        defer { rest = rest.dropFirst(2 + count) }
        return Array(rest.dropFirst(2).prefix(count))
    }

    private static func text(_ rest: inout ArraySlice<UInt8>) throws(Fault) -> String {
        let bytes = try field(&rest)
        guard 1...CredentialsRequest.maximumTextBytes ~= bytes.count, bytes.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw .wrongText
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
