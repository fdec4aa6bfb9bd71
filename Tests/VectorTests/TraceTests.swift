import Crypto
import EasySetupRelayProtocol
import Foundation
import Testing

/// The bytes in `Protocol/trace.md`, which shows a pairing, must be those of the vectors and of the frame codec.
@Suite("The trace of a pairing") struct TraceTests {
    private static var page: String {
        get throws {
            let folder = VectorTests.folder.deletingLastPathComponent()
            return try String(contentsOf: folder.appending(path: "trace.md"), encoding: .utf8)
        }
    }

    private static var messages: [[UInt8]] {
        get throws {
            let file = VectorFile(url: VectorTests.folder.appending(path: "handshake.json"))
            let first = try #require(try file.decode(HandshakeFile.self).cases.first)
            return try first.messages.map { try bytes($0.bytes) }
        }
    }

    @Test("Every frame of the trace is valid, and its body is the vectors'") func frames() throws {
        let messages = try Self.messages
        let page = try Self.page
        let blocks = page.matches(of: /\n\*\*\d+\. (A|B|relay) → [^\n]*\n\n((?: {4}[^\n]+\n)+)/)
        #expect(blocks.count == 32)
        for block in blocks {
            var frame: [UInt8] = []
            for line in block.2.split(separator: "\n") {
                if let message = line.firstMatch(of: /… message ([1-6]),/).flatMap({ Int($0.1) }) {
                    frame += messages[message - 1]
                } else {
                    frame += try bytes(line.trimmingCharacters(in: .whitespaces))
                }
            }
            if block.1 == "relay" {
                #expect(try RelayFrame(parsing: frame).serialized() == frame)
            } else {
                #expect(try DeviceFrame(parsing: frame).serialized() == frame)
            }
        }
    }

    @Test("The table has the vectors' messages") func table() throws {
        let rows = try Self.page.matches(of: /\n\| (\d) \| [AB] \| \d \| ([\d,]+) \| [^|]+ \| `([0-9a-f]{64})` \|/)
        #expect(rows.map { "\($0.1)" } == ["1", "2", "3", "4", "5", "6"])
        for (row, message) in zip(rows, try Self.messages) {
            #expect(row.2.replacing(",", with: "") == "\(message.count)")
            #expect(row.3 == hex(SHA256.hash(data: message)))
        }
    }
}
