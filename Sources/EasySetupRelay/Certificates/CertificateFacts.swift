import NIOCore
import NIOSSL

/// The properties that the relay checks in each certificate of its certificate chain.
struct CertificateFacts: Sendable, Equatable {
    /// The first second in which the certificate is valid, in seconds since 1970 UTC.
    var notBefore: Int64
    /// The last second in which the certificate is valid, in seconds since 1970 UTC.
    var notAfter: Int64
    var subject: [SSLCertificateName]
    var issuer: [SSLCertificateName]
    /// The subject alternative names for hosts and addresses, as text. Devices accept no other kind of name.
    var names: [String]
    var key: PublicKeyKind
    /// Whether a server may use the certificate: its extended key usage allows that, or it has no such extension.
    var isForServers: Bool
    /// Whether the certificate allows digital signatures, which TLS needs from a server: its key usage allows them, or
    /// it has no such extension.
    var maySign: Bool
    /// The identifiers of the certificate's own key and of the key that signed the certificate (RFC 5280, 4.2.1.1 and
    /// 4.2.1.2); nil where the certificate does not contain them.
    var keyIdentifier: [UInt8]?
    var issuerKeyIdentifier: [UInt8]?

    var hasNames: Bool { !names.isEmpty }

    /// The names for a log or a person.
    var namesText: String { names.isEmpty ? "none" : names.joined(separator: ", ") }

    var isSelfIssued: Bool { subject == issuer }

    /// Whether this certificate's key may have signed `other`: `other` names this certificate's subject as its issuer,
    /// and the key identifiers match if both certificates contain them.
    func isIssuer(of other: CertificateFacts) -> Bool {
        guard subject == other.issuer else { return false }
        guard let keyIdentifier, let wanted = other.issuerKeyIdentifier else { return true }
        return keyIdentifier == wanted
    }
}

extension CertificateFacts {
    /// Reads the properties of a certificate; nil when the encoding lacks a field that every certificate has. BoringSSL
    /// refuses to parse such a certificate in the first place.
    init?(_ certificate: NIOSSLCertificate) {
        guard let encoded = try? certificate.toDERBytes(), let key = PublicKeyKind(certificate: encoded) else {
            return nil
        }
        notBefore = Int64(certificate.notValidBefore)
        notAfter = Int64(certificate.notValidAfter)
        subject = certificate.subjectName
        issuer = certificate.issuerName
        names = certificate._subjectAlternativeNames().compactMap { name in
            let bytes = Array(name.contents)
            switch name.nameType {
            case .dnsName: return String(decoding: bytes.map { 0x21...0x7E ~= $0 ? $0 : 0x3F }, as: UTF8.self)
            case .ipAddress:
                return (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0))?.ipAddress
            default: return nil
            }
        }
        self.key = key
        func content(of identifier: String) -> [UInt8]? {
            let identifier = NIOSSLObjectIdentifier(identifier)
            return certificate._extensions.first { $0.objectIdentifier == identifier }.map { Array($0.data) }
        }
        isForServers = content(of: "2.5.29.37").map(Self.isForServers(extendedKeyUsage:)) ?? true
        maySign = content(of: "2.5.29.15").map(Self.maySign(keyUsage:)) ?? true
        keyIdentifier = content(of: "2.5.29.14").flatMap { bytes in
            var reader = DERReader(bytes[...])
            return reader.content(of: .octetString).map { Array($0.rest) }
        }
        issuerKeyIdentifier = content(of: "2.5.29.35").flatMap { bytes in
            var reader = DERReader(bytes[...])
            var fields = reader.content(of: .sequence)
            return fields?.content(of: .keyIdentifier).map { Array($0.rest) }
        }
    }

    /// Parses the content of a key usage extension (RFC 5280, 4.2.1.3). True if the first bit, `digitalSignature`, is
    /// set.
    static func maySign(keyUsage bytes: [UInt8]) -> Bool {
        var reader = DERReader(bytes[...])
        guard let bits = reader.content(of: .bitString)?.rest.dropFirst().first else { return false }
        return bits & 0x80 != 0
    }

    /// Parses the content of an extended key usage extension, a sequence of object identifiers. True if it contains
    /// server authentication (1.3.6.1.5.5.7.3.1) or any usage (2.5.29.37.0).
    static func isForServers(extendedKeyUsage bytes: [UInt8]) -> Bool {
        var reader = DERReader(bytes[...])
        guard var purposes = reader.content(of: .sequence) else { return false }
        while let purpose = purposes.content(of: .objectIdentifier) {
            let isForServers = purpose.rest.elementsEqual([0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01])
            if isForServers || purpose.rest.elementsEqual([0x55, 0x1D, 0x25, 0x00]) { return true }
        }
        return false
    }
}

/// The kind of a certificate's public key.
enum PublicKeyKind: Sendable, Equatable {
    case rsa(bits: Int)
    case p256, p384, p521
    /// A key of another elliptic curve or another algorithm than those above. The text describes it for the operator.
    case other(String)

    var isRSA: Bool { if case .rsa = self { true } else { false } }

    /// The shortest RSA key that the relay uses, in bits. Not only states could factor a shorter key, and many TLS
    /// libraries refuse it.
    static let leastRSABits = 2048

    /// The reason why the relay does not use a key of this kind; nil if the relay uses it. Clients that use BoringSSL
    /// with default settings, such as this project's devices, accept no signatures of P-521 keys or of `other` keys.
    var problem: RelayError.CertificateProblem? {
        switch self {
        case .rsa(let bits): bits < Self.leastRSABits ? .weakKey(bits: bits) : nil
        case .p256, .p384: nil
        case .p521: .unfitKey("ECDSA of P-521")
        case .other(let name): .unfitKey(name)
        }
    }
}

extension PublicKeyKind {
    /// Reads the kind of the public key in a certificate in DER (SubjectPublicKeyInfo, RFC 5280, 4.1); nil if the
    /// certificate has no such field.
    init?(certificate: [UInt8]) {
        var file = DERReader(certificate[...])
        guard var outer = file.content(of: .sequence), var fields = outer.content(of: .sequence) else { return nil }
        // Skips the fields before the key: the version, which certificates of version 1 do not have, and then serial
        // number, signature, issuer, validity and subject.
        _ = fields.content(of: .version)
        guard fields.content(of: .integer) != nil else { return nil }
        for _ in 0..<4 { guard fields.content(of: .sequence) != nil else { return nil } }
        guard var info = fields.content(of: .sequence), var algorithm = info.content(of: .sequence),
            let identifier = algorithm.content(of: .objectIdentifier)
        else { return nil }
        switch Array(identifier.rest) {
        case [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]:
            guard let bits = Self.modulusBits(info) else { return nil }
            self = .rsa(bits: bits)
        case [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]:
            let curve = algorithm.content(of: .objectIdentifier).map { Array($0.rest) }
            switch curve {
            case [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]: self = .p256
            case [0x2B, 0x81, 0x04, 0x00, 0x22]: self = .p384
            case [0x2B, 0x81, 0x04, 0x00, 0x23]: self = .p521
            default: self = .other("ECDSA of another curve")
            }
        case [0x2B, 0x65, 0x70]: self = .other("Ed25519")
        case [0x2B, 0x65, 0x71]: self = .other("Ed448")
        case [0x2A, 0x86, 0x48, 0xF7, 0x0D, 0x01, 0x01, 0x0A], [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A]:
            self = .other("RSA for PSS alone")
        case [0x2A, 0x86, 0x48, 0xCE, 0x38, 0x04, 0x01]: self = .other("DSA")
        default: self = .other("neither RSA nor ECDSA")
        }
    }

    /// The length of an RSA key's modulus in bits; nil if the key is malformed. The key is a bit string without unused
    /// bits that contains the modulus first (RFC 8017, A.1.1).
    private static func modulusBits(_ info: DERReader) -> Int? {
        var info = info
        guard let string = info.content(of: .bitString), string.rest.first == 0 else { return nil }
        var inside = DERReader(string.rest.dropFirst())
        guard var numbers = inside.content(of: .sequence), let modulus = numbers.content(of: .integer) else {
            return nil
        }
        let digits = modulus.rest.drop { $0 == 0 }
        return digits.first.map { digits.count * 8 - $0.leadingZeroBitCount }
    }
}

/// A reader for as much of ASN.1 DER as these checks need: tags of one byte, and definite lengths.
struct DERReader {
    enum Tag: UInt8 {
        case integer = 0x02
        case bitString = 0x03
        case octetString = 0x04
        case objectIdentifier = 0x06
        case sequence = 0x30
        case keyIdentifier = 0x80
        case version = 0xA0
    }

    /// The bytes that have not been read.
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// Skips the next element, and returns a reader of that element's content. Returns nil, and skips nothing, if the
    /// element has another tag or the bytes end too early.
    mutating func content(of tag: Tag) -> DERReader? {
        var bytes = rest
        guard bytes.popFirst() == tag.rawValue, let first = bytes.popFirst() else { return nil }
        var count = Int(first)
        if first > 0x80 {
            let digits = bytes.prefix(Int(first & 0x7F))
            guard digits.count == Int(first & 0x7F), digits.count <= 4 else { return nil }
            count = digits.reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(digits.count)
        } else if first == 0x80 {
            return nil
        }
        guard count <= bytes.count else { return nil }
        rest = bytes.dropFirst(count)
        return DERReader(bytes.prefix(count))
    }
}
