import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import SeededRandom
import TestSupport
import Testing

@testable import EasySetupRelay

/// Random events on many connections of a relay with two cores, which run in random order. The seed determines the
/// events.
@Suite("Random events on two cores", .busy) struct CoreStormTests {
    private struct Storm {
        let relay: MemoryRelay
        var random: SplitMix
        var peers: [MemoryPeer] = []
        var slots: [Slot] = []
        var met = 0

        init(seed: UInt64) throws {
            relay = try MemoryRelay(cores: 2)
            random = SplitMix(state: seed)
        }

        mutating func step() throws {
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1:
                let address = "192.0.2.\(Int.random(in: 1...3, using: &random))"
                peers.append(try relay.connect(from: address, core: Int.random(in: 0...1, using: &random)))
            case 2...5:
                guard let peer = peers.randomElement(using: &random) else { return }
                try write(bytes(), to: peer)
            case 6:
                guard let index = peers.indices.randomElement(using: &random) else { return }
                peers.remove(at: index).channel.close(promise: nil)
            case 7...8:
                relay.loops[Int.random(in: 0...1, using: &random)].run()
                try listen()
            default:
                let time = TimeAmount.milliseconds(Int64([1, 100, 3_000, 12_000].randomElement(using: &random)!))
                for loop in relay.loops { loop.advanceTime(by: time) }
            }
        }

        private mutating func bytes() -> [UInt8] {
            let name = LongPollConnectionID.named(UInt8.random(in: 1...4, using: &random))
            let offer = DeviceFrame.offer(slotLength: 0, work: nil)
            let visit = slots.randomElement(using: &random).map { DeviceFrame.visit(slot: $0, work: nil) } ?? offer
            let message = DeviceFrame.message(meeting: nil, Message(number: 1, ack: 0, body: [1]))
            func frame(_ frame: DeviceFrame) -> [UInt8] { WebSocketBytes.frame(.binary, frame.serialized()) }
            switch Int.random(in: 0..<14, using: &random) {
            case 0: return Array(Requests.upgrade().utf8)
            case 1: return Array(Requests.upgrade(adding: ["X-Anything: 1"]).utf8)
            case 2: return Array(Requests.upgrade(adding: ["X-Anything: 1"]).utf8) + frame(visit) + frame(message)
            case 3: return Array(Requests.upgrade().utf8.prefix(Int.random(in: 1...200, using: &random)))
            case 4: return Array(Requests.upgrade().utf8) + frame(offer)
            case 5: return Array(Requests.upgrade().utf8) + frame(visit) + frame(message)
            case 6: return frame(offer)
            case 7: return frame(visit)
            case 8: return frame(.leave(.done))
            case 9: return WebSocketBytes.frame(.ping, [1]) + WebSocketBytes.frame(.connectionClose, [0x03, 0xE8])
            case 10: return WebSocketBytes.frame(.text, [1])
            case 11: return Array("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            case 12:
                let frames = [offer, visit].randomElement(using: &random)!.serialized()
                let call = SendCall(connection: name, first: 1, frames: [frames], isClosing: .random(using: &random))
                return Requests.call(call).dropLast(Bool.random(using: &random) ? 0 : 5)
            default: return Requests.call(PollCall(connection: name, received: 0, wait: .seconds(20)))
            }
        }

        /// If the relay's decoder refuses the bytes, its error is thrown here too. The test ignores the error.
        func write(_ bytes: [UInt8], to peer: MemoryPeer) throws {
            guard peer.isOpen else { return }
            _ = try? peer.channel.writeInbound(ByteBuffer(bytes: bytes))
        }

        /// Remembers the slots that the relay gave to devices, and counts the meetings.
        mutating func listen() throws {
            for peer in peers {
                var bytes = try peer.received()[...]
                if bytes.starts(with: Array("HTTP/1.1 101".utf8)) {
                    guard let end = Self.endOfHead(bytes) else { continue }
                    bytes = bytes[end...]
                }
                for frame in WebSocketBytes.parse(Array(bytes)).compactMap(\.relayFrame) {
                    if case .offered(let slot, _, _) = frame { slots.append(slot) }
                    if case .met = frame { met += 1 }
                }
            }
        }

        private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
            bytes.indices.dropLast(3).first { Array(bytes[$0..<$0 + 4]) == [13, 10, 13, 10] }.map { $0 + 4 }
        }
    }

    @Test("Whatever connections do on whichever core, the relay counts nothing of them in the end")
    func whateverConnectionsWhichever() throws {
        var met = 0
        for seed in UInt64(0)..<40 {
            var storm = try Storm(seed: seed)
            for _ in 0..<250 { try storm.step() }
            met += storm.met
            let relay = storm.relay
            #expect(
                relay.hub.read { $0.admission.socketCount } == relay.workers.reduce(0) { $0 + $1.connections.all.count }
            )
            let idle = relay.workers.flatMap { $0.connections.all }.filter(\.isCounted).count
            #expect(relay.hub.read { $0.admission.opening.total } == idle)
            for peer in storm.peers { peer.channel.close(promise: nil) }
            // This time is longer than any room lives.
            for _ in 0..<20 { for loop in relay.loops { loop.advanceTime(by: .seconds(100)) } }
            #expect(relay.workers.allSatisfy { $0.connections.all.isEmpty }, "\(seed)")
            let counted = relay.hub.read {
                ($0.admission.opening.isEmpty, $0.admission.sockets.isEmpty, $0.admission.idleSocketCount)
            }
            #expect(counted == (true, true, 0), "\(seed)")
            let kept = relay.hub.read { ($0.admission.socketCount, $0.admission.unread, $0.admission.bodyBytes) }
            #expect(kept == (0, 0, 0), "\(seed)")
            #expect(relay.hub.read { $0.calls.isEmpty })
            let statistics = relay.hub.read { $0.rendezvous.statistics }
            #expect(statistics.connections == 0)
            #expect(statistics.rooms == 0)
        }
        // With fewer meetings, the events would have tested too little.
        #expect(met > 40)
    }
}
