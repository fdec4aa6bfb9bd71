import EasySetupFleetStore
import EasySetupHandshake
import NIOCore
import TestSupport
import Testing

/// A way to Redis on which all that a relay says to others becomes what a later version may say.
enum LaterVersion {
    /// Runs the body with the port of the way.
    /// - Parameter isRead: whether relays of this version can read the messages.
    static func run<Result: Sendable>(
        to redis: Int,
        isRead: Bool = true,
        _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        try await Gate.run(changing: { Publisher(isRead: isRead) }, to: { [redis] }) { try await body($0.address.port) }
    }

    /// Changes the messages among a relay's commands.
    private final class Publisher: BytesChanger {
        private var reader = RESPReader()
        private let isRead: Bool

        init(isRead: Bool) { self.isRead = isRead }

        func change(_ bytes: [UInt8]) throws -> [UInt8] {
            var (changed, place): ([UInt8], Int) = ([], 0)
            // A server reads commands as lists of texts, which its answers may be, too.
            while let value = try reader.next(in: bytes.span, from: &place) {
                guard case .list(let list) = value else { throw Unexpected() }
                let words = try list.map { word in
                    guard case .text(let bytes) = word else { throw Unexpected() }
                    return bytes
                }
                RESPCommand(words: try later(words)).encode(to: &changed)
            }
            return changed
        }

        private func later(_ words: [[UInt8]]) throws -> [[UInt8]] {
            guard words.count == 3, words[0].elementsEqual("PUBLISH".utf8) else { return words }
            guard isRead else { return [words[0], words[1], [2] + words[2].dropFirst()] }
            let name = String(decoding: words[1], as: UTF8.self)
            let channel: FleetChannel
            if name == "es1:all" {
                channel = .all
            } else {
                let digits = try #require(name.wholeMatch(of: /es1:to:([0-9a-f]{16})/)).1
                channel = .run(RunID(number: try #require(UInt64(digits, radix: 16))))
            }
            return [words[0], words[1], try LaterMessage.of(words[2], on: channel, key: RelayFleet.key)]
        }
    }

    private struct Unexpected: Error {}
}
