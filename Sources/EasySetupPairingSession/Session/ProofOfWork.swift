import Crypto
package import EasySetupRelayProtocol

/// The proof of work that a busy relay asks of a device before it accepts an offer or a visit (`Protocol/relay.md`,
/// "Work").
package enum ProofOfWork {
    /// Finds an answer of 8 bytes such that SHA-256(challenge ‖ answer) begins with at least `difficulty` zero bits.
    /// Returns nil when the task is cancelled.
    package static func solve(challenge: [UInt8], difficulty: Int) -> Work? {
        var start = SHA256()
        start.update(data: challenge)
        var candidate: UInt64 = 0
        while true {
            if candidate & 0xFFF == 0, Task.isCancelled { return nil }
            let answer = (0..<8).map { UInt8(truncatingIfNeeded: candidate >> (8 * $0)) }
            var hash = start
            hash.update(data: answer)
            if zeroBits(Array(hash.finalize())) >= difficulty { return Work(challenge: challenge, answer: answer) }
            candidate += 1
        }
    }

    private static func zeroBits(_ bytes: [UInt8]) -> Int {
        var count = 0
        for byte in bytes {
            count += byte.leadingZeroBitCount
            if byte != 0 { break }
        }
        return count
    }
}
