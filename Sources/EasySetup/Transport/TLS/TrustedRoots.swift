import EasySetupPairingSession
import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The certificate authorities that a device trusts for a relay's or a proxy's certificate.
public final class TrustedRoots: Sendable {
    private struct Loaded {
        var context: NIOSSLContext?
        /// A TLS context that does not check the server's name, for a relay with an IP address behind a proxy. SwiftNIO
        /// SSL would compare the certificate with the address of the socket, which is the proxy's.
        var nameless: NIOSSLContext?
    }

    private let file: Path?
    // Loading a system's authorities takes longer than a whole pairing, so this object loads them only once.
    private let loaded = Mutex(Loaded())

    /// The system's authorities, or those that OpenSSL's environment variables name. `SSL_CERT_FILE` replaces the
    /// system's file. `SSL_CERT_DIR`, a list of folders with colons between them, replaces the system's folder.
    public static let system = TrustedRoots(file: nil)

    /// Trusts the authorities in a PEM file and no others, for a relay whose certificate a private authority has
    /// issued.
    public convenience init(pemFile: String) {
        self.init(file: Path(pemFile))
    }

    /// Trusts the authorities in a PEM file and no others.
    /// - Parameter pemPath: the file's path without a zero byte at the end. It need not be UTF-8.
    public convenience init(pemPath: [UInt8]) {
        self.init(file: Path(bytes: pemPath))
    }

    private init(file: Path?) {
        self.file = file
    }

    /// The TLS context that trusts these authorities. It is made at the first call.
    /// - Parameter isTunnelled: whether the relay has an IP address and is behind a proxy. ``ShownCertificate`` then
    ///   compares that address with the certificate, because SwiftNIO SSL can't.
    /// - Throws: ``PairingError/relayUntrusted(_:)`` with the fault of the authorities.
    func context(isTunnelled: Bool = false) throws(PairingError) -> NIOSSLContext {
        do {
            return try loaded.withLock { loaded in
                if let context = isTunnelled ? loaded.nameless : loaded.context { return context }
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.minimumTLSVersion = .tlsv12
                let sources = try sources()
                // SwiftNIO SSL loads certificates on demand from one folder, whose path must be UTF-8. This function
                // reads all other files and folders itself.
                let folder = sources.first { $0.isFolder && $0.path.text != nil }
                let read = try sources.filter { $0.path != folder?.path }.flatMap { source in
                    try source.isFolder ? Self.certificates(inFolder: source.path) : Self.certificates(in: source.path)
                }
                if let text = folder?.path.text {
                    configuration.trustRoots = .file(text)
                    configuration.additionalTrustRoots = [.certificates(read)]
                } else {
                    configuration.trustRoots = sources.isEmpty ? .default : .certificates(read)
                }
                if isTunnelled { configuration.certificateVerification = .noHostnameVerification }
                let context: NIOSSLContext
                do {
                    context = try NIOSSLContext(configuration: configuration)
                } catch {
                    let path = sources.first?.path ?? Self.systemFiles[0]
                    throw Untrusted.authoritiesUnreadable(path: path.description, .noCertificate)
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

    /// All authorities that are in files, not folders. They are used only to explain errors.
    var authorities: [NIOSSLCertificate] {
        let files = ((try? sources()) ?? []).filter { !$0.isFolder }.map(\.path)
        return (files.isEmpty ? Self.systemFiles : files).flatMap { (try? Self.certificates(in: $0)) ?? [] }
    }

    /// The files in which SwiftNIO SSL looks for a system's authorities.
    private static let systemFiles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"].map(
        Path.init
    )
    private static let systemFolder = Path("/etc/ssl/certs")
    /// The size of the largest file that is accepted, in bytes. A system's file of authorities has some 250 kB.
    private static let maximumByteCount = 16 * 1024 * 1024

    /// A file path in the system's form: bytes, which are not always UTF-8.
    private struct Path: Hashable, Sendable, CustomStringConvertible {
        let bytes: [UInt8]

        init(bytes: [UInt8]) { self.bytes = Array(bytes.prefix { $0 != 0 }) }

        init(_ text: String) { self.init(bytes: Array(text.utf8)) }

        /// The path as text; nil where it is not UTF-8.
        var text: String? { String(validating: bytes, as: UTF8.self) }
        var description: String { String(decoding: bytes, as: UTF8.self) }
        var cString: [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }
    }

    private struct Source {
        var path: Path
        var isFolder = false
    }

    /// The files and folders from which to load certificate authorities; empty if SwiftNIO SSL loads the system's
    /// itself.
    private func sources() throws(Untrusted) -> [Source] {
        if let file {
            try Self.check(file)
            return [Source(path: file)]
        }
        // Some systems set `SSL_CERT_FILE` and `SSL_CERT_DIR` to the default paths. Such values are ignored.
        let file = Self.variable("SSL_CERT_FILE").flatMap { Self.systemFiles.contains($0) ? nil : $0 }
        let folders =
            Self.variable("SSL_CERT_DIR")?.bytes.split(separator: UInt8(ascii: ":")).map { Path(bytes: Array($0)) }
            .filter { $0 != Self.systemFolder } ?? []
        if let file { try Self.check(file) }
        for folder in folders { try Self.check(folder, isFolder: true) }
        let systemFile = Self.systemFiles.first { Self.fault(of: $0) == nil }
        let hasFolder = !Self.isEmpty(Self.systemFolder)
        if file == nil, folders.isEmpty {
            // On Apple's systems SwiftNIO SSL asks the system for its certificate authorities. On other systems they
            // are in a file or folder, so where neither exists the device can trust no authority.
            #if !canImport(Darwin)
            guard systemFile != nil || hasFolder else { throw .noAuthorities }
            #endif
            return []
        }
        // `SSL_CERT_FILE` replaces only the system's file, and `SSL_CERT_DIR` only the system's folder.
        let files = [file ?? systemFile].compactMap(\.self)
        let places = folders.isEmpty && hasFolder ? [Self.systemFolder] : folders
        return files.map { Source(path: $0) } + places.map { Source(path: $0, isFolder: true) }
    }

    /// Reads all certificates of a PEM file.
    private static func certificates(in path: Path) throws(Untrusted) -> [NIOSSLCertificate] {
        var bytes: [UInt8]
        do throws(FileFault) {
            bytes = try read(path)
        } catch {
            throw .authoritiesUnreadable(path: path.description, error)
        }
        // Some editors write a byte order mark at the start of a file. BoringSSL would not recognize the first line of
        // a PEM file behind such a mark.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            let fault = holdsCertificate(bytes) ? FileFault.damaged : .noCertificate
            throw .authoritiesUnreadable(path: path.description, fault)
        }
        return certificates
    }

    /// Whether one of the lines begins a certificate in PEM.
    private static func holdsCertificate(_ bytes: [UInt8]) -> Bool {
        let starts = ["", "X509 ", "TRUSTED "].map { Array("-----BEGIN \($0)CERTIFICATE-----".utf8) }
        return bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            .contains { line in starts.contains { line.starts(with: $0) } }
    }

    /// The certificates in a folder that `openssl rehash` has prepared: its files' names begin with eight hexadecimal
    /// digits and a dot. Files that can't be read are skipped.
    private static func certificates(inFolder path: Path) -> [NIOSSLCertificate] {
        guard let entries = opendir(path.cString) else { return [] }
        defer { closedir(entries) }
        var names: [[UInt8]] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in Array(bytes.prefix { $0 != 0 }) }
            let digits = name.prefix(8).allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
            if name.prefix(9).last == UInt8(ascii: "."), digits { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { name in
            (try? certificates(in: Path(bytes: path.bytes + [UInt8(ascii: "/")] + name))) ?? []
        }
    }

    private static func variable(_ name: String) -> Path? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return Path(bytes: Array(UnsafeRawBufferPointer(start: value, count: strlen(value))))
    }

    private static func check(_ path: Path, isFolder: Bool = false) throws(Untrusted) {
        if let fault = fault(of: path, isFolder: isFolder) {
            throw .authoritiesUnreadable(path: path.description, fault)
        }
    }

    private typealias FileFault = Untrusted.FileFault

    /// The reason why this process can't read a file or folder; nil if it can.
    private static func fault(of path: Path, isFolder: Bool = false) -> FileFault? {
        do throws(FileFault) {
            close(try open(path, isFolder: isFolder))
            return nil
        } catch {
            return error
        }
    }

    /// Opens a file that is not empty, or a folder. Returns its descriptor, which the caller closes.
    private static func open(_ path: Path, isFolder: Bool = false) throws(FileFault) -> CInt {
        // `systemOpen` sets O_NONBLOCK, because opening a named pipe that no program writes to would block otherwise.
        let file = systemOpen(path.cString)
        guard file >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw isLink(path) ? .leadsNowhere : .missing
            case ELOOP: throw .leadsNowhere
            case EACCES, EPERM: throw .forbidden
            default: throw .unreadable
            }
        }
        var facts = stat()
        let fault: FileFault? =
            if fstat(file, &facts) != 0 {
                .unreadable
            } else {
                switch facts.st_mode & S_IFMT {
                case S_IFDIR where isFolder: nil
                case S_IFREG where !isFolder: facts.st_size == 0 ? .empty : nil
                default: .noFile
                }
            }
        guard let fault else { return file }
        close(file)
        throw fault
    }

    /// Whether the path itself is a symbolic link. False if nothing is there, or if an ordinary file has appeared there
    /// since the caller found none.
    private static func isLink(_ path: Path) -> Bool {
        var facts = stat()
        return lstat(path.cString, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK
    }

    private static func read(_ path: Path) throws(FileFault) -> [UInt8] {
        let file = try open(path)
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = systemRead(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
            guard bytes.count <= maximumByteCount else { throw .tooLarge }
        }
    }

    private static func isEmpty(_ folder: Path) -> Bool {
        guard let entries = opendir(folder.cString) else { return true }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let first = entry.pointee.d_name.0
            if first != CChar(UInt8(ascii: ".")) { return false }
        }
        return true
    }
}

extension Untrusted: Error {}
extension Untrusted.FileFault: Error {}

/// The system's `open` and `read`. Inside ``TrustedRoots``, its own methods of these names hide the system's.
private func systemOpen(_ path: [CChar]) -> CInt { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
private func systemRead(_ file: CInt, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(file, buffer, count)
}
