import NIOCore
import NIOWebSocket
import RelayWire
import Rendezvous

/// A device's WebSocket: what its ``ConnectionMachine`` says is done here.
extension Switchboard {
    /// Bytes have come. Gives them back when they are for HTTP's handlers, and so is all that comes after them.
    func received(_ bytes: ByteBuffer, on line: Line) -> ByteBuffer? {
        var events: [ConnectionMachine.Event] = []
        var payload: [UInt8] = []
        swap(&events, &meanings)
        swap(&payload, &unpacked)
        line.read(bytes, controlFrames: limits.controlFramesPerInterval, payload: &payload, into: &events)
        swap(&payload, &unpacked)
        // Behind TLS these are bytes of TLS's own.
        receiveBuffers.giveBack(bytes)
        var forHTTP: ByteBuffer?
        for event in events {
            switch event {
            case .received(let frame, let count): received(frame, bytes: count, from: line)
            case .upgraded(let request):
                upgraded(line, UpgradeAnswer(key: request.key), from: line.peer?.prefix)
            case .isForHTTP(let bytes): forHTTP = bytes
            case .violated: if line.becomesUnknown() { core.happened(.badFrame(from: line.id)) }
            case .peerCloses(let answer):
                wrote(line.write(.connectionClose, answer, &buffers), to: line)
                flush(line)
                line.closeChannel()
            case .hangUp: line.closeChannel()
            }
        }
        events.removeAll(keepingCapacity: true)
        swap(&events, &meanings)
        return forHTTP
    }

    func readCompleted(on line: Line) {
        if let pong = line.readCompleted() { wrote(line.write(.pong, pong, &buffers), to: line) }
        settle()
    }

    /// The connection is a WebSocket now; its device is let in, or told why not. It stands for a device as soon as it has said what it
    /// wants.
    func upgraded(_ line: Line, _ answer: UpgradeAnswer, from prefix: AddressPrefix?) {
        wrote(line.answerUpgrade(answer, &buffers), to: line)
        deadlines.addPing(line.id, now: loop.now)
        // A peer without an address is one whose connection is gone already.
        guard let prefix else { return line.hangUp() }
        // A proxy's header says only now whom it speaks for.
        let hasPlace = line.counted != nil || counts(line, for: prefix)
        let refusal = core.change { state, context -> Refusal? in
            let refusal =
                hasPlace
                ? state.rendezvous.connected(line.id, from: prefix, now: context.moment)
                : Refusal(reason: .tooMany, retryAfter: state.limits.retryAfter)
            if refusal != nil { state.note(.turnedAway) }
            return refusal
        }
        if let refusal {
            send(.refused(refusal.reason, retryAfter: refusal.retryAfter), to: line)
            close(line, .tryAgainLater)
        } else {
            line.becomesKnown()
        }
    }

    private func received(_ frame: DeviceFrame, bytes: Int, from line: Line) {
        guard line.isKnown else { return }
        let isFirst = line.becomesIdle(false)
        core.happened(
            isFirst
                ? .firstFrame(frame, bytes: bytes, from: line.id, countedFor: line.counted)
                : .frame(frame, bytes: bytes, from: line.id)
        )
    }
}
