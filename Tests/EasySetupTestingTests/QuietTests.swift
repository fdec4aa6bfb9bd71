import EasySetup
import EasySetupTesting
import Foundation
import Testing

/// Looks at what a process has to open before it can wait for a network. The time limit is far below the time that passes on
/// the clock, so a client that really waited would fail the test.
@Suite("A tested app waits for nothing", .timeLimit(.minutes(5))) struct QuietTests {
    @Test("A pairing in which half an hour passes starts no event loop, so it opens no socket") func pairing() async {
        await #expect(processExitsWith: .success) {
            let app = TestedApp(.random())
            let screen = await app.offer()
            await app.clock.advance(by: .seconds(1_700))
            await app.relay.kill()
            await app.clock.advance(by: .seconds(60))
            await app.relay.start()
            await app.clock.advance(by: .seconds(30))
            let phone = ScriptedPeer(at: app.relay)
            await phone.types(try #require(screen.offer).code)
            guard screen.paired != nil, phone.paired != nil else { exit(2) }
            exit(OwnProcess.hasNetwork ? 3 : 0)
        }
    }

    @Test("A client at a real relay's address has an event loop") func control() async {
        await #expect(processExitsWith: .success) {
            let client = PairingClient(name: DeviceName(cleaning: "real")!, store: MemorySeedStore(.random()))
            let relay = RelayAddress(host: "127.0.0.1", port: 1, isPlain: true)!
            for await _ in client.offer(at: relay, approve: { _ in .decline }) where OwnProcess.hasNetwork { exit(0) }
            exit(4)
        }
    }
}

private enum OwnProcess {
    /// Whether this process has a thread of SwiftNIO's, without which the client can open no socket.
    static var hasNetwork: Bool {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        let names = threads.map { (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) ?? "" }
        return names.contains { $0.hasPrefix("NIO") }
    }
}
