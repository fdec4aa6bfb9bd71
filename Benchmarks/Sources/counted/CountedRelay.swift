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
    private let redis: CountedRedis?

    /// - Parameters:
    ///   - command: the command that starts it, `counted` itself or a program around it.
    ///   - certificate: the certificate of a relay with TLS.
    ///   - redis: the server that it shares with other relays; nil for a relay alone.
    init(_ command: [String], certificate: CertificateFiles? = nil, redis: CountedRedis? = nil) throws(CountError) {
        self.redis = redis
        var options = certificate.map { ["--certificate", "\($0.certificate)", "--key", "\($0.key)"] } ?? []
        if let redis { options += ["--redis", "\(redis.port)", "--fleet-keys", redis.keys] }
        child = try Child(command + ["relay"] + options)
        guard let port = UInt16(try child.line()) else { throw .noRelay }
        self.port = port
    }

    /// Waits until devices at the first and the last of these relays meet.
    static func waitForFleet(_ relays: [CountedRelay]) throws(CountError) {
        for attempt in 1... {
            do throws(CountError) {
                _ = try Conversation(offererPort: relays[0].port, visitorPort: relays[relays.count - 1].port)
                return
            } catch {
                guard attempt < 300 else { throw error }
                usleep(100_000)
            }
        }
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
