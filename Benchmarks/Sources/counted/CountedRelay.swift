import EasySetupRelay
import Glibc

/// The memory that a relay has requested from malloc so far.
struct MemoryCounts: Equatable {
    var allocations: Int
    /// The bytes of its heap that are in use.
    var live: Int
}

/// `counted relay` in a process of its own; it ends with this value.
final class CountedRelay {
    let port: UInt16
    private let child: Child

    /// - Parameters:
    ///   - command: the command that starts it, `counted` itself or a program around it.
    ///   - certificate: the certificate of a relay with TLS.
    init(_ command: [String], certificate: CertificateFiles? = nil) throws(CountError) {
        let options = certificate.map { ["--certificate", "\($0.certificate)", "--key", "\($0.key)"] } ?? []
        child = try Child(command + ["relay"] + options)
        guard let port = UInt16(try child.line()) else { throw .noRelay }
        self.port = port
    }

    /// The counts of an idle relay, when they do not change for a while.
    func counts() throws(CountError) -> MemoryCounts {
        var last = try ask()
        var agreed = 0
        while agreed < 5 {
            usleep(20_000)
            let next = try ask()
            agreed = next == last ? agreed + 1 : 0
            last = next
        }
        return last
    }

    /// The resident memory in bytes.
    func resident() throws(CountError) -> Int {
        var text = [CChar](repeating: 0, count: 128)
        guard let file = fopen("/proc/\(child.process)/statm", "r") else { throw .noRelay }
        defer { fclose(file) }
        guard fgets(&text, Int32(text.count), file) != nil else { throw .noRelay }
        let fields = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
            separator: " "
        )
        guard fields.count > 1, let pages = Int(fields[1]) else { throw .noRelay }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Ends the relay, and waits for its end.
    func end() throws(CountError) {
        try child.end()
    }

    private func ask() throws(CountError) -> MemoryCounts {
        try child.write("?")
        let numbers = try child.line().split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 2 else { throw .noRelay }
        return MemoryCounts(allocations: numbers[0], live: numbers[1])
    }
}
