import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// A connection that has ended leaves no memory behind.
@Suite("The memory of connections") struct ReleaseTests {
    enum Kind: CaseIterable {
        case silent
        case halfARequest
        case device
        case deviceThroughHTTP
        case deviceThatBreaksTheRules
        case halfAFrame
        case health
        case notFound
        case badRequest
        case send
        case halfASend
        case waitingPoll

        func begin(_ peer: MemoryPeer) throws {
            switch self {
            case .silent: break
            case .halfARequest: try peer.send(text: "GET /easysetup/v1/ws HTTP/1.1\r\nX-Anything")
            case .device: try peer.send(text: Requests.upgrade())
            case .deviceThroughHTTP: try peer.send(text: Requests.upgrade(adding: ["X-Anything: 1"]))
            case .deviceThatBreaksTheRules:
                try peer.send(text: Requests.upgrade())
                try peer.send(WebSocketBytes.frame(.text, [1]))
            case .halfAFrame:
                try peer.send(text: Requests.upgrade())
                try peer.send([0x82, 0x90, 1, 2, 3, 4, 5])
            case .health: try peer.send(text: "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            case .notFound: try peer.send(text: "GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
            case .badRequest: try? peer.send(text: "nothing\r\n\r\n")
            case .send:
                #expect(try peer.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(1))?.status == 200)
            case .halfASend:
                let call = SendCall(connection: .named(1), first: 1, frames: [[UInt8](repeating: 0, count: 500)])
                try peer.send(Requests.call(call).dropLast(100))
            case .waitingPoll:
                #expect(try peer.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(1))?.status == 200)
                #expect(try peer.poll(1, of: .named(1), wait: .seconds(20)) == nil)
            }
        }
    }

    @Test("A connection that is gone is forgotten, and its memory is free", arguments: Kind.allCases, [false, true])
    func connectionGoneForgotten(_ kind: Kind, _ endsByTime: Bool) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        weak let line = relay.worker.connections.all.first
        #expect(line != nil)
        try kind.begin(peer)
        weak let requests = line?.requests
        if endsByTime {
            // This time is longer than any timeout.
            relay.loop.advanceTime(by: .seconds(700))
        } else {
            if peer.isOpen { peer.channel.close(promise: nil) }
            relay.loop.run()
        }
        #expect(!peer.isOpen)
        #expect(relay.worker.connections.all.isEmpty)
        #expect(line == nil)
        #expect(requests == nil)
        let kept = relay.hub.read { ($0.admission.socketCount, $0.admission.unread, $0.admission.bodyBytes) }
        #expect(kept == (0, 0, 0))
    }

    @Test("Frames that a device has read do not count as unread any more") func readFrames() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        // The device makes an offer, because the relay closes idle connections.
        try peer.send(.offer(slotLength: 0, work: nil))
        let line = try #require(relay.worker.connections.all.first)
        #expect(relay.worker.account(unread: 100_000, of: line))
        #expect(relay.hub.read { $0.admission.unread } == 100_000)
        // The device answers the relay's ping, which shows that it has read everything. The relay sends nothing else.
        relay.loop.advanceTime(by: .seconds(46))
        try peer.send(WebSocketBytes.frame(.pong, []))
        #expect(peer.isOpen)
        #expect(relay.hub.read { $0.admission.unread } == 0)
    }
}
