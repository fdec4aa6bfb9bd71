import EasySetupHandshake
import Foundation
import TestSupport
import Testing

@testable import bench

@Suite("The bench", .inTurn) struct PairingTests {
    private static let program = URL(filePath: Program.path).deletingLastPathComponent().appending(path: "bench").path

    @Test("pairs its devices at a relay, through either door", arguments: [Subject.plain, .tls, .http, .https])
    func pairs(subject: Subject) async throws {
        try await LiveRelay.run(tls: subject.isTLS) { relay in
            let bench = try Running(
                ["--port", "\(relay.address.port)", "--count", "6", "--in-flight", "3", "--only", subject.rawValue],
                of: Self.program
            )
            #expect(await bench.end() == 0)
            #expect(await bench.output() == "")
        }
    }

    @Test("pairs its devices at the bare forwarder") func bare() async throws {
        let server = try Running(["--bare", "0"], of: Self.program)
        defer { server.stop() }
        let port = try #require(try await server.event("listening")["port"] as? Int)
        let bench = try Running(
            ["--port", "\(port)", "--count", "6", "--in-flight", "3", "--only", Subject.bare.rawValue],
            of: Self.program
        )
        #expect(await bench.end() == 0)
        #expect(await bench.output() == "")
    }
}
