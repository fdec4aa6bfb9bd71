import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Which certificate authorities a device trusts to speak for a relay.
public final class TrustedRoots: Sendable {
    private struct Loaded {
        var context: NIOSSLContext?
        /// A context that compares no names, for a relay with an IP address behind a proxy: there the socket's address is the proxy's.
        var nameless: NIOSSLContext?
    }

    private let file: String?
    // Loading a system's authorities takes longer than a whole pairing, so it is done once.
    private let loaded = Mutex(Loaded())

    /// Those of the system, or those that the environment names in the way of OpenSSL: `SSL_CERT_FILE` in place of the system's file,
    /// `SSL_CERT_DIR`, folders with a colon between them, in place of the system's folder.
    public static let system = TrustedRoots(file: nil)

    /// Those of a PEM file, and no others: for a relay with a certificate of one's own.
    public convenience init(pemFile: String) {
        self.init(file: pemFile)
    }

    private init(file: String?) {
        self.file = file
    }

    /// - Parameter isTunnelled: whether the library can't compare the relay's IP address, so that ``ShownCertificate`` does.
    /// - Throws: ``PairingError/relayUntrusted(_:)`` with what is wrong with the authorities.
    func context(isTunnelled: Bool = false) throws(PairingError) -> NIOSSLContext {
        do {
            return try loaded.withLock { loaded in
                if let context = isTunnelled ? loaded.nameless : loaded.context { return context }
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.minimumTLSVersion = .tlsv12
                let sources = try sources()
                // One place may be a folder, of which the library reads what it needs; the others are read whole.
                let main = sources.first { $0.isFolder } ?? sources.first
                configuration.trustRoots = main.map { .file($0.path) } ?? .default
                configuration.additionalTrustRoots = try sources.filter { $0.path != main?.path }.map { source in
                    source.isFolder
                        ? .certificates(Self.certificates(inFolder: source.path)) : try Self.roots(source.path)
                }
                if isTunnelled { configuration.certificateVerification = .noHostnameVerification }
                let context: NIOSSLContext
                do {
                    context = try NIOSSLContext(configuration: configuration)
                } catch {
                    throw Untrusted.authoritiesUnreadable(path: main?.path ?? Self.systemFiles[0], .noCertificate)
                }
                if isTunnelled { loaded.nameless = context } else { loaded.context = context }
                return context
            }
        } catch let cause as Untrusted {
            throw .relayUntrusted(cause)
        } catch {
            throw .relayUntrusted(.unfit)
        }
    }

    /// All of them, as far as they are in files; for explanations alone.
    var authorities: [NIOSSLCertificate] {
        let files = ((try? sources()) ?? []).filter { !$0.isFolder }.map(\.path)
        return (files.isEmpty ? Self.systemFiles : files).flatMap { (try? NIOSSLCertificate.fromPEMFile($0)) ?? [] }
    }

    /// Where the TLS library looks for a system's authorities.
    private static let systemFiles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    private static let systemFolder = "/etc/ssl/certs"

    private struct Source {
        var path: String
        var isFolder = false
    }

    /// The files and folders to load; empty for the library's own defaults.
    private func sources() throws(Untrusted) -> [Source] {
        if let file {
            try Self.check(file)
            return [Source(path: file)]
        }
        // Systems name their own defaults in the variables, too.
        let file = Self.variable("SSL_CERT_FILE").flatMap { Self.systemFiles.contains($0) ? nil : $0 }
        let folders =
            Self.variable("SSL_CERT_DIR")?.split(separator: ":").map(String.init)
            .filter { $0 != Self.systemFolder } ?? []
        if let file { try Self.check(file) }
        for folder in folders { try Self.check(folder, isFolder: true) }
        let systemFile = Self.systemFiles.first { Self.fault(of: $0) == nil }
        let hasFolder = !Self.isEmpty(Self.systemFolder)
        if file == nil, folders.isEmpty {
            guard systemFile != nil || hasFolder else { throw .noAuthorities }
            return []
        }
        // Each variable takes the place of its own default.
        let files = [file ?? systemFile].compactMap(\.self)
        let places = folders.isEmpty && hasFolder ? [Self.systemFolder] : folders
        return files.map { Source(path: $0) } + places.map { Source(path: $0, isFolder: true) }
    }

    private static func roots(_ path: String) throws -> NIOSSLAdditionalTrustRoots {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw Untrusted.authoritiesUnreadable(path: path, .noCertificate)
        }
        return .certificates(certificates)
    }

    /// Those of a folder as `openssl rehash` lays it out.
    private static func certificates(inFolder path: String) -> [NIOSSLCertificate] {
        guard let entries = opendir(path) else { return [] }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.prefix(9).last == ".", name.prefix(8).allSatisfy(\.isHexDigit) { names.append(name) }
        }
        return names.sorted().flatMap { (try? NIOSSLCertificate.fromPEMFile("\(path)/\($0)")) ?? [] }
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    private static func check(_ path: String, isFolder: Bool = false) throws(Untrusted) {
        if let fault = fault(of: path, isFolder: isFolder) { throw .authoritiesUnreadable(path: path, fault) }
    }

    /// The reason why this process can't read a file or folder; nil if it can.
    private static func fault(of path: String, isFolder: Bool = false) -> Untrusted.FileFault? {
        // A pipe without a writer must not hold the program up.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return .missing
            case EACCES, EPERM: return .forbidden
            default: return .unreadable
            }
        }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { return .unreadable }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR where isFolder: return nil
        case S_IFREG where !isFolder: return facts.st_size == 0 ? .empty : nil
        default: return .noFile
        }
    }

    private static func isEmpty(_ folder: String) -> Bool {
        guard let entries = opendir(folder) else { return true }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let first = entry.pointee.d_name.0
            if first != CChar(UInt8(ascii: ".")) { return false }
        }
        return true
    }
}

extension Untrusted: Error {}
