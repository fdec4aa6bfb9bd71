import Foundation
import TestSupport
import Testing

/// Tests of how the tests themselves start programs.
@Suite("Programs that the tests start", .inTurn) struct ChildTests {
    @Test("A started program ignores and blocks no signal, whatever the tests ignore at that moment")
    func signals() async throws {
        // The tests of the program's own signals let this process ignore some for a moment. A relay that started in
        // that moment ignored SIGTERM until it had handlers, and a test that ended it at once waited for ever.
        let before = signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, before) }
        let shown = try await Running(["-E", "^Sig(Ign|Blk):", "/proc/self/status"], of: "/bin/grep").output()
        // Signals 32 and 33 are the C library's own, which no program sets.
        let ours = ~(UInt64(0b11) << 31)
        let masks = shown.matches(of: /Sig...:\t([0-9a-f]+)/).map { UInt64($0.1, radix: 16).map { $0 & ours } }
        #expect(masks == [0, 0])
    }
}
