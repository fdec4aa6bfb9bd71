import EasySetupRelayProtocol
import Testing

@testable import EasySetupRelayCore

/// The admission policy for connections, as a value without a relay.
@Suite("Admission of connections") struct AdmissionTests {
    private static let nobody = Admission.LongPollCounts(open: 0, remembered: 0)

    private func prefix(_ last: UInt8) throws -> AddressPrefix {
        try #require(AddressPrefix(bytes: [192, 0, 2, last]))
    }

    private func admission(_ change: (inout TransportLimits) -> Void) -> Admission {
        var limits = TransportLimits.usual
        change(&limits)
        return Admission(limits: limits)
    }

    private func id(_ number: UInt64) -> ConnectionID { ConnectionID(number: number) }

    @Test("Long-polling devices take places as connections do") func longPollingDevices() throws {
        var admission = admission { ($0.connections, $0.keptConnections) = (4, 0) }
        for _ in 0..<3 { admission.accepted(nil, Self.nobody) }
        #expect(!admission.isFull(Self.nobody))
        #expect(admission.isFull(Admission.LongPollCounts(open: 1, remembered: 9)))
        #expect(admission.idleFourths(Self.nobody) == 1)
        admission.connectionEnded(id(1), nil, wasIdle: true)
        #expect(admission.idleFourths(Self.nobody) == 2)
    }

    @Test("An address has a limited number of silent connections, and more once they have spoken")
    func addressLimitedNumber() throws {
        var admission = admission { $0.openingPerPrefix = 2 }
        let prefix = try prefix(1)
        for _ in 0..<2 {
            #expect(admission.hasPlace(for: prefix, Self.nobody))
            admission.accepted(prefix, Self.nobody)
        }
        #expect(!admission.hasPlace(for: prefix, Self.nobody))
        // A proxy's connection serves many devices, so it is not counted.
        #expect(admission.hasPlace(for: nil, Self.nobody))
        admission.firstFrameReceived(id(1), prefix, isTurnedAway: false)
        #expect(admission.hasPlace(for: prefix, Self.nobody))
        admission.setIdle(true, id(1), prefix)
        #expect(!admission.hasPlace(for: prefix, Self.nobody))
        admission.connectionEnded(id(1), prefix, wasIdle: true)
        admission.connectionEnded(id(2), prefix, wasIdle: true)
        #expect(admission.opening.isEmpty && admission.sockets.isEmpty && admission.idleSocketCount == 0)
    }

    @Test("Where only devices that come back are let in, idle sockets of the fullest address give way, two at most")
    func devicesComeBack()
        throws
    {
        var admission = admission { ($0.connections, $0.keptConnections) = (16, 2) }
        let (one, other) = (try prefix(1), try prefix(2))
        for number in UInt64(1)...12 {
            admission.accepted(one, Self.nobody)
            admission.addIdleSocket(id(number), one)
        }
        for number in UInt64(13)...14 {
            admission.accepted(other, Self.nobody)
            admission.addIdleSocket(id(number), other)
        }
        #expect(!admission.isCrowded(Self.nobody))
        admission.accepted(other, Self.nobody)
        #expect(admission.isCrowded(Self.nobody))
        #expect(admission.refusal(ofNew: other, Self.nobody)?.reason == .relayFull)
        var generator = SystemRandomNumberGenerator()
        let leaving = admission.makeRoom(for: id(15), other, Self.nobody, using: &generator)
        #expect(leaving.count == 1)
        #expect(leaving.allSatisfy { $0.number <= 12 })
        for _ in 0..<3 { admission.accepted(nil, Self.nobody) }
        #expect(admission.makeRoom(for: id(16), nil, Self.nobody, using: &generator).count == 2)
    }

    @Test("Unread bytes and incoming bodies are refused beyond their limits, except for one answer's and one frame's")
    func unreadBytesIncoming() {
        var admission = admission {
            ($0.unreadBytesInAll, $0.outboundBytes, $0.bodyBytesInAll) = (1_000_000, 500_000, 100_000)
        }
        let unread = [500_000, 500_001, WireLimits.callBytes]
        #expect(unread.map { admission.account(unread: $0, difference: $0) } == [true, false, true])
        // A request body with one frame is always allowed.
        let bodies = [(100_000, 100_000), (WireLimits.frameBytes, WireLimits.frameBytes), (1, 200_000), (-1, 200_000)]
        #expect(bodies.map { admission.account(bodies: $0.0, total: $0.1) } == [true, true, false, true])
        admission.forget(unread: admission.unread, bodyBytes: admission.bodyBytes)
        #expect(admission.unread == 0 && admission.bodyBytes == 0)
    }

    @Test("A crowd of connections has gone when half of it has, and a few connections are no crowd")
    func crowdConnectionsGone() {
        var admission = admission { _ in }
        for _ in 0..<600 { admission.accepted(nil, Self.nobody) }
        for number in UInt64(0)..<299 { admission.connectionEnded(id(number), nil, wasIdle: false) }
        #expect(!admission.hasCrowdGone(Self.nobody))
        admission.connectionEnded(id(300), nil, wasIdle: false)
        #expect(admission.hasCrowdGone(Self.nobody))
        #expect(!admission.hasCrowdGone(Admission.LongPollCounts(open: 0, remembered: 1)))
        admission.shrink(Self.nobody)
        #expect(!admission.hasCrowdGone(Self.nobody))
    }
}
