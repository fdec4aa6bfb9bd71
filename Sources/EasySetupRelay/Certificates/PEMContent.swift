/// Finds out what is wrong with a file that should be a PEM certificate or private key, but can't be parsed as one.
struct PEMContent {
    /// The kind of PEM object that the relay expects in the file.
    enum Wanted {
        case certificate, privateKey
    }

    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The fault of the file, as far as its first bytes and the labels of its PEM blocks show it.
    func problem(wanted: Wanted) -> RelayError.CertificateProblem {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return .otherContent("UTF-16 text")
        }
        // The file begins with an ASN.1 sequence, as certificates and keys in binary formats (DER, PKCS #12) do.
        if bytes.first == 0x30, bytes.dropFirst().first.map({ $0 == 0x77 || (0x80...0x84).contains($0) }) == true {
            return .binary
        }
        let labels = self.labels
        let isThere = labels.contains { label in
            switch wanted {
            case .certificate: ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"].contains(label)
            case .privateKey: label.hasSuffix("PRIVATE KEY") && !label.hasPrefix("OPENSSH")
            }
        }
        guard !isThere, let first = labels.first else { return .unreadable }
        return .otherContent(Self.name(first))
    }

    /// The labels of the PEM blocks, in order: the text after `BEGIN` in the first line of a block.
    private var labels: [Substring] {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            guard line.hasPrefix("-----BEGIN "), let end = line.dropFirst(11).firstRange(of: "-----") else {
                return nil
            }
            return line.dropFirst(11)[..<end.lowerBound]
        }
    }

    private static func name(_ label: Substring) -> String {
        switch label {
        case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE": "a certificate"
        case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST": "a request for a certificate"
        case "OPENSSH PRIVATE KEY": "an OpenSSH key"
        case "PUBLIC KEY", "RSA PUBLIC KEY": "a public key"
        case "PKCS7": "a PKCS #7 bundle"
        case _ where label.hasSuffix("PRIVATE KEY"): "a private key"
        default: "something else"
        }
    }
}
